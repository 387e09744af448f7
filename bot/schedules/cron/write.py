"""Writes cron fields: the Quartz expressions for dates and times that were asked for in words."""

from collections.abc import Iterable, Sequence

from bot.schedules.cron.fields import EVERY_MONTH, Dates, MonthDays, WeekDays
from bot.schedules.cron.narrow import write_narrow
from bot.schedules.cron.values import WEEKDAYS

Time = tuple[int, int, int]  # hour, minute, second


def write_times(dates: Dates, months: Sequence[int], times: Iterable[Time]) -> list[str]:
    """The expressions that fire at each of these times on these dates; as few as possible."""
    hours: dict[tuple[int, int], set[int]] = {}
    for hour, minute, second in sorted(times):
        hours.setdefault((second, minute), set()).add(hour)
    fields = [f"{second} {minute} {_list(found)}" for (second, minute), found in hours.items()]
    return _join(fields, dates, months)


def write_marks(dates: Dates, months: Sequence[int], minutes: Iterable[int]) -> list[str]:
    """The expressions that fire at these minutes of every hour."""
    return _join([f"0 {_list(minutes)} *"], dates, months)


def write_steps(dates: Dates, months: Sequence[int], fires: Iterable[int], step: int) -> list[str]:
    """As `write_times` for seconds of the day that are `step` seconds apart, written with `/` or `*` so that they
    follow the clock through a repeated hour."""
    if step < 60:
        hours_of_all = {second // 3600 for second in fires}
        return _join([f"0/{step} * {_hours(hours_of_all)}"], dates, months)
    minutes: dict[int, list[int]] = {}
    for fire in fires:
        minutes.setdefault(fire // 3600, []).append(fire % 3600 // 60)
    hours: dict[tuple[int, ...], set[int]] = {}
    for hour, found in minutes.items():
        hours.setdefault(tuple(found), set()).add(hour)
    fields = [f"0 {_minutes(marks, step // 60)} {_hours(found)}" for marks, found in hours.items()]
    return _join(fields, dates, months)


def _join(times: Iterable[str], dates: Dates, months: Sequence[int]) -> list[str]:
    month = "*" if tuple(months) == EVERY_MONTH else _list(months)
    narrow = write_narrow(dates)
    return [f"{time} {day} {month} {weekday}{narrow}" for time in times for day, weekday in _write_dates(dates)]


def _write_dates(dates: Dates) -> list[tuple[str, str]]:
    if dates.month_days is not None:
        return [(_write_month_days(dates.month_days), "?")]
    if dates.week_days is None:
        return [("*", "?")]
    return [("?", weekday) for weekday in _write_week_days(dates.week_days)]


def _write_month_days(rule: MonthDays) -> str:
    parts = [str(day) for day in sorted(rule.plain)]
    parts += [f"{day}W" for day in sorted(rule.nearest)]
    parts += [f"L-{back}" if back else "L" for back in sorted(rule.from_end, reverse=True)]
    parts += ["LW" for _ in rule.nearest_from_end]
    return ",".join(parts)


def _write_week_days(rule: WeekDays) -> list[str]:
    """One `#` is all that Quartz allows in an expression, so several take several."""
    monday_first = [WEEKDAYS[day] for day in sorted(rule.plain, key=lambda day: (day - 1) % 7)]
    plain = ["MON-FRI"] if rule.plain == {1, 2, 3, 4, 5} else [",".join(monday_first)] if monday_first else []
    nth = [f"{WEEKDAYS[day]}#{count}" for day, count in sorted(rule.nth)]
    return plain + nth + [f"{WEEKDAYS[day]}L" for day in sorted(rule.last)]


def _minutes(marks: tuple[int, ...], step: int) -> str:
    if marks == tuple(range(marks[0], 60, step)) and step < 60:
        return "*" if step == 1 and not marks[0] else f"{marks[0]}/{step}"
    return f"{marks[0]}-{marks[-1]}/{step}" if step < 60 else str(marks[0])


def _hours(hours: set[int]) -> str:
    ordered = sorted(hours)
    if ordered == list(range(24)):
        return "*"
    step = ordered[1] - ordered[0] if len(ordered) > 1 else 0
    if step and ordered == list(range(ordered[0], ordered[-1] + 1, step)):
        return f"{ordered[0]}-{ordered[-1]}" + (f"/{step}" if step > 1 else "")
    return _list(ordered)


def _list(numbers: Iterable[int]) -> str:
    return ",".join(str(number) for number in sorted(numbers))
