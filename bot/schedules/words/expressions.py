"""Writes the cron expressions of what was asked for in words, and asks for the time where none was given."""

from dataclasses import replace
from datetime import date

from bot.errors import Refusal
from bot.schedules.cron.fields import EVERY_MONTH, Dates, MonthDays, WeekDays
from bot.schedules.cron.write import Time, write_marks, write_steps, write_times
from bot.schedules.words.wish import Wish, write_duration, write_interval

SHORTEST_S = 10  # as for fixed_rate
HOUR_S, DAY_S = 3600, 86_400
USUAL_HOURS = {"morning": (8, 9), "afternoon": (14, 15), "evening": (18, 19), "night": (22, 23)}
MONDAY, FIRST = WeekDays(plain=frozenset({1})), MonthDays(plain=frozenset({1}))


def write_expressions(wish: Wish, phrase: str, anchor: date | None = None) -> list[str]:
    """The expressions of one wish; with `anchor`, those of its cycle. Raises Refusal where a time is missing."""
    dates = wish.dates or Dates()
    if wish.cycle:
        _check_cycle(wish, phrase)
        dates = replace(dates, cycle=replace(wish.cycle, anchor=anchor) if anchor else None)
    if wish.times:
        return write_times(dates, wish.months, wish.times)
    if wish.marks:
        return write_marks(dates, wish.months, wish.marks)
    if wish.interval_s is not None:
        return write_steps(dates, wish.months, _fires(wish), wish.interval_s)
    raise _refuse_no_time(wish, phrase)


def _fires(wish: Wish) -> list[int]:
    """The seconds of the day of a rhythm, in its window. Steps shorter than an hour end before the window does."""
    step = wish.interval_s or HOUR_S
    hour, minute, second = wish.window[0] if wish.window else (0, 0, 0)
    end_hour, end_minute, end_second = wish.window[1] if wish.window else (24, 0, 0)
    start, end = hour * HOUR_S + minute * 60 + second, end_hour * HOUR_S + end_minute * 60 + end_second
    even = (60 % step == 0 and start % 60 == 0) if step < 60 else (HOUR_S % step == 0 or step % HOUR_S == 0)
    fits = even and step < DAY_S and second == 0 and not (step < 60 and (minute or end_minute))
    if step < SHORTEST_S:
        raise Refusal(
            f"Every {write_duration(step, one=True)} is too often: the shortest interval is {SHORTEST_S} seconds.",
            f"Write “every {SHORTEST_S} seconds”.",
            code="too_often",
            choices=(replace(wish, interval_s=SHORTEST_S).phrase(short=True),),
        )
    if not fits or (step > HOUR_S and not wish.window and DAY_S % step):
        near = min((300, 600, 900, 1200, 1800, HOUR_S, 2 * HOUR_S), key=lambda even: abs(even - step))
        better = replace(wish, interval_s=near).phrase(short=True)
        raise Refusal(
            f"Every {write_interval(step)} does not fit evenly into an hour or day, so it cannot be bound to them.",
            f"Write “{better}”, or “every {write_interval(step)}” around the clock.",
            code="unreadable",
            choices=(better, f"every {write_interval(step)}"),
        )
    last = end if step >= HOUR_S and end < DAY_S else end - 1
    if end < start:  # over midnight
        fires = range(start, last + DAY_S + 1, step)
        if (DAY_S - start) % step % HOUR_S and step > 60:
            raise Refusal(
                "Those steps do not come out even at midnight.",
                "Write two schedules, parted by “;”.",
                code="unreadable",
            )
        return sorted(fire % DAY_S for fire in fires)
    return list(range(start, last + 1, step))


def _check_cycle(wish: Wish, phrase: str) -> None:
    """A cycle counts days, so it needs the days of its weeks or months, and times of day."""
    assert wish.cycle is not None
    dates = wish.dates or Dates()
    if not wish.times and (wish.interval_s is not None or wish.marks or wish.window):
        raise Refusal(
            "I cannot count days and repeat within them in one schedule.",
            "Name the times of day instead.",
            code="unreadable",
            choices=(_suggest(wish, 9).phrase(short=True),),
        )
    if wish.cycle.unit == "week" and not dates.week_days:
        raise _refuse_no_day(wish, phrase, "weekday", (Dates(week_days=MONDAY),))
    if wish.cycle.unit == "month" and not (dates.week_days or dates.month_days):
        last = Dates(month_days=MonthDays(from_end=frozenset({0})))
        raise _refuse_no_day(wish, phrase, "day of the month", (Dates(month_days=FIRST), last))


def _suggest(wish: Wish, hour: int) -> Wish:
    """The wish with its days and a usual time."""
    dates = wish.dates
    if wish.cycle and not dates:
        by_unit = {"week": Dates(week_days=MONDAY), "month": Dates(month_days=FIRST)}
        dates = by_unit.get(wish.cycle.unit)
    times: tuple[Time, ...] = wish.times or ((hour, 0, 0),)
    months, cycle = wish.months, wish.cycle
    if cycle and cycle.every == 12 and months == EVERY_MONTH:
        months = (1,)
    cycle = None if cycle and (cycle.every == 1 or (cycle.every == 12 and cycle.unit == "month")) else cycle
    return Wish(dates=dates, cycle=cycle, months=months, times=times)


def _refuse_no_day(wish: Wish, phrase: str, what: str, days: tuple[Dates, ...]) -> Refusal:
    choices = tuple(_suggest(replace(wish, dates=dates), 9).phrase(short=True) for dates in days)
    return Refusal(
        f"On which {what}? “{phrase.strip()}” does not name it.",
        f"For example “{choices[0]}”.",
        code="ambiguous",
        choices=choices,
    )


def _refuse_no_time(wish: Wish, phrase: str) -> Refusal:
    if not wish.dates and not wish.cycle and wish.months == EVERY_MONTH:
        return Refusal("I see no time in that.", "For example “every weekday at 9:00”.", code="unreadable")
    hours = USUAL_HOURS.get(wish.part, (9, 17))
    choices = tuple(_suggest(wish, hour).phrase(short=True) for hour in hours)
    if wish.cycle and wish.cycle.unit == "day" and not wish.dates:
        choices = (choices[0], f"every {wish.cycle.every * 24} hours")
    return Refusal(
        f"At what time? “{phrase.strip()}” names the days only.",
        f"For example “{choices[0]}”.",
        code="ambiguous",
        choices=choices,
    )
