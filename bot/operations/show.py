"""The message of a run is owed: created once, raised at each change worth seeing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from storage import deliveries
from storage.records import Delivery, DeliveryKind, Job, Run

# Older messages keep the button that they have; pressing it again does no harm.
NEWEST = 2
REFRESHED_AMONG = 50
WITH_BUTTONS = (DeliveryKind.RUN, DeliveryKind.ALERT)


def show(c: Connection, run: Run, *, now: datetime, rank: int) -> Delivery:
    """Owe the newest state of this run to its channel; `rank` 1 for what people wait for, 2 for progress."""
    return deliveries.owe(c, _message(run, now, rank, now))


def show_later(c: Connection, begun: Sequence[Run], *, now: datetime, due_at: datetime) -> None:
    """Owe how runs that have just begun get on, from `due_at` on: most of them have ended by then. And that one goes
    on for too long, once it does."""
    slow = [_slow_alert(run, now) for run in begun if run.warn_over_s and run.attempts == 1]
    deliveries.owe_many(c, [_message(run, now, 2, due_at) for run in begun if run.batch is None])
    deliveries.owe_many(c, slow)


def forget_slow(c: Connection, run: Run) -> None:
    """It has ended before it was slow."""
    if run.warn_over_s:
        deliveries.withdraw(c, _slow_key(run))


def show_batch(c: Connection, job: Job, batch: str, by: str, span: str, *, now: datetime) -> None:
    """Owe the message of a backfill, below which its results stand."""
    deliveries.owe(
        c,
        Delivery(
            id=0,
            team_id=job.team_id,
            key=batch_key(batch),
            kind=DeliveryKind.BACKFILL,
            target=job.channel_id,
            job_id=job.id,
            rank=0,
            facts={"batch": batch, "by": by, "span": span},
            due_at=now,
            created_at=now,
        ),
    )


def touch_batch(c: Connection, batch: str, *, now: datetime) -> None:
    """The message of a backfill shows how far it is."""
    told = deliveries.by_key(c, batch_key(batch))
    if told is not None:
        deliveries.owe(c, replace(told, due_at=now, rank=1))


def batch_key(batch: str) -> str:
    """The key of the message of a backfill."""
    return f"backfill:{batch}"


def refresh_buttons(c: Connection, job_id: int, pressed: str, *, now: datetime) -> None:
    """Show the job's buttons as they now are (Pause job becomes Resume job): on its newest messages, and on the one
    that was pressed, by its Slack ts."""
    # A row costs as much as a statement: all of them are looked at only for the one that was pressed.
    told = deliveries.posted_of_job(c, job_id, WITH_BUTTONS, limit=REFRESHED_AMONG if pressed else NEWEST)
    wanted = told[:NEWEST] + [one for one in told[NEWEST:] if (one.receipt or {}).get("ts") == pressed]
    for one in wanted:
        deliveries.owe(c, replace(one, due_at=now, rank=1))


def refresh_messages(c: Connection, run_id: int, *, now: datetime) -> None:
    """Show the messages of a run as things now are: what is known of its reruns stands on its buttons."""
    for one in deliveries.of_run(c, run_id):
        if one.kind in (DeliveryKind.RUN, DeliveryKind.ALERT):
            deliveries.owe(c, replace(one, due_at=now, rank=1))


def _slow_alert(run: Run, now: datetime) -> Delivery:
    late = replace(_message(run, now, 0, now + timedelta(seconds=run.warn_over_s)), kind=DeliveryKind.ALERT)
    return replace(late, key=_slow_key(run), facts={"alert": "slow"})


def _slow_key(run: Run) -> str:
    return f"slow:{run.id}>{run.channel_id}"


def _message(run: Run, now: datetime, rank: int, due_at: datetime) -> Delivery:
    return Delivery(
        id=0,
        team_id=run.team_id,
        key=message_key(run),
        kind=DeliveryKind.RUN,
        target=run.channel_id,
        run_id=run.id,
        job_id=run.job_id,
        rank=rank,
        facts={"thread": batch_key(run.batch)} if run.batch else {},
        due_at=due_at,
        created_at=now,
    )


def message_key(run: Run) -> str:
    """The key of the one message of a run."""
    return f"run:{run.id}>{run.channel_id}"
