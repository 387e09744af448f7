"""Counted from the end of the previous run. The spec is the delay in seconds; no two runs can overlap."""

from datetime import datetime, timedelta

from bot.errors import Refusal
from bot.schedules.kind import Asked, Unread
from bot.schedules.words.cursor import Stuck
from bot.schedules.words.languages import read_wish
from bot.schedules.words.wish import write_duration
from storage.records import Schedule

SHORTEST_S = 1
LONGEST_S = 366 * 86_400  # a job that waits longer than a year is a date


def read(asked: Asked) -> Schedule | Unread | None:
    wish = read_wish(asked.phrase, asked.lang)
    if isinstance(wish, Stuck) or wish.delay_s is None:
        return None
    if not SHORTEST_S <= wish.delay_s <= LONGEST_S:
        raise Refusal(
            f"A delay of {write_duration(wish.delay_s, one=True)} is not possible.",
            "It must be between 1 second and 366 days.",
            code="too_often" if wish.delay_s < SHORTEST_S else "too_far",
            choices=("10 seconds after each run",),
        )
    words = f"{write_duration(wish.delay_s, one=True)} after each run"
    return Schedule(kind="fixed_delay", spec=str(wish.delay_s), zone=asked.zone, text=words, says=f"{words} ends")


def next_after(schedule: Schedule, after: datetime) -> None:
    return None


def after_end(schedule: Schedule, ended_at: datetime) -> datetime:
    return ended_at + timedelta(seconds=int(schedule.spec))


def first_after_save(schedule: Schedule, saved_at: datetime) -> datetime:
    return after_end(schedule, saved_at)


def anchor(schedule: Schedule, saved_at: datetime) -> Schedule:
    return schedule
