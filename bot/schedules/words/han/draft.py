"""What has been read of a recurring phrase so far, in any order, and the wish that it comes to."""

from dataclasses import dataclass, replace

from bot.errors import Refusal
from bot.schedules.cron.fields import EVERY_MONTH, Cycle, Dates, MonthDays, WeekDays
from bot.schedules.cron.write import Time
from bot.schedules.words.han.clock import Told
from bot.schedules.words.han.tongue import Part, Tongue
from bot.schedules.words.wish import END_OF_DAY, Wish, write_duration

WORKDAYS = frozenset({1, 2, 3, 4, 5})
WEEKEND = frozenset({0, 6})
QUARTERS = (1, 4, 7, 10)
OFFICE_HOURS = ((9, 0, 0), (17, 0, 0))


@dataclass(frozen=True, slots=True)
class Draft:
    """`scope` is the unit that comes again and whose days must still be named: day, week, month or year."""

    scope: str = ""
    week: WeekDays | None = None
    month: MonthDays | None = None
    months: tuple[int, ...] | None = None
    cycle: Cycle | None = None
    told: tuple[Told, ...] = ()
    part: Part | None = None
    interval_s: int | None = None
    delay_s: int | None = None
    marks: tuple[int, ...] = ()
    window: tuple[Told, Told] | None = None
    office: bool = False
    asked_times: int = 0

    @property
    def names_days(self) -> bool:
        return self.week is not None or self.month is not None


def settle(draft: Draft, tongue: Tongue) -> Wish:
    """The wish. Raises Refusal for what is missing or contradicts itself."""
    if draft.delay_s is not None:
        return Wish(delay_s=draft.delay_s)
    _check_days(draft, tongue)
    week = draft.week
    if draft.office and not draft.names_days and not draft.scope:
        week = WeekDays(plain=WORKDAYS)
    dates = Dates(month_days=draft.month, week_days=week)
    is_dated = week is not None or draft.month is not None or bool(draft.scope and not draft.cycle)
    wish = Wish(
        dates=dates if is_dated else None,
        cycle=draft.cycle,
        months=draft.months or EVERY_MONTH,
        times=_times_of(draft, tongue),
        interval_s=None if draft.marks else draft.interval_s,
        marks=draft.marks,
        window=_window_of(draft, tongue),
        part=draft.part.name if draft.part else "",
        asked_times=draft.asked_times,
    )
    _check_times(wish, tongue)
    return wish


def _times_of(draft: Draft, tongue: Tongue) -> tuple[Time, ...]:
    days_differ = draft.names_days or draft.cycle or draft.months
    for told in draft.told:
        if told.is_after_midnight and days_differ:
            raise refuse_midnight(told, tongue)
    return tuple(sorted({told.clock for told in draft.told}))


def _window_of(draft: Draft, tongue: Tongue) -> tuple[Time, Time] | None:
    if draft.office:
        return OFFICE_HOURS
    if draft.window is None:
        return None
    first, last = draft.window
    if first.is_after_midnight or last.time > END_OF_DAY:
        raise refuse_midnight(first if first.is_after_midnight else last, tongue)
    end = END_OF_DAY if last.clock == (0, 0, 0) else last.time
    if first.time >= end:
        raise Refusal(
            f"Nothing lies between {_write(first.time)} and {_write(last.time)}.",
            f"{tongue.hints['window']} (The end must be later than the start, on the same day.)",
            code="never",
        )
    return first.time, end


def _check_days(draft: Draft, tongue: Tongue) -> None:
    """A week, month or year that comes again needs its day; a rhythm within it does not."""
    if draft.scope in ("", "day") or draft.names_days or draft.interval_s or draft.marks:
        return
    if draft.scope == "year" and draft.months and not draft.cycle:
        choice = "every year on the 1st of January at 9:00"
    else:
        choice = {
            "week": "every Monday at 9:00",
            "month": "on the 1st of every month at 9:00",
            "year": "every year on the 1st of January at 9:00",
        }[draft.scope]
    raise Refusal(
        f"On which day of the {draft.scope}?",
        f"{tongue.hints[draft.scope]} (For example “{choice}”.)",
        code="ambiguous",
        choices=(choice,),
    )


def _check_times(wish: Wish, tongue: Tongue) -> None:
    if wish.asked_times and len(wish.times) != wish.asked_times:
        choices = ("every day at 9:00 and 17:00",) if wish.asked_times == 2 else ("every day at 9:00",)
        raise Refusal(
            f"{wish.asked_times} times a day: I need to know at which.",
            f"{tongue.hints['times']} (For example “{choices[0]}”.)",
            code="ambiguous",
            choices=choices,
        )
    if wish.interval_s and wish.times:
        every = f"every {write_duration(wish.interval_s)}"
        at = replace(wish, interval_s=None, window=None).phrase(short=True)
        raise Refusal(
            "An interval and a time of day are two kinds of schedule.",
            f"{tongue.hints['kinds']} (Write “{every}” or “{at}”.)",
            code="ambiguous",
            choices=(every, at),
        )
    if wish.window and not (wish.interval_s or wish.marks):
        choice = replace(wish, interval_s=1800, times=()).phrase(short=True)
        raise Refusal(
            "How often in that window?",
            f"{tongue.hints['often']} (For example “{choice}”.)",
            code="ambiguous",
            choices=(choice,),
        )
    if wish.window and wish.marks:
        raise Refusal(
            "I cannot bind minutes of the hour to a part of the day.",
            f"{tongue.hints['often']} (Write a step, as in “every 30 minutes from 9:00 to 18:00”.)",
            code="unreadable",
        )


def refuse_midnight(told: Told, tongue: Tongue) -> Refusal:
    """Which day an hour after midnight belongs to is unclear."""
    return Refusal(
        f"It is unclear on which day {_write(told.clock)} is: a new day begins at midnight.",
        f"{tongue.hints['midnight']} (Name the day on which it is then, and {_write(told.clock)}.)",
        code="ambiguous",
    )


def _write(time: Time) -> str:
    return f"{time[0]}:{time[1]:02}"
