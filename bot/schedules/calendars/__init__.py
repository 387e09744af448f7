"""Calendars: which days are holidays, working days, trading days or a team's own, and how own ones are read."""

from bot.schedules.calendars.book import BUILT_IN, TeamBook, fold_name
from bot.schedules.calendars.days import Change, Days, diff, merge
from bot.schedules.calendars.handed import read_calendar
from bot.schedules.calendars.official import warm

__all__ = ("BUILT_IN", "Change", "Days", "TeamBook", "diff", "fold_name", "merge", "read_calendar", "warm")
