"""Whether a slot comes later than its clock time says, because the clock jumped over that time."""

from bot.schedules.cron.narrow import parse_narrowed
from bot.schedules.cron.parse import UNION
from bot.schedules.shifts import changes_in, local_of, moment_of
from storage.records import Schedule


def is_shifted(schedule: Schedule, stamp: int) -> bool:
    """The slot stands at the end of a gap, and no expression names that time of day itself."""
    if schedule.kind != "cron":
        return False
    year = moment_of(stamp).year
    gap = next((change for change in changes_in(schedule.zone, year) if change.at == stamp), None)
    if gap is None or gap.after < gap.before:
        return False
    local = local_of(stamp + gap.after)
    return not any(
        local.hour in cron.hours and local.minute in cron.minutes and local.second in cron.seconds
        for cron in map(parse_narrowed, schedule.spec.split(UNION))
    )
