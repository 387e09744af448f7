"""A cron expression in plain English. Weekdays are always words, so that a wrong dialect is seen."""

from collections.abc import Iterable, Sequence

from bot.schedules.cron.fields import (
    EVERY_HOUR,
    EVERY_MINUTE,
    EVERY_MONTH,
    EVERY_YEAR,
    LAST_YEAR,
    Cron,
    Cycle,
    Dates,
    MonthDays,
    WeekDays,
)

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAY_NAMES = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
LISTED_TIMES = 12  # more times of day than this are told as a rhythm
LISTED_YEARS = 4
WORKDAYS = {1, 2, 3, 4, 5}


def describe_cron(cron: Cron, *, seconds: bool) -> str:
    """`every weekday at 09:00`; with `seconds` times are told to the second."""
    dates = describe_dates(cron.dates, cron.months) + _describe_years(cron.years)
    count = len(cron.hours) * len(cron.minutes) * len(cron.seconds)
    if count <= LISTED_TIMES and not _is_rhythm(cron):
        times = [(h, m, s) for h in cron.hours for m in cron.minutes for s in cron.seconds]
        return f"{dates} at {join_words(write_time(time, seconds=seconds) for time in times)}"
    rhythm = _describe_rhythm(cron)
    return rhythm if dates == "every day" else f"{rhythm}, {dates}"


def describe_dates(dates: Dates, months: Sequence[int]) -> str:
    """`every day`, `every Monday and Friday`, `on the last day of every month`, `every day in December`."""
    by_month, by_week = dates.month_days, dates.week_days
    named = "" if tuple(months) == EVERY_MONTH else join_words(MONTH_NAMES[month - 1] for month in months)
    inside = f" in {named}" if named else ""
    if by_month is None:
        return _describe_week_days(by_week, named) if by_week and not by_week.plain else _plain(by_week) + inside
    yearly = "every year " if named else ""
    month_days = yearly + _describe_month_days(by_month, named or "every month")
    if by_week is None:
        return month_days
    if dates.either:
        return f"{month_days} and also {_plain(by_week)}{inside}"
    return f"{_plain(by_week)} that falls {_describe_month_days(by_month, named or 'the month')}"


def describe_cycle(cycle: Cycle, dates: Dates, months: Sequence[int]) -> str:
    """`every 2 days`, `every 2 weeks on Monday`, `every 2 months on the 10th`, `every 2 years on the 1st of May`."""
    every, unit = cycle.every, cycle.unit
    if unit == "month" and tuple(months) != EVERY_MONTH and every % 12 == 0:
        every, unit = every // 12, "year"
    named = "" if tuple(months) == EVERY_MONTH else join_words(MONTH_NAMES[month - 1] for month in months)
    words = f"every {every} {unit}s"
    if dates.month_days:
        on = _describe_month_days(dates.month_days, named or "month").removesuffix(" of month")
        return f"{words} {on}"
    if dates.week_days is None:
        return words + (f" in {named}" if named else "")
    if dates.week_days.plain:
        on = "weekdays" if dates.week_days.plain == WORKDAYS else _plain(dates.week_days).removeprefix("every ")
        return f"{words} on {on}" + (f" in {named}" if named else "")
    on = _describe_week_days(dates.week_days, named).removeprefix("every year ")
    return f"{words} {on if named else on.removesuffix(' of every month')}"


def write_time(time: tuple[int, int, int], *, seconds: bool = False, short: bool = False) -> str:
    """`09:00`; `short` writes `9:00`. Seconds are shown when asked for and when there are any."""
    hour, minute, second = time
    tail = f":{second:02}" if seconds or second else ""
    return f"{hour}:{minute:02}{tail}" if short else f"{hour:02}:{minute:02}{tail}"


