"""Cut off: Slack has taken the bot token back. What is owed is kept; the keys of the Dify apps go after a month."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from bot.operations.note import note
from bot.rules.access import system
from storage import apps, meta

KEY = "slack_cut_off"
# Whoever comes back within a month finds everything; after that nobody is there who could want the keys used.
KEYS_KEPT_DAYS = 30


class CutOff(NamedTuple):
    """Since when, and in Slack's own word."""

    since: datetime
    code: str

    @property
    def says(self) -> str:
        since = f"{self.since:%Y-%m-%d %H:%M} UTC"
        return (
            f"Slack has taken the bot token back ({self.code}, {since}): nothing runs and nothing is posted; "
            "set a good SLACK_BOT_TOKEN and start again"
        )


def read_cut_off(c: Connection) -> CutOff | None:
    """None as long as the token is good."""
    since, _, code = (meta.get(c, KEY) or "").partition(" ")
    return CutOff(datetime.fromisoformat(since), code) if since else None


def note_cut_off(c: Connection, team_id: str, code: str, *, now: datetime) -> bool:
    """Remember it, from the first time on; whether this was the first."""
    if read_cut_off(c) is not None:
        return False
    meta.put(c, KEY, f"{now.isoformat()} {code}")
    note(c, system(team_id), "cut_off", "team", now=now, detail={"code": code})
    return True


def end_cut_off(c: Connection, team_id: str, *, now: datetime) -> CutOff | None:
    """Slack has accepted a token: what was remembered, if anything."""
    was = read_cut_off(c)
    if was is not None:
        meta.drop(c, KEY)
        note(c, system(team_id), "cut_off_end", "team", now=now)
    return was


def erase_keys(c: Connection, team_id: str, *, now: datetime) -> int:
    """Erase the keys of the Dify apps once the token has been gone for a month; how many."""
    cut_off = read_cut_off(c)
    if cut_off is None or now - cut_off.since < timedelta(days=KEYS_KEPT_DAYS):
        return 0
    sealed = [app for app in apps.list_apps(c, team_id) if app.sealed_key is not None]
    for app in sealed:
        apps.set_key(c, app, None, "")
        note(c, system(team_id), "erase_key", f"app:{app.id}", now=now)
    return len(sealed)
