"""Who changed what: one entry for each change that a person asked for, in the same transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.rules.access import Actor
from storage import audit
from storage.records import AuditEntry


def note(
    c: Connection, actor: Actor, action: str, about: str, *, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """`about` names the row, like `job:12`."""
    entry = AuditEntry(
        id=0, team_id=actor.team_id, at=now, actor=actor.user_id, action=action, about=about, detail=detail or {}
    )
    audit.append(c, entry)
