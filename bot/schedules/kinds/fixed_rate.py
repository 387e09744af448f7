"""Every so many real seconds from an anchor, whatever the clock of the zone does. The spec is the period in seconds.

Slots are anchor + n · period with n ≥ 1; a late or long run moves none of them.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import Refusal
from bot.schedules.kind import Asked, Unread
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.languages import read_wish
from bot.schedules.words.wish import write_duration, write_interval
from storage.records import Schedule

SHORTEST_S = 10  # a run takes about as long; for anything faster each run should wait for the one before
LONGEST_S = 366 * 86_400  # a job that waits longer than a year is a date


def read(asked: Asked) -> Schedule | Unread | None:
    wish = read_wish(asked.phrase, asked.lang)
    if isinstance(wish, Stuck) or not wish.is_interval or wish.interval_s is None:
        return None
    words = f"every {write_interval(wish.interval_s)}"
    if wish.interval_s < SHORTEST_S:
        raise _refuse_often(wish.interval_s)
    if wish.interval_s > LONGEST_S:
        raise Refusal(f"“{words}” is too rarely for an interval.", "The longest is 366 days.", code="too_far")
    return Schedule(
        kind="fixed_rate",
        spec=str(wish.interval_s),
        zone=asked.zone,
        text=words,
        says=words,
        anchor_at=_whole(asked.now),
    )


def next_after(schedule: Schedule, after: datetime) -> datetime:
    period = timedelta(seconds=int(schedule.spec))
    start = schedule.anchor_at or after
    return start + max(1, (after - start) // period + 1) * period


def after_end(schedule: Schedule, ended_at: datetime) -> None:
    return None


def first_after_save(schedule: Schedule, saved_at: datetime) -> datetime:
    return next_after(schedule, saved_at)


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    return replace(schedule, anchor_at=_whole(saved_at))


def _whole(moment: datetime) -> datetime:
    """Slots are named by whole seconds."""
    return moment.replace(microsecond=0)


def _refuse_often(seconds: int) -> Refusal:
    delay = f"{write_duration(max(seconds, 1), one=True)} after each run"
    return Refusal(
        f"Every {write_duration(seconds, one=True)} is too often: the shortest interval is {SHORTEST_S} seconds.",
        f"Write “every {SHORTEST_S} seconds”, or “{delay}” to let each run wait for the one before.",
        code="too_often",
        choices=(f"every {SHORTEST_S} seconds", delay),
    )
