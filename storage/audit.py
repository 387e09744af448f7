"""The audit: who changed what, and when. Entries are only ever added."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select

from storage.records import AuditEntry
from storage.tables import AUDIT, audit

_ADD = insert(audit).returning(audit.c.id)
_ABOUT = (audit.c.team_id == bindparam("team"), audit.c.about == bindparam("thing"))
_LAST = (
    select(audit.c.id)
    .where(*_ABOUT, audit.c.action == bindparam("last"))
    .order_by(audit.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_FIRST_SINCE = (
    select(audit.c.at)
    .where(*_ABOUT, audit.c.action == bindparam("first"), audit.c.id > func.coalesce(_LAST, 0))
    .order_by(audit.c.id)
    .limit(1)
)


def append(c: Connection, entry: AuditEntry) -> AuditEntry:
    return replace(entry, id=c.execute(_ADD, AUDIT.new(entry)).scalar_one())


def first_since(c: Connection, team_id: str, about: str, action: str, since: str) -> datetime | None:
    """When something was first done about one thing after the last time that `since` was done about it."""
    return c.execute(_FIRST_SINCE, {"team": team_id, "thing": about, "first": action, "last": since}).scalar()
