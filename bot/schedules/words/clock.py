"""Times of day in words: 9:30, 9am, 17h15, noon, half past nine, `at 8, 12 and 18:00`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.write import Time
from bot.schedules.words.cursor import Cursor
from bot.schedules.words.vocabulary import NUMBERS

CLOCK = re.compile(r"(\d{1,2})[:h.](\d{2})(?::(\d{2}))?", re.ASCII)
COMPACT = re.compile(r"([01]\d|2[0-3])([0-5]\d)", re.ASCII)
HOURS_OF = {
    "morning": range(12),
    "afternoon": range(12, 19),
    "evening": range(16, 24),
    "night": (*range(18, 24), *range(6)),
}
PARTS_OF_DAY = tuple(HOURS_OF)
DAWN = 6
PART_PHRASES = tuple(f"{link} {part}" for link in ("in the", "at") for part in PARTS_OF_DAY)
HOUR_WORDS = {word: value for word, value in NUMBERS.items() if value <= 12}
MINUTE_WORDS = {**{word: value for word, value in NUMBERS.items() if value < 60}, "oh": 0}
PAST = {"quarter": 15, "a quarter": 15, "half": 30, "five": 5, "ten": 10, "twenty": 20, "twenty - five": 25}
OCLOCK = ("o'clock", "o’clock", "oclock", "sharp", "hrs", "hours")


@dataclass(frozen=True, slots=True)
class Reading:
    """`bare` is an hour without minutes or am/pm: on the 24-hour clock, unless something near it says otherwise."""

    time: Time
    bare: bool = False
    half_day: str = ""


def read_times(cursor: Cursor, *, bare: bool) -> list[Reading] | None:
    """One or more times. `bare` allows plain hours. Raises Refusal for times that do not exist or are unclear."""
    place = cursor.at
    listed = cursor.read_list(lambda c: _read_listed(c, bare=bare))
    if not listed:
        cursor.at = place
        return None
    last_part = listed[-1][1]
    found = [_shift(reading, part or (last_part if reading.bare else "")) for reading, part in listed]
    if cursor.peek() == "or":
        raise _refuse_or(found, cursor, place)
    _check_half_days(found, cursor, place)
    return found


def read_time(cursor: Cursor, *, bare: bool) -> Reading | None:
    """One time of day. Raises Refusal for one that does not exist."""
    return cursor.try_read(lambda c: _read_time(c, bare=bare))


def shift_to_part(reading: Reading, part: str) -> Time:
    """`7` in the evening is 19:00. Raises Refusal for 19:00 in the morning, or 9am in the evening."""
    if not part:
        return reading.time
    hour, minute, second = reading.time
    if part == "night" and hour == 12 and not reading.half_day:
        return 0, minute, second
    later = () if reading.half_day or hour >= 12 else (hour + 12,)
    for possible in (hour, *later):
        if possible in HOURS_OF[part]:
            return possible, minute, second
    raise Refusal(f"{write_time(reading.time)} is not in the {part}.", "Leave one of the two out.", code="ambiguous")


def refuse_after_midnight(times: Iterable[Time], part: str) -> None:
    """`Friday night at 1`: to most people that night runs into Saturday, to the calendar not. Raises Refusal."""
    early = next((at for at in times if part == "night" and at[0] < DAWN), None)
    if early:
        raise Refusal(
            f"{write_time(early)} at night can be before the day that you name, or after it.",
            f"Name the day by the calendar and leave “night” out, as “Saturday at {write_time(early, short=True)}”.",
            code="ambiguous",
        )


def _read_listed(cursor: Cursor, *, bare: bool) -> tuple[Reading, str] | None:
    """`9:00 and at 17:00` repeats the `at`; `8 in the evening` comes with its part of the day."""
    at = bool(cursor.eat("at", "@"))
    reading = _read_time(cursor, bare=bare or at)
    if reading is None:
        return None
    return reading, cursor.eat(*PART_PHRASES).rpartition(" ")[2]


def _shift(reading: Reading, part: str) -> Reading:
    return Reading(shift_to_part(reading, part), half_day="pm") if part else reading


def _read_time(cursor: Cursor, *, bare: bool) -> Reading | None:
    if cursor.eat("12 noon", "twelve noon", "noon", "midday"):
        return Reading((12, 0, 0), half_day="pm")
    if cursor.eat("12 midnight", "midnight"):
        return Reading((0, 0, 0), half_day="am")
    if past := cursor.try_read(_read_past):
        return past
    token = cursor.next()
    if token in HOUR_WORDS:
        return _read_spoken(cursor, token, bare=bare)
    behind_at = cursor.at >= 2 and cursor.tokens[cursor.at - 2] in ("at", "@")  # elsewhere 2026 is a year
    clock = CLOCK.fullmatch(token) or (COMPACT.fullmatch(token) if behind_at or token.startswith("0") else None)
    if not clock and not re.fullmatch(r"\d{1,2}", token, re.ASCII):
        return None
    half_day = cursor.eat("am", "pm")
    if "." in token and not half_day:
        return None
    exact = bool(cursor.eat(*OCLOCK) or (bare and cursor.eat("h")))
    if not clock and not half_day and not (bare or exact):
        return None
    half_day = half_day or cursor.eat("am", "pm")
    hour, minute, second = (int(part or 0) for part in (*clock.groups(), 0)[:3]) if clock else (int(token), 0, 0)
    return _make(hour, minute, second, half_day, bare=not clock, shown=f"{token}{half_day}")


def _read_spoken(cursor: Cursor, word: str, *, bare: bool) -> Reading | None:
    """`nine am`, `nine thirty`, `nine o'clock`."""
    hour = HOUR_WORDS[word]
    minute = 0
    minutes = MINUTE_WORDS.get(cursor.peek())
    if minutes is not None and (minutes >= 10 or cursor.peek() == "oh"):
        spoken = cursor.next()
        if spoken == "oh":
            minutes = NUMBERS.get(cursor.next())
        elif spoken in ("twenty", "thirty", "forty", "fifty") and NUMBERS.get(cursor.peek(), 10) < 10:
            minutes += NUMBERS[cursor.next()]
        if minutes is None:
            return None
        minute = minutes
    half_day = cursor.eat("am", "pm")
    exact = bool(cursor.eat(*OCLOCK))
    half_day = half_day or cursor.eat("am", "pm")
    if not (half_day or exact or bare):
        return None
    return _make(hour, minute, 0, half_day, bare=not minute, shown=f"{word} {half_day}".strip())


def _read_past(cursor: Cursor) -> Reading | None:
    """`half past nine`, `quarter to 8 pm`, `ten past 6`."""
    name = cursor.eat(*PAST)
    token = "" if name else cursor.next()
    minutes = PAST[name] if name else int(token) if re.fullmatch(r"\d{1,2}", token, re.ASCII) else None
    if minutes is None or minutes > 59:
        return None
    cursor.eat("minutes", "min")
    side = cursor.eat("past", "after", "to", "before")
    base = cursor.try_read(_read_hour) if side else None
    if base is None or (side in ("to", "before", "after") and not name):
        return None  # “9 to 5” is a window
    half_day = cursor.eat("am", "pm")
    total = base * 60 + (minutes if side in ("past", "after") else -minutes)
    hour, minute = divmod(total % 1440, 60)
    if half_day:
        hour = hour % 12 + (12 if half_day == "pm" else 0)
    return Reading((hour, minute, 0), half_day=half_day)


def _read_hour(cursor: Cursor) -> int | None:
    """The hour of `past 9`; `past the hour` is none."""
    if name := cursor.eat("noon", "midnight"):
        return 12 if name == "noon" else 0
    token = cursor.next()
    number = HOUR_WORDS.get(token, int(token) if re.fullmatch(r"\d{1,2}", token, re.ASCII) else None)
    return number if number is not None and number <= 23 else None


def _make(hour: int, minute: int, second: int, half_day: str, *, bare: bool, shown: str) -> Reading:
    if minute > 59 or second > 59 or hour > 23 or (half_day and not 1 <= hour <= 12):
        raise _refuse_time(hour, minute, half_day, shown)
    if half_day:
        hour = hour % 12 + (12 if half_day == "pm" else 0)
    return Reading((hour, minute, second), bare=bare and not half_day, half_day=half_day)


def _refuse_time(hour: int, minute: int, half_day: str, shown: str) -> Refusal:
    better = write_time((hour, minute, 0), short=True) if half_day and hour < 24 and minute < 60 else ""
    if hour == 24 and not minute:
        better = "midnight"
    hint = f"Write {better}." if better else "Hours go from 0 to 23, or from 1 to 12 with am and pm."
    return Refusal(f"There is no time “{shown}”.", hint, code="unreadable")


def _check_half_days(found: list[Reading], cursor: Cursor, place: int) -> None:
    """`9 and 10pm`: whether the 9 is in the morning is unclear."""
    for first, second in pairwise(found):
        if first.bare and first.time[0] <= 12 and second.half_day:
            hour = first.time[0]
            times = [[reading.time for reading in found] for _ in range(2)]
            times[1][found.index(first)] = (hour % 12 + 12, 0, 0)
            raise Refusal(
                f"It is unclear whether {hour} means {hour}am or {hour}pm.",
                "Write am or pm behind every hour, or use the 24-hour clock.",
                code="ambiguous",
                choices=tuple(_whole(cursor, place, sorted(option)) for option in times),
            )


def _whole(cursor: Cursor, place: int, times: list[Time]) -> str:
    """The phrase with other times in the place of those that were read."""
    before = cursor.phrase[: cursor.starts[place]].strip() if place < len(cursor.starts) else ""
    at = "" if before.endswith((" at", "@")) or before == "at" else "at "
    words = " and ".join(write_time(time, short=True) for time in times)
    return " ".join(f"{before} {at}{words} {cursor.rest()}".split())


def _refuse_or(found: list[Reading], cursor: Cursor, place: int) -> Refusal:
    first = found[-1].time
    cursor.next()
    second = read_time(cursor, bare=True)
    if second is None:
        hint, choices = f"Write “at {write_time(first, short=True)} and …” for both, or only one of them.", ()
        return Refusal("Two times are given with “or”, and I cannot choose.", hint, code="ambiguous", choices=choices)
    options = [[first, second.time], [first], [second.time]]
    if found[-1].bare and second.half_day == "pm" and first[0] < 12:  # “9 or 10pm”
        evening = (first[0] + 12, *first[1:])
        options = [[evening, second.time], [evening], [second.time]]
    texts = tuple(_whole(cursor, place, times) for times in options)
    if texts[0].startswith("at ") and cursor.is_at_end:  # no days were named
        texts = (f"every day {texts[0]}", *texts[1:])
    return Refusal(
        "Two times are given with “or”, and I cannot choose.",
        f"Write “{texts[0]}” for both, or only one of them.",
        code="ambiguous",
        choices=texts,
    )
