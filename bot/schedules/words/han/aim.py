"""What has been read of one instant so far, in any order, and the moment that it comes to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from re import Pattern

from bot.errors import Refusal
from bot.schedules.cron.write import Time
from bot.schedules.words.clock import Reading
from bot.schedules.words.cursor import Cursor, Stuck
from bot.schedules.words.day import Day, add_months, read_day, roll_on
from bot.schedules.words.han.clock import Told, read_part, read_time
from bot.schedules.words.han.draft import refuse_midnight
from bot.schedules.words.han.scan import Scan, straighten
from bot.schedules.words.han.tongue import Part, Tongue
from bot.schedules.words.han.vague import refuse_vague
from bot.schedules.words.moment import Moment

MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTHLY = 1  # how far a day without a month rolls on


@dataclass(frozen=True, slots=True)
class Aim:
    """`weekday` is the coming one, 0 is Sunday; `from_now_s` counts real seconds, the others calendar days."""

    day: Day | None = None
    weekday: int | None = None
    told: Told | None = None
    part: Part | None = None
    from_now_s: int = 0
    days_on: int = 0
    months_on: int = 0

    @property
    def has_date(self) -> bool:
        return self.day is not None or self.weekday is not None or bool(self.days_on or self.months_on)


Reader = Callable[[Scan, Aim, date], Aim | None]


def read_instant(
    phrase: str,
    now: datetime,
    readers: Sequence[Reader],
    fillers: Pattern[str],
    vague: Sequence[tuple[Pattern[str], str]],
    tongue: Tongue,
) -> Moment | Stuck:
    """The whole phrase as a moment, or where reading ended; `now` is the naive local time of the person. Raises
    Refusal for what cannot be."""
    scan, aim, understood = Scan(straighten(phrase)), Aim(), 0
    while not scan.is_at_end:
        more = _read_next(scan, aim, now.date(), readers, tongue)
        if more is not None:
            aim, understood = more, scan.at
        elif not scan.take(fillers):
            refuse_vague(scan, vague, tongue)
            return Stuck(understood, scan.rest_from(understood))
    return _finish(aim, now, tongue) if aim != Aim() else Stuck(0, phrase)


def on_day(text: str, today: date) -> Day | None:
    """The day of `2026-12-01`, `1 dec` or `20th`. Raises Refusal for one that does not exist."""
    return read_day(Cursor(text), today)


def on_date(month: int, day: int, today: date) -> Day | None:
    """The next such date, today included."""
    return on_day(f"{day} {MONTH_NAMES[month - 1]}", today) if 1 <= month <= 12 else None


def in_week(today: date, weeks: int, weekday: int) -> Day:
    """The weekday (0 is Sunday) of a week from Monday, `weeks` after this one."""
    monday = today - timedelta(days=today.weekday())
    return Day(monday + timedelta(days=7 * weeks + (weekday - 1) % 7))


def in_month(today: date, months: int, day: int | None) -> Day:
    """A day of a month, `months` after this one; None is its last. Raises Refusal for one that does not exist."""
    first = add_months(today.replace(day=1), months)
    if day is None:
        return Day(add_months(first, 1) - timedelta(days=1))
    try:
        return Day(first.replace(day=day))
    except ValueError:
        shown = f"{first:%Y-%m}-{day:02}"
        raise Refusal(f"There is no date “{shown}”.", "Write dates as 2026-12-01.", code="unreadable") from None


def _read_next(scan: Scan, aim: Aim, today: date, readers: Sequence[Reader], tongue: Tongue) -> Aim | None:
    place = scan.at
    for reader in readers:
        more = reader(scan, aim, today)
        if more is not None and scan.at > place:
            return more
        scan.at = place
    return _read_clock(scan, aim, tongue)


def _read_clock(scan: Scan, aim: Aim, tongue: Tongue) -> Aim | None:
    if aim.told or aim.from_now_s:
        return None
    if told := read_time(scan, tongue, aim.part):
        return replace(aim, told=told, part=None)
    part = read_part(scan, tongue) if aim.part is None else None
    return replace(aim, part=part) if part else None


def _finish(aim: Aim, now: datetime, tongue: Tongue) -> Moment:
    told = aim.told
    if aim.day and aim.weekday is not None and (aim.day.day.weekday() + 1) % 7 != aim.weekday:
        raise Refusal(
            f"{aim.day.day} is a {aim.day.day:%A}.", "Correct the date, or leave the weekday out.", code="ambiguous"
        )
    day = aim.day
    if told and told.is_after_midnight and aim.has_date:
        if day is None or told.time != (24, 0, 0):
            raise refuse_midnight(told, tongue)
        day = Day(day.day + timedelta(days=1), rolls=day.rolls)
    if day and day.rolls == MONTHLY:
        day = _coming(day, told.clock if told else None, now)
    return Moment(
        day=day,
        weekday=None if day else aim.weekday,
        clock=Reading(told.clock) if told else None,
        part=aim.part.name if aim.part else "",
        from_now_s=aim.from_now_s,
        days_on=aim.days_on,
        months_on=aim.months_on,
    )


def _coming(day: Day, clock: Time | None, now: datetime) -> Day:
    """The next such day of a month: 20号9点 is one instant, since every month would be 每月."""
    over = clock is not None and datetime.combine(day.day, time(*clock)) <= now
    return Day(roll_on(day.day, MONTHLY) if over else day.day)
