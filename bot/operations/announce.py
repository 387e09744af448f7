"""One line in the job's channel about a change that somebody made to a job that posts there."""

from datetime import datetime

from sqlalchemy import Connection

from bot.rules.access import Actor
from storage import deliveries
from storage.records import Delivery, DeliveryKind, Job


def announce(c: Connection, job: Job, actor: Actor, says: str, *, now: datetime) -> None:
    """Owe the channel one sentence, `says` with `{name}` in place of the job's name. Direct messages need none."""
    if job.channel_id.startswith("D") or actor.is_system:
        return
    deliveries.owe(
        c,
        Delivery(
            id=0,
            team_id=job.team_id,
            key=f"notice:{job.id}/{now.isoformat()}>{job.channel_id}",
            kind=DeliveryKind.NOTICE,
            target=job.channel_id,
            job_id=job.id,
            facts={"by": actor.user_id, "says": says, "name": job.name},
            due_at=now,
            created_at=now,
        ),
    )
