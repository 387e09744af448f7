"""Limit: how many runs of a Dify app go on at most at a time."""

from datetime import datetime

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.find import find_app
from bot.operations.note import note
from bot.rules.access import Action, Actor, authorize
from storage import apps
from storage.records import App

MOST = 10_000  # more than one process has file descriptors for


def limit_app(c: Connection, actor: Actor, name: str, most: int | None, *, now: datetime) -> App:
    """Further runs of the app wait; None lifts its own limit. What goes on already is left alone."""
    authorize(actor, Action.CONNECT, None)
    if most is not None and not 1 <= most <= MOST:
        raise Refusal(
            f"An app cannot be limited to {most} runs at a time.",
            f"Give a number from 1 to {MOST}, or off. To stop its jobs, pause them.",
            code="bad_limit",
        )
    app = find_app(c, actor, name)
    changed = apps.limit(c, app, most)
    if changed is None:
        raise Refusal(f"The app “{app.name}” has just been removed.", code="gone")
    note(c, actor, "limit", f"app:{app.id}", now=now, detail={"name": app.name, "most": most})
    return changed
