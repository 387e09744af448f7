"""What the operators must hear: by direct message to each of them, once for each occasion."""

import logging
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from bot.rules.access import SYSTEM
from storage import apps, deliveries
from storage.records import Delivery, DeliveryKind

log = logging.getLogger(__name__)


def alarm(c: Connection, team_id: str, admins: Collection[str], says: str, *, occasion: str, now: datetime) -> None:
    """Owe the sentence that goes on after "Dify Ops" with `says` to the admins that are set, or else to the people
    who connected Dify apps, who were admins then. The log has it in any case."""
    log.error("Dify Ops %s", says)
    for person in sorted(admins or _connectors(c, team_id)):
        key = f"{occasion}>{person}"
        if deliveries.by_key(c, key) is None:
            deliveries.owe(
                c,
                Delivery(
                    id=0,
                    team_id=team_id,
                    key=key,
                    kind=DeliveryKind.NOTICE,
                    target=person,
                    facts={"by": SYSTEM, "says": says, "name": ""},
                    rank=0,
                    due_at=now,
                    created_at=now,
                ),
            )


def _connectors(c: Connection, team_id: str) -> set[str]:
    return {app.created_by for app in apps.list_apps(c, team_id) if app.created_by.startswith(("U", "W"))}
