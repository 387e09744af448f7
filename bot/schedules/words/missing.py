"""Refusals of wishes that lack something, with whole texts that have it."""

from dataclasses import replace

from bot.errors import Refusal
from bot.schedules.cron.fields import Dates, MonthDays, WeekDays
from bot.schedules.words.wish import Wish, write_interval

# Days and times that a count may mean, evenly spread.
WEEK_DAYS = {1: (1,), 2: (1, 4), 3: (1, 3, 5), 4: (1, 2, 4, 5), 5: (1, 2, 3, 4, 5)}
MONTH_DAYS = {1: (1,), 2: (1, 15), 3: (1, 11, 21), 4: (1, 8, 15, 22), 5: (1, 7, 13, 19, 25)}
HOURS = {1: (9,), 2: (9, 17), 3: (8, 12, 18), 4: (6, 10, 14, 18), 5: (6, 9, 12, 15, 18)}
NINE = ((9, 0, 0),)
HALF_HOUR_S, HOUR_S = 1800, 3600


def refuse_count(wish: Wish) -> Refusal:
    """`twice a day` without two times."""
    times = tuple((hour, 0, 0) for hour in HOURS[wish.asked_times])
    choices = [replace(wish, times=times, asked_times=0).phrase(short=True)]
    if wish.times:
        choices.insert(0, replace(wish, asked_times=0).phrase(short=True))
    return Refusal(
        f"{wish.asked_times} times a day, but {len(wish.times)} named."
        if wish.times
        else "At what times of the day?",
        f"For example “{choices[0]}”.",
        code="ambiguous",
        choices=tuple(choices),
    )


def refuse_days(wish: Wish) -> Refusal:
    """`three times a week` without three days."""
    week = wish.cycle is not None and wish.cycle.unit == "week"
    days = frozenset((WEEK_DAYS if week else MONTH_DAYS)[wish.asked_days])
    dates = Dates(week_days=WeekDays(plain=days)) if week else Dates(month_days=MonthDays(plain=days))
    choice = Wish(dates=dates, months=wish.months, times=wish.times or NINE).phrase(short=True)
    return Refusal(
        f"On which {wish.asked_days} days of the {'week' if week else 'month'}, and at what time?",
        f"For example “{choice}”.",
        code="ambiguous",
        choices=(choice,),
    )


def refuse_window(wish: Wish) -> Refusal:
    """`between 9 and 17` without how often."""
    choices = tuple(replace(wish, interval_s=step, times=()).phrase(short=True) for step in (HALF_HOUR_S, HOUR_S))
    return Refusal("How often in that window?", f"For example “{choices[0]}”.", code="ambiguous", choices=choices)


def refuse_mixed(wish: Wish) -> Refusal:
    """`every 2 hours at 9`: a rhythm and a time of day."""
    rhythm = replace(wish, times=()).phrase(short=True)
    at = replace(wish, interval_s=None, window=None).phrase(short=True)
    choices = [at, rhythm]
    if wish.interval_s == HOUR_S and wish.times[0][1:] == (0, 0):
        choices.insert(0, Wish(dates=wish.dates, months=wish.months, marks=(wish.times[0][0],)).phrase(short=True))
    elif not wish.window and wish.times[0][2] == 0:
        choices.insert(0, replace(wish, times=(), window=(wish.times[0], (24, 0, 0))).phrase(short=True))
    return Refusal(
        "An interval and a time of day are two kinds of schedule.",
        f"Write {' or '.join(f'“{choice}”' for choice in choices)}; every {write_interval(wish.interval_s or 0)} "
        "counts from Save, times of day are the zone's.",
        code="ambiguous",
        choices=tuple(choices),
    )


def refuse_overlap() -> Refusal:
    """`every Sunday on weekdays`."""
    return Refusal(
        "The days contradict each other: none is both.",
        "Name the days once, joined by “and”.",
        code="never",
        choices=("every weekday at 9:00", "every Saturday and Sunday at 9:00"),
    )
