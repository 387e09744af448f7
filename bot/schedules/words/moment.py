"""One instant in words: `tomorrow at 9am`, `Monday at 9`, `in 5 minutes`, `2026-12-01 14:00`, `15 March 14:00`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.write import Time
from bot.schedules.words.clock import PARTS_OF_DAY, Reading, read_time, refuse_after_midnight, shift_to_part
from bot.schedules.words.cursor import Cursor, Stuck
from bot.schedules.words.day import Day, add_months, read_day, roll_on
from bot.schedules.words.unclear import refuse_day_only, refuse_vague
from bot.schedules.words.vocabulary import SECONDS, read_duration, read_number, read_weekday

FILLERS = ("on", "the", ",", "of", "once", "please", "run it", "run", "remind me", "remind us")
USUAL_HOURS = {"morning": 9, "afternoon": 15, "evening": 19, "night": 21}
DAY_S = 86_400
LONGEST_S = 5 * 366 * DAY_S  # further away, a number was mistyped


@dataclass(frozen=True, slots=True)
class Moment:
    """What a phrase says about one instant. `weekday` comes with the word before it (`next`, `this`) in `follows`;
    `from_now_s` is counted in real seconds, `days_on` and `months_on` on the calendar."""

    day: Day | None = None
    weekday: int | None = None
    follows: str = ""
    clock: Reading | None = None
    part: str = ""
    from_now_s: int = 0
    days_on: int = 0
    months_on: int = 0

    @property
    def is_relative(self) -> bool:
        """Counted from now, to the second."""
        return bool(self.from_now_s or self.days_on or self.months_on) and self.clock is None

    @property
    def has_date(self) -> bool:
        return self.day is not None or self.weekday is not None or bool(self.days_on or self.months_on)


def read_moment(phrase: str, now: datetime) -> Moment | Stuck:
    """`now` is the naive local time of the person. Raises Refusal for dates and times that cannot be."""
    cursor = Cursor(phrase)
    moment, understood = Moment(), 0
    while not cursor.is_at_end:
        if cursor.eat(*FILLERS):
            continue
        refuse_vague(cursor, now.date())
        more = _read_part(cursor, moment, now.date())
        if more is None:
            return Stuck(understood, cursor.rest_from(understood).lstrip(", "))
        moment, understood = more, cursor.at
    return moment if moment != Moment() else Stuck(0, phrase)


def local_time(moment: Moment, now: datetime) -> datetime:
    """The naive local time that is meant, given the local time now. Raises Refusal `ambiguous`, `too_far`."""
    if moment.is_relative:
        return datetime.combine(_move(now.date(), moment), now.time())
    if moment.clock is None:
        raise _refuse_no_time(moment, now)
    at = shift_to_part(moment.clock, moment.part)
    if moment.has_date:
        refuse_after_midnight((at,), moment.part)
    day = _day_of(moment, now, at)
    local = datetime.combine(day, time(*at))
    if local <= now and moment.day and moment.day.rolls:
        local = datetime.combine(roll_on(day, moment.day.rolls), time(*at))
    if moment.day and moment.day.rolls == 1:
        raise refuse_day_only(local)
    if local > now:
        return local
    return local if moment.has_date else local + timedelta(days=1)


def seconds_from_now(moment: Moment) -> int:
    """The real seconds of a duration; 0 if none was given. Raises Refusal `too_far`."""
    if moment.from_now_s > LONGEST_S:
        raise _refuse_far()
    return moment.from_now_s


def _read_part(cursor: Cursor, moment: Moment, today: date) -> Moment | None:
    readers: tuple[Callable[[Cursor, Moment, date], Moment | None], ...] = (
        _read_from_now,
        _read_weekday,
        _read_day,
        _read_part_of_day,
        _read_clock,
    )
    for reader in readers:
        place = cursor.at
        more = reader(cursor, moment, today)
        if more is not None:
            return more
        cursor.at = place
    return None


def _read_from_now(cursor: Cursor, moment: Moment, today: date) -> Moment | None:
    """`in 5 minutes`, `2 hours from now`, `in 3 days`, `in 1 month`."""
    if moment != Moment() and moment.clock is None:
        return None
    asked = bool(cursor.eat("in"))
    found = _read_calendar_step(cursor, moment)
    if found is None:
        seconds = cursor.try_read(read_duration) if moment.clock is None else None
        found = None if seconds is None else replace(moment, from_now_s=seconds)
    if found is None:
        return None
    if cursor.peek() == "ago":
        refuse_vague(cursor, today)
    return found if asked or cursor.eat("from now", "later", "from today") else None


def _read_calendar_step(cursor: Cursor, moment: Moment) -> Moment | None:
    place = cursor.at
    number = cursor.try_read(read_number)
    unit = cursor.next().removesuffix("s")
    if number is not None and unit in ("month", "year"):
        return replace(moment, months_on=number * (12 if unit == "year" else 1))
    days = 0
    while number is not None and unit in ("day", "week", "d", "w"):
        days += number * (7 if unit.startswith("w") else 1)
        if not _goes_on(cursor):
            return replace(moment, days_on=days)
        cursor.eat("and")
        number = cursor.try_read(read_number)
        unit = cursor.next().removesuffix("s")
    cursor.at = place
    return None


def _goes_on(cursor: Cursor) -> bool:
    """`3 weeks and 2 days` are days of the calendar; `1 day 2 hours` is one duration in real seconds."""
    ahead = 1 if cursor.peek() == "and" else 0
    return cursor.peek(ahead).isdigit() and cursor.peek(ahead + 1) in SECONDS


def _read_weekday(cursor: Cursor, moment: Moment, today: date) -> Moment | None:
    follows = cursor.eat("next", "this coming", "this", "coming")
    weekday = cursor.try_read(read_weekday)
    if weekday is None or moment.weekday is not None or moment.days_on or moment.months_on:
        return None
    return _agree(replace(moment, weekday=weekday, follows=follows))


def _read_day(cursor: Cursor, moment: Moment, today: date) -> Moment | None:
    if moment.day or moment.days_on or moment.months_on:
        return None
    found = read_day(cursor, today)
    if found is None or (found.clock and moment.clock):
        return None
    clock, part = found.clock or moment.clock, found.part or moment.part
    return _agree(replace(moment, day=found, clock=clock, part=part))


def _agree(moment: Moment) -> Moment:
    """`Tuesday, 15 March`: the name must be true."""
    if moment.day is None or moment.weekday is None:
        return moment
    day = moment.day.day
    if (day.weekday() + 1) % 7 != moment.weekday or moment.follows:
        raise Refusal(f"{day} is a {day:%A}.", "Correct the date, or leave the weekday out.", code="ambiguous")
    return moment


def _read_part_of_day(cursor: Cursor, moment: Moment, today: date) -> Moment | None:
    this = bool(cursor.eat("this"))
    if not this:
        cursor.eat("in the", "at")
    part = cursor.eat(*PARTS_OF_DAY)
    if not part or moment.part:
        return None
    return replace(moment, part=part, day=Day(today) if this and not moment.has_date else moment.day)


def _read_clock(cursor: Cursor, moment: Moment, today: date) -> Moment | None:
    at = bool(cursor.eat("at"))
    is_sure = moment.has_date and not (moment.day and moment.day.rolls)  # not “2nd 8”
    is_last = cursor.at == len(cursor.tokens) - 1
    clock = read_time(cursor, bare=at or bool(moment.part) or (is_sure and is_last))
    return None if clock is None or moment.clock or moment.from_now_s else replace(moment, clock=clock)


def _day_of(moment: Moment, now: datetime, at: Time) -> date:
    if moment.day is not None:
        return moment.day.day
    if moment.weekday is not None:
        return _next_weekday(moment.weekday, moment.follows, now, at)
    return _move(now.date(), moment)


def _next_weekday(weekday: int, follows: str, now: datetime, at: Time) -> date:
    """The coming one; today if its time is still to come. `next` is unclear before that day of the same week."""
    ahead = (weekday - (now.weekday() + 1)) % 7
    coming = now.date() + timedelta(days=ahead)
    if follows == "next" and 0 < ahead < 7 - now.weekday():
        days = (coming, coming + timedelta(days=7))
        raise Refusal(
            f"“Next {coming:%A}” can be {days[0]} or {days[1]}.",
            "Name the date.",
            code="ambiguous",
            choices=tuple(f"{day} {write_time(at, short=True)}" for day in days),
        )
    over = ahead == 0 and (follows == "next" or datetime.combine(coming, time(*at)) <= now)
    return coming + timedelta(days=7) if over else coming


def _move(day: date, moment: Moment) -> date:
    if moment.days_on * DAY_S + moment.months_on * 30 * DAY_S > LONGEST_S:
        raise _refuse_far()
    return add_months(day, moment.months_on) + timedelta(days=moment.days_on)


def _refuse_far() -> Refusal:
    return Refusal("That is too far away.", "At most five years; for more, write the date.", code="too_far")


def _refuse_no_time(moment: Moment, now: datetime) -> Refusal:
    at = (USUAL_HOURS.get(moment.part, 9), 0, 0)
    day = _day_of(moment, now, at)
    if moment.day and moment.day.rolls == 1:
        return refuse_day_only(datetime.combine(day, time(*at)))
    text = f"{day} {write_time(at, short=True)}"
    return Refusal(f"At what time on {day:%A}, {day}?", f"For example “{text}”.", code="ambiguous", choices=(text,))
