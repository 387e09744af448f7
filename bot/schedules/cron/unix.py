"""Unix cron, as Debian's cron(5) runs it: minute hour day month weekday; Sunday is 0 or 7.

Where both day fields are restricted, a date needs to match only one of them, unless one begins with `*`.
"""

from collections.abc import Sequence

from bot.schedules.cron.faults import WrongField
from bot.schedules.cron.fields import EVERY_MONTH, Cron, Dates, MonthDays, WeekDays
from bot.schedules.cron.values import MONTHS, WEEKDAYS, Field, read_values

NICKNAMES = {
    "@YEARLY": "0 0 1 1 *",
    "@ANNUALLY": "0 0 1 1 *",
    "@MONTHLY": "0 0 1 * *",
    "@WEEKLY": "0 0 * * 0",
    "@DAILY": "0 0 * * *",
    "@MIDNIGHT": "0 0 * * *",
    "@HOURLY": "0 * * * *",
}
FIELDS = (
    Field("minute", 0, 59, any_step=True),
    Field("hour", 0, 23, any_step=True),
    Field("day of the month", 1, 31, any_step=True),
    Field("month", 1, 12, {name: place + 1 for place, name in enumerate(MONTHS)}, any_step=True),
    Field(
        "weekday",
        0,
        7,
        {name: place for place, name in enumerate(WEEKDAYS)},
        any_step=True,
        note="0 and 7 are Sunday",
    ),
)


def take_unix(fields: Sequence[str]) -> Cron:
    """The meaning of five fields in capitals. Raises WrongField."""
    minutes, hours, days, months, weekdays = (_read(fields, place) for place in range(5))
    day, weekday = fields[2], fields[4]
    return Cron(
        seconds=(0,),
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        dates=Dates(
            None if day == "*" else MonthDays(plain=frozenset(days)),
            None if weekday == "*" else WeekDays(plain=frozenset(value % 7 for value in weekdays)),
            either=not day.startswith("*") and not weekday.startswith("*"),
        ),
        months=EVERY_MONTH if fields[3] == "*" else tuple(sorted(months)),
        repeats=fields[0].startswith("*") or fields[1].startswith("*"),
    )


def _read(fields: Sequence[str], place: int) -> set[int]:
    try:
        return read_values(FIELDS[place], fields[place])
    except WrongField as wrong:
        raise wrong.at(place, FIELDS[place].name) from None
