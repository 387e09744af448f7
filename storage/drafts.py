"""Drafts: jobs that somebody has described and not yet saved; each has an end."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from storage.records import Draft
from storage.rows import each_engine
from storage.tables import DRAFT, drafts

_WITH_ID = (drafts.c.team_id == bindparam("team"), drafts.c.id == bindparam("draft_id"))


def _upsert(insert: Any) -> Any:
    statement = insert(drafts)
    news = {name: statement.excluded[name] for name in DRAFT.names if name not in ("id", "team_id")}
    same_team = drafts.c.team_id == statement.excluded.team_id
    return statement.on_conflict_do_update(index_elements=["id"], set_=news, where=same_team)


_PUT = each_engine(_upsert)
_GET = select(*DRAFT.columns).where(*_WITH_ID, drafts.c.expires_at > bindparam("now"))
_REMOVE = delete(drafts).where(*_WITH_ID)
_PRUNE = delete(drafts).where(drafts.c.expires_at <= bindparam("now"))


def put(c: Connection, draft: Draft) -> None:
    """Keeps a draft, new or changed."""
    c.execute(_PUT[c.dialect.name], DRAFT.values(draft))


def get(c: Connection, team_id: str, draft_id: str, now: datetime) -> Draft | None:
    """None when it is not there or its time is over."""
    return DRAFT.one(c.execute(_GET, {"team": team_id, "draft_id": draft_id, "now": now}))


def remove(c: Connection, team_id: str, draft_id: str) -> bool:
    """True for the one who took it out: of two fingers that press Save, one wins."""
    return c.execute(_REMOVE, {"team": team_id, "draft_id": draft_id}).rowcount == 1


def prune(c: Connection, now: datetime) -> int:
    """Takes out those whose time is over; gives back how many."""
    return c.execute(_PRUNE, {"now": now}).rowcount
