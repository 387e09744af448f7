"""One line in the job's channel about a change that somebody made to a job that posts there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.rules.access import SYSTEM, Actor
from storage import deliveries
from storage.records import Delivery, DeliveryKind, Job


def announce(
    c: Connection, job: Job, actor: Actor, says: str, *, now: datetime, times: Sequence[datetime] = ()
) -> None:
    """Owe the channel one sentence, `says` with `{name}` in place of the job's name and `{at0}` in place of the first
    of the `times`. Direct messages need none, and what the operator's command line does is not announced."""
    if not actor.is_system:
        _owe(c, job, actor.user_id, says, now, times)


def announce_by_itself(c: Connection, job: Job, says: str, *, now: datetime, times: Sequence[datetime] = ()) -> None:
    """The same for what nobody did just now: the house itself is named."""
    _owe(c, job, SYSTEM, says, now, times)


def _owe(c: Connection, job: Job, by: str, says: str, now: datetime, times: Sequence[datetime]) -> None:
    if job.channel_id.startswith("D"):
        return
    facts: dict[str, Any] = {"by": by, "says": says, "name": job.name}
    if times:
        zone = job.schedules[0].zone if job.schedules else "UTC"
        facts |= {"times": [at.isoformat() for at in times], "zone": zone}
    deliveries.owe(
        c,
        Delivery(
            id=0,
            team_id=job.team_id,
            key=f"notice:{job.id}/{now.isoformat()}>{job.channel_id}",
            kind=DeliveryKind.NOTICE,
            target=job.channel_id,
            job_id=job.id,
            facts=facts,
            due_at=now,
            created_at=now,
        ),
    )
