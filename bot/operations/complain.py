"""A message that can never be delivered is kept, and the owner is told by direct message, once for each channel."""

from datetime import datetime

from sqlalchemy import Connection

from storage import claims, deliveries, jobs, runs
from storage.records import Delivery, DeliveryKind


def complain(c: Connection, delivery: Delivery, code: str, *, now: datetime) -> None:
    """Bury the delivery; owe its owner one notice about the channel and the reason."""
    if not claims.bury(c, delivery, code) or delivery.target.startswith(("U", "W", "D")):
        return
    owner = _owner_of(c, delivery)
    if owner is None:
        return
    key = f"complaint:{delivery.job_id or delivery.run_id}/{code}/{delivery.target}>{owner}"
    if deliveries.by_key(c, key) is not None:
        return
    deliveries.owe(
        c,
        Delivery(
            id=0,
            team_id=delivery.team_id,
            key=key,
            kind=DeliveryKind.NOTICE,
            target=owner,
            run_id=delivery.run_id,
            job_id=delivery.job_id,
            facts={"undeliverable": code, "channel": delivery.target},
            due_at=now,
            created_at=now,
        ),
    )


def _owner_of(c: Connection, delivery: Delivery) -> str | None:
    if delivery.job_id is not None and (job := jobs.get(c, delivery.team_id, delivery.job_id)) is not None:
        return job.owner_id
    run = runs.get(c, delivery.team_id, delivery.run_id) if delivery.run_id is not None else None
    return run.owner_id if run is not None else None
