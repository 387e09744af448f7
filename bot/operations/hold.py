"""Hold: a run that has not begun waits until somebody releases it, or until it has waited too long."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.find import run_by_id
from bot.operations.note import note
from bot.operations.show import show
from bot.rules.access import Action, Actor
from storage import slots
from storage.records import Run, RunState


def hold(c: Connection, actor: Actor, run_id: int, *, now: datetime) -> Run:
    """Holding twice is holding once. A run that has begun is refused in words."""
    run = run_by_id(c, actor, Action.HOLD, run_id)
    if run.hold_by is not None:
        return run
    held = slots.hold(c, run.id, actor.user_id)
    if held is None:
        raise Refusal(
            f"Run {run.id} has begun, so it cannot be held.",
            f"`/dify stop {run.id}` stops one that still goes on.",
            code="begun",
        )
    _tell(c, actor, "hold", held, now)
    return held


def release(c: Connection, actor: Actor, run_id: int, *, now: datetime) -> Run:
    """It begins when its turn comes. One that nobody holds is refused in words."""
    run = run_by_id(c, actor, Action.HOLD, run_id)
    if run.hold_by is None:
        raise Refusal(f"Nobody holds run {run.id}.", f"`/dify hold {run.id}` holds it.", code="not_held")
    freed = slots.hold(c, run.id, None)
    if freed is None:
        raise Refusal(f"Run {run.id} waits no more: it was {run.state}.", code="begun")
    _tell(c, actor, "release", freed, now)
    return freed


def _tell(c: Connection, actor: Actor, deed: str, run: Run, now: datetime) -> None:
    note(c, actor, deed, f"run:{run.id}", now=now, detail={"name": run.name})
    if run.state is not RunState.PLANNED:
        show(c, run, now=now, rank=1)
