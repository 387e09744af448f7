"""The end of a calendar: the channels of the jobs that go by it are warned before its last day."""

from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import Connection

from bot.operations.calendar import book_of, names_of, standing_jobs
from bot.operations.tell import tell
from bot.schedules import zone_of
from bot.schedules.kind import Book, NoData
from storage import meta
from storage.records import Job, JobState

WARN_DAYS = (7, 30)  # before the last day; the nearest that fits is told
DECEMBER = 12
CHECKED = "calendars_checked:"


def warn_of_calendars(c: Connection, team_id: str, now: datetime) -> int:
    """Owe the warnings that have come due, each once, to the channel of each job; how many jobs were looked at.

    Calendars are known by whole years, so there is nothing to do but in December, and once an hour suffices.
    """
    if not _is_near_new_year(now):
        return 0
    hour = f"{now:%Y-%m-%dT%H}"
    if meta.get(c, CHECKED + team_id) == hour:
        return 0
    meta.put(c, CHECKED + team_id, hour)
    book = book_of(c, team_id)
    found = [job for job in standing_jobs(c, team_id) if job.state is not JobState.HELD]
    for job in found:
        for calendar, last in _endings(job, book, now):
            _warn(c, job, calendar, last, now)
    return len(found)


def _is_near_new_year(now: datetime) -> bool:
    """December anywhere in the world, with the day on which it begins in the east."""
    return now.month == DECEMBER or (now.month, now.day) in ((DECEMBER - 1, 30), (1, 1))


def _endings(job: Job, book: Book, now: datetime) -> Iterator[tuple[str, date]]:
    """The calendars of a job that know the present year and not the next one, with their last day."""
    today = now.astimezone(zone_of(job.schedules[0].zone)).date()
    for calendar in names_of(job):
        if _knows(book, calendar, today.year) and not _knows(book, calendar, today.year + 1):
            yield calendar, date(today.year, DECEMBER, 31)


def _knows(book: Book, calendar: str, year: int) -> bool:
    try:
        book.has(calendar, date(year, 1, 1))
    except NoData:
        return False
    return True


def _warn(c: Connection, job: Job, calendar: str, last: date, now: datetime) -> None:
    left = (last - now.astimezone(zone_of(job.schedules[0].zone)).date()).days
    days = next((days for days in WARN_DAYS if left <= days), None)
    if days is None:
        return
    mend = (
        f"A newer release of Dify Ops will know {last.year + 1} once it is published"
        if ":" in calendar
        else f"Import {last.year + 1} with `/dify calendar import {calendar}`"
    )
    says = (
        f"warns: *{{name}}* goes by the calendar “{calendar}”, whose last day is {last.day} December {last.year}. "
        f"After it the job is held, and does not run, until the calendar has {last.year + 1}. {mend}"
    )
    occasion = f"calendar:{job.id}/{calendar.casefold()}/{last.year}/{days}"
    tell(c, job, job.channel_id, says, occasion=occasion, now=now)
