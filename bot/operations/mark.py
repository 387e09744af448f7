"""Mark: what a person says of the end of a run, beside what it was; the health of its job follows the person."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.find import run_by_id
from bot.operations.finish import judge_anew
from bot.operations.note import note
from bot.operations.show import refresh_messages
from bot.rules.access import Action, Actor
from storage import jobs, slots
from storage.records import Run

MARKS = ("succeeded", "failed")
LONGEST_REASON = 300


def mark_run(c: Connection, actor: Actor, run_id: int, mark: str, reason: str, *, now: datetime) -> Run:
    """The run keeps its state. Raises Refusal for one that goes on, and without a reason."""
    run = run_by_id(c, actor, Action.MARK, run_id)
    why = " ".join(reason.split())[:LONGEST_REASON]
    if not why:
        raise Refusal(
            "A mark needs a reason, for those who read the history later.",
            f"For example `/dify mark {run.id} ok sent by hand`.",
            code="no_reason",
        )
    marked = slots.mark(c, run.id, mark, actor.user_id, why)
    if marked is None:
        raise Refusal(
            f"Run {run.id} has not ended, so nothing can be said of its end.",
            f"`/dify stop {run.id}` ends it.",
            code="not_ended",
        )
    job = jobs.lock_many(c, [run.job_id]).get(run.job_id) if run.job_id is not None else None
    if job is not None:
        judge_anew(c, job, marked, is_good=marked.mark == "succeeded", now=now)
        announce(c, job, actor, f"marked run {run.id} of *{{name}}* as {mark}: {why}", now=now)
    note(c, actor, "mark", f"run:{run.id}", now=now, detail={"name": run.name, "mark": mark, "reason": why})
    refresh_messages(c, run.id, now=now)
    return marked
