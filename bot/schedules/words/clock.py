"""Times of day in words: 9:30, 9am, 17h15, noon, `at 8, 12 and 18:00`."""

import re
from dataclasses import dataclass
from itertools import pairwise

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.write import Time
from bot.schedules.words.cursor import Cursor

CLOCK = re.compile(r"(\d{1,2})[:h.](\d{2})(?::(\d{2}))?", re.ASCII)
HOURS_OF = {
    "morning": range(12),
    "afternoon": range(12, 19),
    "evening": range(16, 24),
    "night": (*range(18, 24), *range(6)),
}
PARTS_OF_DAY = tuple(HOURS_OF)


@dataclass(frozen=True, slots=True)
class Reading:
    """`bare` is an hour without minutes or am/pm: on the 24-hour clock, unless something near it says otherwise."""

    time: Time
    bare: bool = False
    half_day: str = ""


def read_times(cursor: Cursor, *, bare: bool) -> list[Reading] | None:
    """One or more times. `bare` allows plain hours. Raises Refusal for times that do not exist or are unclear."""
    place = cursor.at
    found = cursor.read_list(lambda c: _read_time(c, bare=bare))
    if not found:
        cursor.at = place
        return None
    if cursor.peek() == "or":
        raise _refuse_or(found, cursor)
    _check_half_days(found)
    part = cursor.eat("in the morning", "in the afternoon", "in the evening", "at night").rpartition(" ")[2]
    return [Reading(shift_to_part(reading, part), half_day="pm") for reading in found] if part else found


def read_time(cursor: Cursor, *, bare: bool) -> Reading | None:
    """One time of day. Raises Refusal for one that does not exist."""
    return cursor.try_read(lambda c: _read_time(c, bare=bare))


def shift_to_part(reading: Reading, part: str) -> Time:
    """`7` in the evening is 19:00. Raises Refusal for 19:00 in the morning, or 9am in the evening."""
    if not part:
        return reading.time
    hour, minute, second = reading.time
    later = () if reading.half_day or hour >= 12 else (hour + 12,)
    for possible in (hour, *later):
        if possible in HOURS_OF[part]:
            return possible, minute, second
    raise Refusal(f"{write_time(reading.time)} is not in the {part}.", "Leave one of the two out.", code="ambiguous")


def _read_time(cursor: Cursor, *, bare: bool) -> Reading | None:
    if cursor.eat("noon", "midday"):
        return Reading((12, 0, 0), half_day="pm")
    if cursor.eat("midnight"):
        return Reading((0, 0, 0), half_day="am")
    token = cursor.next()
    clock = CLOCK.fullmatch(token)
    if not clock and not re.fullmatch(r"\d{1,2}", token, re.ASCII):
        return None
    half_day = cursor.eat("am", "pm")
    if "." in token and not half_day:
        return None
    cursor.eat("o'clock", "o’clock", "oclock", "sharp")
    if not clock and not half_day and not bare:
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups()) if clock else (int(token), 0, 0)
    shown = f"{token}{half_day}"
    if minute > 59 or second > 59 or hour > 23 or (half_day and not 1 <= hour <= 12):
        raise _refuse_time(hour, minute, half_day, shown)
    if half_day:
        hour = hour % 12 + (12 if half_day == "pm" else 0)
    return Reading((hour, minute, second), bare=not clock and not half_day, half_day=half_day)


def _refuse_time(hour: int, minute: int, half_day: str, shown: str) -> Refusal:
    better = write_time((hour, minute, 0), short=True) if half_day and hour < 24 and minute < 60 else ""
    if hour == 24 and not minute:
        better = "midnight"
    hint = f"Write {better}." if better else "Hours go from 0 to 23, or from 1 to 12 with am and pm."
    return Refusal(f"There is no time “{shown}”.", hint, code="unreadable")


def _check_half_days(found: list[Reading]) -> None:
    """`9 and 10pm`: whether the 9 is in the morning is unclear."""
    for first, second in pairwise(found):
        if first.bare and first.time[0] <= 12 and second.half_day:
            hour = first.time[0]
            raise Refusal(
                f"It is unclear whether {hour} means {hour}am or {hour}pm.",
                "Write am or pm behind every hour, or use the 24-hour clock.",
                code="ambiguous",
            )


def _refuse_or(found: list[Reading], cursor: Cursor) -> Refusal:
    first = write_time(found[-1].time, short=True)
    return Refusal(
        "Two times are given with “or”, and I cannot choose.",
        f"Write “at {first} and …” for both, or only one of them.",
        code="ambiguous",
    )