def join_words(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _plain(rule: WeekDays | None) -> str:
    if rule is None or len(rule.plain) == 7:
        return "every day"
    if rule.plain == WORKDAYS:
        return "every weekday"
    return "every " + join_words(DAY_NAMES[day] for day in sorted(rule.plain, key=lambda day: (day - 1) % 7))


def _describe_week_days(rule: WeekDays, months: str) -> str:
    named = [f"{ordinal(count)} {DAY_NAMES[day]}" for day, count in sorted(rule.nth)]
    named += [f"last {DAY_NAMES[day]}" for day in sorted(rule.last)]
    yearly = "every year " if months else ""
    return f"{yearly}on the {join_words(named)} of {months or 'every month'}"


def _describe_month_days(rule: MonthDays, months: str) -> str:
    parts = [f"the {join_words(ordinal(day) for day in sorted(rule.plain))}"] if rule.plain else []
    parts += [f"the weekday nearest the {ordinal(day)}" for day in sorted(rule.nearest)]
    parts += ["the last day" for back in rule.from_end if not back]
    parts += ["the last weekday" for _ in rule.nearest_from_end]
    before = [_days_before(back) for back in sorted(rule.from_end) if back]
    said = [f"on {join_words(parts)} of {months}"] if parts else []
    said += [f"{join_words(before)} the last day of {months}"] if before else []
    return " and ".join(said)


def _days_before(back: int) -> str:
    return f"{back} day{'s' if back > 1 else ''} before"


def _describe_years(years: Sequence[int]) -> str:
    if tuple(years) == EVERY_YEAR:
        return ""
    if len(years) <= LISTED_YEARS:
        return f" in {join_words(str(year) for year in years)}"
    step = years[1] - years[0]
    every = "" if step == 1 else f" every {ordinal(step)} year"
    until = "" if years[-1] + step > LAST_YEAR else f" to {years[-1]}"
    if tuple(years) == tuple(range(years[0], years[-1] + 1, step)):
        return f"{every} from {years[0]}{until}"
    return f" in {join_words(str(year) for year in years)}"


def _is_rhythm(cron: Cron) -> bool:
    """A schedule of every hour or minute, or by steps, says its rhythm even where it fires only a few times."""
    return cron.hours == EVERY_HOUR or cron.minutes == EVERY_MINUTE or (cron.repeats and len(cron.minutes) > 1)


def _describe_rhythm(cron: Cron) -> str:
    return _describe_minutes(cron) + _describe_hours(cron.hours)


def _describe_minutes(cron: Cron) -> str:
    seconds, minutes = cron.seconds, cron.minutes
    if minutes == EVERY_MINUTE:
        if seconds == (0,):
            return "every minute"
        if step := _even_step(seconds):
            return "every second" if step == 1 else f"every {step} seconds"
        return f"every minute at {_marks(seconds, 'second')}"
    tail = "" if seconds == (0,) else f" ({_marks(seconds, 'second')})"
    if step := _even_step(minutes):
        return f"every {step} minutes{tail}"
    marks = join_words(f":{minute:02}" for minute in minutes) if len(minutes) <= LISTED_TIMES else _runs(minutes)
    return f"every hour at {marks}{tail}"


def _describe_hours(hours: tuple[int, ...]) -> str:
    if hours == EVERY_HOUR:
        return ""
    if hours == tuple(range(hours[0], hours[-1] + 1)):
        return f" from {hours[0]:02}:00 to {hours[-1]:02}:59"
    return f" in the hours {join_words(str(hour) for hour in hours)}"


def _even_step(values: tuple[int, ...]) -> int:
    """The step of values that run evenly through the whole minute or hour from 0, else 0."""
    step = values[1] - values[0] if len(values) > 1 else 0
    return step if step and 60 % step == 0 and values == tuple(range(0, 60, step)) else 0


def _marks(values: tuple[int, ...], unit: str) -> str:
    return f"{unit}{'s' if len(values) > 1 else ''} {_runs(values)}"


def _runs(values: tuple[int, ...]) -> str:
    """`0-5, 30 and 40-59`: neighbours drawn together."""
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][-1] == value - 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return join_words(f"{run[0]}-{run[-1]}" if len(run) > 2 else join_words(map(str, run)) for run in runs)
