"""Settles a wish that was read to its end: what completes it, and what contradicts itself in it."""

from dataclasses import replace

from bot.errors import Refusal
from bot.schedules.cron.describe import write_time
from bot.schedules.cron.fields import EVERY_MONTH, Cycle, Dates, MonthDays, WeekDays
from bot.schedules.words.clock import refuse_after_midnight, shift_to_part
from bot.schedules.words.missing import refuse_count, refuse_days, refuse_mixed, refuse_window
from bot.schedules.words.wish import Wish


def settle(wish: Wish) -> Wish:
    """Contradictions of a wish that was read to its end."""
    times = sorted({shift_to_part(reading, wish.part) for reading in wish.clock})
    if wish.dates and (wish.dates.week_days or wish.dates.month_days):
        refuse_after_midnight(times, wish.part)
    wish = _settle_cycle(replace(wish, times=tuple(times), clock=()))
    if wish.asked_times and len(wish.times) != wish.asked_times:
        raise refuse_count(wish)
    if wish.window and not wish.interval_s:
        raise refuse_window(wish)
    if wish.window and (wish.window[0] == wish.window[1] or (wish.window[0] > wish.window[1] and wish.dates)):
        raise Refusal(
            f"Nothing lies between {write_time(wish.window[0])} and {write_time(wish.window[1])}.",
            "The end must be later than the start, on the same day.",
            code="never",
        )
    if wish.interval_s and wish.times:
        raise refuse_mixed(wish)
    return wish


def _settle_cycle(wish: Wish) -> Wish:
    """A cycle of one is none once its days are named; so is one of twelve months for days of a named month."""
    cycle, dates = wish.cycle, wish.dates
    if cycle is None:
        return wish
    if wish.asked_days and _count_days(dates) != wish.asked_days:
        raise refuse_days(wish)
    if cycle.every == 1 and (cycle.unit == "day" or (dates and (dates.week_days or dates.month_days))):
        return replace(wish, cycle=None, dates=dates or Dates())
    if cycle.every == 12 and cycle.unit == "month" and dates and wish.months != EVERY_MONTH:
        return replace(wish, cycle=None)
    if cycle == Cycle("day", cycle.every, cycle.anchor) and dates and (dates.week_days or dates.month_days):
        raise Refusal(
            "I cannot count days and keep to days of the week or month in one schedule.",
            "Leave one of the two out.",
            code="ambiguous",
            choices=(replace(wish, cycle=None, times=wish.times or ((9, 0, 0),)).phrase(short=True),),
        )
    return wish


def _count_days(dates: Dates | None) -> int:
    if dates is None:
        return 0
    week, month = dates.week_days or WeekDays(), dates.month_days or MonthDays()
    in_month = len(month.plain) + len(month.from_end) + len(month.nearest) + len(month.nearest_from_end)
    return len(week.plain) + len(week.nth) + len(week.last) + in_month
