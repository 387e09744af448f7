"""Dify apps: rows, and the sealed key, which is bound to the address of its row."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.errors import NameTaken
from storage.records import App
from storage.tables import APP, apps, fold

_WITH_ID = (apps.c.team_id == bindparam("team"), apps.c.id == bindparam("app_id"))
_ADD = insert(apps).returning(apps.c.id)
_GET = select(*APP.columns).where(*_WITH_ID)
_FIND = select(*APP.columns).where(apps.c.team_id == bindparam("team"), apps.c.name_folded == bindparam("folded"))
_LIST = select(*APP.columns).where(apps.c.team_id == bindparam("team")).order_by(apps.c.name_folded)
_CHANGE = update(apps).where(*_WITH_ID).returning(*APP.columns)
_REMOVE = delete(apps).where(*_WITH_ID)


def key_about(app: App) -> str:
    """What the key of this app is sealed to: another row or other addresses cannot open it."""
    return f"{app.team_id}|app|{app.id}|" + "\n".join(app.base_urls)


def add(c: Connection, app: App) -> App:
    """Raises NameTaken when the team has an app of this name (in any case)."""
    try:
        return replace(app, id=c.execute(_ADD, APP.new(app)).scalar_one())
    except IntegrityError:
        raise NameTaken(f"There is already an app called {app.name}.") from None


def get(c: Connection, team_id: str, app_id: int) -> App | None:
    return APP.one(c.execute(_GET, {"team": team_id, "app_id": app_id}))


def find(c: Connection, team_id: str, name: str) -> App | None:
    """By exact name; case does not matter."""
    return APP.one(c.execute(_FIND, {"team": team_id, "folded": fold(name)}))


def list_apps(c: Connection, team_id: str) -> list[App]:
    """In the order of their names."""
    return APP.all(c.execute(_LIST, {"team": team_id}))


def set_key(c: Connection, app: App, sealed_key: bytes | None, key_hint: str) -> App | None:
    """Keeps a key that was sealed to `key_about(app)`; None drops it. None comes back if the app has gone."""
    return _change(c, app, {"sealed_key": sealed_key, "key_hint": key_hint})


def move(c: Connection, app: App, base_urls: tuple[str, ...]) -> App | None:
    """Other addresses drop the key: a key never follows to another host."""
    return _change(c, app, {"base_urls": base_urls, "sealed_key": None, "key_hint": "", "last_url": None})


def note_last(c: Connection, app: App, last_url: str) -> App | None:
    """Keeps where the last run of the app went."""
    return _change(c, app, {"last_url": last_url})


def describe(c: Connection, app: App, *, mode: str, description: str, routing: str) -> App | None:
    """Keeps what Dify says of the app, and to which of its addresses a run goes."""
    return _change(c, app, {"mode": mode, "description": description, "routing": routing})


def limit(c: Connection, app: App, max_running: int | None) -> App | None:
    """Keeps how many runs of the app go on at most at a time."""
    return _change(c, app, {"max_running": max_running})


def remove(c: Connection, team_id: str, app_id: int) -> bool:
    """Its row and its key are gone; the numbers of its jobs and runs stay, and no app gets its number again."""
    return c.execute(_REMOVE, {"team": team_id, "app_id": app_id}).rowcount == 1


def _change(c: Connection, app: App, values: Mapping[str, Any]) -> App | None:
    return APP.one(c.execute(_CHANGE, {"team": app.team_id, "app_id": app.id, **values}))
