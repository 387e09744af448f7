"""The dates of a cron expression in words: weekdays, days of the month, months, years and cycles, none left out."""

from collections.abc import Sequence

from bot.schedules.cron.fields import EVERY_MONTH, EVERY_YEAR, Cycle, Dates, MonthDays, WeekDays
from bot.schedules.wording.lexicon import MONDAY_FIRST, Lexicon

ALL_DAYS = 7
WORKDAYS = {1, 2, 3, 4, 5}


def word_dates(dates: Dates, months: Sequence[int], years: Sequence[int], lexicon: Lexicon) -> str:
    named = lexicon.join(lexicon.month.format(month=month) for month in months)
    inside = "" if tuple(months) == EVERY_MONTH else named
    cycle = dates.cycle
    said = _word_cycle(cycle, dates, inside, lexicon) if cycle else _word_plain(dates, inside, lexicon)
    return said + _word_years(years, lexicon)


def _word_plain(dates: Dates, months: str, lexicon: Lexicon) -> str:
    week, month = dates.week_days, dates.month_days
    by_month = _in_month(_month_items(month, lexicon), months, lexicon) if month else ""
    by_week = _word_week(week, months, lexicon) if week and not _is_every_day(week) else ""
    if month and week and not dates.either:
        return lexicon.both.format(first=by_month, second=_any_week_day(week, lexicon))
    if month and week:
        every = by_week or (lexicon.yearly_daily.format(months=months) if months else lexicon.daily)
        return lexicon.either.format(first=by_month, second=every)
    if by_month or by_week:
        return by_month or by_week
    return lexicon.yearly_daily.format(months=months) if months else lexicon.daily


def _word_week(week: WeekDays, months: str, lexicon: Lexicon) -> str:
    plain = lexicon.weekly.format(days=_plain_days(week, lexicon)) if week.plain else ""
    if plain and months:
        plain = lexicon.in_months.format(months=months, days=plain)
    counted = _counted_days(week, lexicon)
    in_month = _in_month(counted, months, lexicon) if counted else ""
    return lexicon.either.format(first=plain, second=in_month) if plain and in_month else plain or in_month


def _word_cycle(cycle: Cycle, dates: Dates, months: str, lexicon: Lexicon) -> str:
    days = []
    if dates.month_days:
        days.append(lexicon.join(_month_items(dates.month_days, lexicon)))
    if dates.week_days:
        days.append(_any_week_day(dates.week_days, lexicon))
    template = lexicon.cycle_on if days else lexicon.cycle
    said = template.format(every=cycle.every, unit=lexicon.units[cycle.unit], days=lexicon.join(days))
    said = lexicon.in_months.format(months=months, days=said) if months else said
    return said + (lexicon.counted.format(anchor=cycle.anchor) if cycle.anchor else "")


def _in_month(days: Sequence[str], months: str, lexicon: Lexicon) -> str:
    said = lexicon.join(days)
    return lexicon.yearly.format(months=months, days=said) if months else lexicon.monthly.format(days=said)


def _any_week_day(week: WeekDays, lexicon: Lexicon) -> str:
    plain = [_plain_days(week, lexicon)] if week.plain else []
    return lexicon.join([*plain, *_counted_days(week, lexicon)])


def _plain_days(week: WeekDays, lexicon: Lexicon) -> str:
    if week.plain == WORKDAYS:
        return lexicon.workdays
    return lexicon.join(lexicon.weekdays[day] for day in MONDAY_FIRST if day in week.plain)


def _counted_days(week: WeekDays, lexicon: Lexicon) -> list[str]:
    nth = [lexicon.nth.format(nth=count, day=lexicon.weekdays[day]) for day, count in sorted(week.nth)]
    return nth + [lexicon.last_weekday.format(day=lexicon.weekdays[day]) for day in sorted(week.last)]


def _month_items(rule: MonthDays, lexicon: Lexicon) -> list[str]:
    items = [lexicon.month_day.format(day=day) for day in sorted(rule.plain)]
    items += [lexicon.nearest.format(day=day) for day in sorted(rule.nearest)]
    for back in sorted(rule.from_end):
        items.append(lexicon.before_last.format(back=back) if back else lexicon.last_day)
    for back in sorted(rule.nearest_from_end):
        items.append(lexicon.nearest_before_last.format(back=back) if back else lexicon.last_workday)
    return items


def _word_years(years: Sequence[int], lexicon: Lexicon) -> str:
    if tuple(years) == EVERY_YEAR:
        return ""
    step = years[1] - years[0] if len(years) > 2 else 0
    if step > 1 and tuple(years) == tuple(range(years[0], years[-1] + 1, step)):
        every = lexicon.year_steps.format(first=years[0], last=years[-1], step=f"{step}{lexicon.units['year']}")
        return lexicon.years.format(years=every)
    return lexicon.years.format(years=lexicon.join(lexicon.year.format(year=run) for run in join_runs(years)))


def join_runs(values: Sequence[int]) -> list[str]:
    """`0-5`, `30`: neighbours drawn together."""
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][-1] == value - 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]


def _is_every_day(week: WeekDays) -> bool:
    return len(week.plain) == ALL_DAYS
