"""Calendars: a team's own named sets of days, and how many times each was imported."""

from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from storage.records import Calendar
from storage.rows import each_engine
from storage.tables import CALENDAR, calendars, fold

_OF_TEAM = select(*CALENDAR.columns).where(calendars.c.team_id == bindparam("team"))
_BY_NAME = calendars.c.name_folded == bindparam("folded")
_FIND = _OF_TEAM.where(_BY_NAME)
_LIST = _OF_TEAM.order_by(calendars.c.name_folded)
_REMOVE = delete(calendars).where(calendars.c.team_id == bindparam("team"), _BY_NAME)


def _put(add: Any) -> Any:
    statement = add(calendars)
    news: dict[str, Any] = {
        name: statement.excluded[name] for name in ("name", "days", "years", "changed_by", "changed_at")
    }
    return statement.on_conflict_do_update(
        index_elements=["team_id", "name_folded"], set_=news | {"version": calendars.c.version + 1}
    ).returning(*CALENDAR.columns)


_PUT = each_engine(_put)


def put(c: Connection, calendar: Calendar) -> Calendar:
    """A new calendar, or the next version of the one of this name (case does not matter)."""
    return CALENDAR.read(c.execute(_PUT[c.dialect.name], CALENDAR.new(calendar)).one())


def find(c: Connection, team_id: str, name: str) -> Calendar | None:
    """By exact name; case does not matter."""
    return CALENDAR.one(c.execute(_FIND, {"team": team_id, "folded": fold(name)}))


def list_calendars(c: Connection, team_id: str) -> list[Calendar]:
    """In the order of their names."""
    return CALENDAR.all(c.execute(_LIST, {"team": team_id}))


def remove(c: Connection, team_id: str, name: str) -> bool:
    """False if there was none."""
    return c.execute(_REMOVE, {"team": team_id, "folded": fold(name)}).rowcount == 1
