"""Homes: who opened the App Home lately, so that it is kept fresh for those and nobody else."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select

from storage.rows import each_engine
from storage.tables import homes


def _upsert(insert: Any) -> Any:
    statement = insert(homes)
    return statement.on_conflict_do_update(
        index_elements=["team_id", "user_id"], set_={"opened_at": statement.excluded.opened_at}
    )


_OPENED = each_engine(_upsert)
_RECENT = (
    select(homes.c.user_id)
    .where(homes.c.team_id == bindparam("team"), homes.c.opened_at >= bindparam("since"))
    .order_by(homes.c.opened_at.desc(), homes.c.user_id)
    .limit(bindparam("most"))
)


def note_opened(c: Connection, team_id: str, user_id: str, now: datetime) -> None:
    c.execute(_OPENED[c.dialect.name], {"team_id": team_id, "user_id": user_id, "opened_at": now})


def opened_since(c: Connection, team_id: str, since: datetime, limit: int = 100) -> list[str]:
    """User ids, latest first."""
    return list(c.execute(_RECENT, {"team": team_id, "since": since, "most": limit}).scalars())
