"""What the house itself has to say of a job: one sentence to its channel or to its owner, once for each occasion."""

from datetime import datetime

from sqlalchemy import Connection

from bot.rules.access import SYSTEM
from storage import deliveries
from storage.records import Delivery, DeliveryKind, Job


def tell(c: Connection, job: Job, target: str, says: str, *, occasion: str, now: datetime) -> None:
    """Owe the sentence that goes on after "Dify Ops" with `says`, with `{name}` in place of the job's name; nothing
    if it was owed on that occasion."""
    key = f"{occasion}>{target}"
    if deliveries.by_key(c, key) is not None:
        return
    deliveries.owe(
        c,
        Delivery(
            id=0,
            team_id=job.team_id,
            key=key,
            kind=DeliveryKind.NOTICE,
            target=target,
            job_id=job.id,
            facts={"by": SYSTEM, "says": says, "name": job.name},
            due_at=now,
            created_at=now,
        ),
    )
