"""The audit: who changed what, and when. Entries are only ever added."""

from dataclasses import replace

from sqlalchemy import Connection, insert, select

from storage.records import AuditEntry
from storage.tables import AUDIT, audit

_ADD = insert(audit).returning(audit.c.id)


def append(c: Connection, entry: AuditEntry) -> AuditEntry:
    return replace(entry, id=c.execute(_ADD, AUDIT.new(entry)).scalar_one())


def list_entries(
    c: Connection, team_id: str, *, about: str | None = None, limit: int = 50, before_id: int | None = None
) -> list[AuditEntry]:
    """Newest first; all of a team, or those about one thing. `before_id` turns the page."""
    query = select(*AUDIT.columns).where(audit.c.team_id == team_id)
    if about is not None:
        query = query.where(audit.c.about == about)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    return AUDIT.all(c.execute(query.order_by(audit.c.id.desc()).limit(limit)))
