"""The answer to `/dify health`: how the bot does, a line for each part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import words
from bot.blocks.parts import Message, date, message, section
from bot.blocks.text import escape, one_line, shorten
from storage.records import App, Gate, Vitals

HOSTS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What was looked at. `lags` are the usual and the longest wait of the newest runs; `slack` is what Slack
    complained of when it was asked just now; `hosts` and `full` are shown by name to admins only."""

    worries: Sequence[str]
    beat_age_s: float | None
    vitals: Vitals
    lags: tuple[float, float] | None
    slack: str
    hosts: Sequence[Gate]
    full: Sequence[App]
    idle: int
    is_admin: bool


def health(checkup: Checkup, now: datetime) -> Message:
    """The verdict first, then what it is made of."""
    wrong = [*checkup.worries]
    if checkup.slack:
        wrong.append(f"Slack does not take messages ({checkup.slack})")
    if checkup.hosts:
        wrong.append(f"{words.plural(len(checkup.hosts), 'Dify host')} cannot be reached")
    if checkup.idle:
        wrong.append(f"{words.plural(checkup.idle, 'active job')} without a next time")
    told = f"Dify Ops needs a look: {'; '.join(wrong)}." if wrong else "Dify Ops is well."
    lines = [
        ("Clock", _clock(checkup.beat_age_s)),
        ("Starts", _starts(checkup)),
        ("Runs", _runs(checkup.vitals)),
        ("Messages", _messages(checkup.vitals)),
        ("Slack", checkup.slack or "answers"),
        ("Dify", _dify(checkup, now)),
        ("Jobs", _jobs(checkup.idle)),
        ("Database", "answers"),
    ]
    body = "\n".join(f"*{name}:* {escape(text) if name == 'Slack' else text}" for name, text in lines)
    return message(told, [section(f"*{escape(told)}*"), section(body)])


def _clock(beat_age_s: float | None) -> str:
    if beat_age_s is None:
        return "runs in another process; `GET /healthz` of that one tells"
    return f"last tick {words.duration(beat_age_s)} ago"


def _starts(checkup: Checkup) -> str:
    if checkup.lags is None:
        return "none yet"
    usual, longest = checkup.lags
    count = words.plural(len(checkup.vitals.starts), "run")
    return (
        f"{words.duration(usual)} after their time as a rule, {words.duration(longest)} at most, of the last {count}"
    )


def _runs(vitals: Vitals) -> str:
    if not vitals.ready or vitals.ready_since is None:
        return f"{vitals.running} running, none waits for room"
    return f"{vitals.running} running, {vitals.ready} waiting for room, the oldest since {date(vitals.ready_since)}"


def _messages(vitals: Vitals) -> str:
    if not vitals.owed or vitals.owed_since is None:
        return "none waits"
    return f"{vitals.owed} waiting, the oldest since {date(vitals.owed_since)}"


def _dify(checkup: Checkup, now: datetime) -> str:
    told = [_host(gate, now) for gate in checkup.hosts[:HOSTS_SHOWN]] if checkup.is_admin else []
    if not checkup.is_admin and checkup.hosts:
        told.append(f"{words.plural(len(checkup.hosts), 'host')} cannot be reached, and runs there wait")
    if checkup.full:
        names = ", ".join(f"“{escape(shorten(one_line(app.name), 60))}”" for app in checkup.full[:HOSTS_SHOWN])
        told.append(
            f"as many requests as it may: {names}"
            if checkup.is_admin
            else f"{words.plural(len(checkup.full), 'app')} with as many requests as Dify takes"
        )
    return "; ".join(told) or "every host was reached"


def _host(gate: Gate, now: datetime) -> str:
    again = gate.shut_until
    when = f"is tried again at {date(again)}" if again is not None and again > now else "is tried by the next run"
    return f"`{escape(gate.name)}` could not be reached {gate.failures} times in a row and {when}"


def _jobs(idle: int) -> str:
    if not idle:
        return "every active one has a next time"
    return f"{words.plural(idle, 'active job')} without a next time; `dify-ops db check` names them"
