"""Calendars as they can be looked at: what a team can name, its own ones, and the jobs that go by one."""

import difflib
from collections.abc import Sequence

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.rules.access import Action, Actor, may
from bot.schedules.calendars import TeamBook, fold_name
from bot.schedules.kind import Book
from storage import calendars, jobs
from storage.records import Calendar, Job, JobState

STANDING = (JobState.ACTIVE, JobState.PAUSED, JobState.HELD)
MOST_JOBS = 100_000  # more than any workspace has
NAMED = 5


def book_of(c: Connection, team_id: str) -> Book:
    """The calendars that the team can name: the built-in ones and its own."""
    return TeamBook(calendars.list_calendars(c, team_id))


def list_own(c: Connection, actor: Actor) -> list[Calendar]:
    """The team's own calendars that the actor may see, by name."""
    return [one for one in calendars.list_calendars(c, actor.team_id) if may(actor, Action.SEE, one)]


def find_calendar(c: Connection, actor: Actor, name: str) -> Calendar:
    """The team's own calendar of this name, in any case. Raises Refusal with the nearest names."""
    found = list_own(c, actor)
    for one in found:
        if fold_name(one.name) == fold_name(name):
            return one
    near = difflib.get_close_matches(fold_name(name), [fold_name(one.name) for one in found], n=3)
    choices = tuple(one.name for one in found if fold_name(one.name) in near)
    hint = f"Did you mean {' or '.join(f'“{one}”' for one in choices)}?" if choices else ""
    raise Refusal(
        f"I know no calendar “{name}”.", hint or "`/dify calendar` shows them.", code="unknown", choices=choices
    )


def names_of(job: Job) -> tuple[str, ...]:
    """The calendars that a job goes by, each once."""
    return tuple(dict.fromkeys(rule.calendar for schedule in job.schedules for rule in schedule.calendars))


def standing_jobs(c: Connection, team_id: str) -> list[Job]:
    """The jobs that run, are paused or are held, and go by some calendar."""
    found = jobs.list_jobs(c, team_id, states=STANDING, limit=MOST_JOBS)
    return [job for job in found if names_of(job)]


def jobs_by(c: Connection, team_id: str, name: str) -> list[Job]:
    """Those of them that go by this calendar, whoever may see them."""
    wanted = fold_name(name)
    return [job for job in standing_jobs(c, team_id) if wanted in map(fold_name, names_of(job))]


def name_jobs(actor: Actor, found: Sequence[Job]) -> str:
    """Jobs in a sentence: by name those that the actor may see, the others as a number."""
    seen = [f"“{job.name}” (#{job.id})" for job in found if may(actor, Action.SEE, job)]
    hidden = len(found) - len(seen[:NAMED])
    if not hidden:
        return ", ".join(seen)
    more = f"{hidden} {'more ' if seen else ''}job{'' if hidden == 1 else 's'}"
    return f"{', '.join(seen[:NAMED])} and {more}" if seen else f"{more} that you cannot see"
