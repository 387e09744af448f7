"""New zone data: the next times are planned anew by it, and owners are told which of theirs moved."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.plan import Books, came_at, next_slot, plan, plan_after
from bot.rules.access import SYSTEM
from bot.schedules.kind import NoData
from storage import deliveries, jobs, meta, runs
from storage.records import Delivery, DeliveryKind, Job, JobState, Run

VERSION = "tzdata"
TOLD = 10  # jobs that one notice names


def rezone(c: Connection, team_id: str, version: str, *, now: datetime) -> int:
    """Plan the coming slots of all active jobs anew if the zone data has changed since; how many of them moved.

    What has come due stays as it was planned, and so does what a person has moved by hand.
    """
    before = meta.get(c, VERSION)
    if before == version:
        return 0
    meta.put(c, VERSION, version)
    if before is None:
        return 0
    moved: dict[str, list[tuple[Job, datetime, datetime]]] = {}
    count = jobs.count_jobs(c, team_id, states=[JobState.ACTIVE])
    found = {job.id: job for job in jobs.list_jobs(c, team_id, states=[JobState.ACTIVE], limit=count)}
    books = Books(c)
    for run in sorted(runs.planned_of_many(c, list(found)), key=lambda run: run.due_at):
        job = found[run.job_id or 0]
        at = _move(c, job, run, books, now)
        if at is not None:
            moved.setdefault(job.owner_id, []).append((job, came_at(run), at))
    for owner_id, times in moved.items():
        _tell(c, team_id, owner_id, times, version, now)
    return sum(len(times) for times in moved.values())


def _move(c: Connection, job: Job, run: Run, books: Books, now: datetime) -> datetime | None:
    """When the slot comes by the new data, if that is another time; None if it stays."""
    was = came_at(run)
    if run.due_at <= now or plan_after(job, run) != was or run.due_at < was:
        return None
    try:
        slot = next_slot(job, now, books.of(job))
    except (NoData, Refusal):
        return None  # it stays; the clock holds the job when it plans the one after
    if slot is None or slot.at == was:
        return None
    runs.drop_planned(c, job.id)
    planned = plan(c, job, now, now=now, books=books)
    return came_at(planned) if planned else None


def _tell(
    c: Connection,
    team_id: str,
    owner_id: str,
    times: Sequence[tuple[Job, datetime, datetime]],
    version: str,
    now: datetime,
) -> None:
    """One direct message; its times are shown in the zone of its reader."""
    shown = times[:TOLD]
    names = [f"#{job.id} *{job.name}* from {{at{2 * n}}} to {{at{2 * n + 1}}}" for n, (job, _, _) in enumerate(shown)]
    more = f"; and {len(times) - TOLD} more" if len(times) > TOLD else ""
    says = (
        f"moved what comes next, because the rules of time zones have changed ({version}): {'; '.join(names)}{more}"
    )
    facts = {
        "by": SYSTEM,
        "says": says,
        "name": shown[0][0].name,
        "times": [at.isoformat() for _, was, to in shown for at in (was, to)],
        "zone": shown[0][0].schedules[0].zone,
    }
    deliveries.owe(
        c,
        Delivery(
            id=0,
            team_id=team_id,
            key=f"tzdata:{version}>{owner_id}",
            kind=DeliveryKind.NOTICE,
            target=owner_id,
            facts=facts,
            due_at=now,
            created_at=now,
        ),
    )
