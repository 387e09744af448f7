"""An own calendar is imported, replaced or removed, and the jobs that go by it are planned anew."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.operations.announce import announce
from bot.operations.calendar import find_calendar, jobs_by, name_jobs
from bot.operations.note import note
from bot.operations.plan import came_at, plan, plan_after_end, plan_first
from bot.rules.access import Action, Actor, authorize
from bot.schedules.calendars import BUILT_IN, Change, Days, diff, fold_name, merge
from storage import agenda, calendars, jobs, runs
from storage.records import Calendar, Job, JobState, Run

MAX_NAME = 60
NAME = re.compile(r"[\w(][\w .,&'()/+-]*")
# Of one team: all its calendars are read whenever a schedule is, in some 20 ms at most.
MAX_CALENDARS = 100
MAX_DAYS = 60_000
NEW = 0  # the version of a calendar that is not there yet


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do. `version` is that of the calendar which it would replace in part, 0 for a new one."""

    name: str
    version: int
    changes: Mapping[int, Change]
    jobs: tuple[Job, ...]

    @property
    def is_new(self) -> bool:
        return self.version == NEW

    @property
    def is_change(self) -> bool:
        return any(change.added or change.removed or change.is_new for change in self.changes.values())


def preview_import(c: Connection, actor: Actor, name: str, days: Days) -> Preview:
    """What would change if these days were imported under the name; nothing is written. Raises Refusal as the import.

    Years that the days do not cover would stay as they are.
    """
    clean, old = _open(c, actor, name)
    merged = merge(_days_of(old), days)
    others = (one for one in calendars.list_calendars(c, actor.team_id) if old is None or one.id != old.id)
    if len(merged.days) + sum(len(one.days) for one in others) > MAX_DAYS:
        raise Refusal(
            f"All your calendars together would have more than {MAX_DAYS:,} days.",
            "Delete one that nobody needs, or leave out the years that have passed.",
            code="too_many",
            field="days",
        )
    using = jobs_by(c, actor.team_id, clean)
    return Preview(clean, old.version if old else NEW, diff(_days_of(old), days), tuple(using))


def import_calendar(
    c: Connection, actor: Actor, name: str, days: Days, *, version: int, now: datetime
) -> tuple[Calendar, Preview]:
    """Write the days and plan the jobs that go by the calendar anew; those that were held for want of it run again.

    `version` is the one of the preview that was confirmed: a calendar that changed meanwhile is refused.
    """
    clean, old = _open(c, actor, name)
    if version != (old.version if old else NEW):
        raise Refusal(
            f"The calendar “{clean}” was changed by somebody else meanwhile, so nothing was replaced.",
            "Look at the difference again.",
            code="conflict",
        )
    seen = preview_import(c, actor, clean, days)
    if old is not None and not seen.is_change:
        return old, seen
    merged = merge(_days_of(old), days)
    saved = calendars.put(
        c,
        Calendar(
            id=0,
            team_id=actor.team_id,
            name=clean,
            days=merged.days,
            years=merged.years,
            changed_by=actor.user_id,
            changed_at=now,
        ),
    )
    note(c, actor, "import", f"calendar:{saved.id}", now=now, detail=_detail(saved, seen))
    for job in seen.jobs:
        _plan_again(c, actor, job, clean, now)
    return saved, seen


def remove_calendar(c: Connection, actor: Actor, name: str, *, now: datetime) -> Calendar:
    """Refused while a standing job goes by it."""
    old = find_calendar(c, actor, name)
    authorize(actor, Action.DELETE, old)
    refuse_in_use(c, actor, old)
    calendars.remove(c, actor.team_id, old.name)
    note(c, actor, "delete", f"calendar:{old.id}", now=now, detail={"name": old.name})
    return old


def refuse_in_use(c: Connection, actor: Actor, calendar: Calendar) -> None:
    """Raises Refusal naming the standing jobs that go by the calendar, those that the actor may see."""
    using = jobs_by(c, actor.team_id, calendar.name)
    if using:
        raise Refusal(
            f"The calendar “{calendar.name}” is in use: {name_jobs(actor, using)} "
            f"{'goes' if len(using) == 1 else 'go'} by it.",
            "Change or delete the jobs first.",
            code="in_use",
        )


def _open(c: Connection, actor: Actor, name: str) -> tuple[str, Calendar | None]:
    """The name as it is kept, and the calendar that has it; the actor may import under this name."""
    clean = " ".join(name.split())
    old = calendars.find(c, actor.team_id, clean)
    authorize(actor, Action.IMPORT, old)
    if old is not None:
        return old.name, old
    if not 0 < len(clean) <= MAX_NAME or not NAME.fullmatch(clean):
        raise Refusal(
            f"A calendar's name has 1 to {MAX_NAME} letters, figures and spaces.",
            "Use the name that people will type: `except closing days`.",
            code="bad_name",
            field="name",
        )
    if meant := BUILT_IN.find(clean, "America/New_York"):
        raise Refusal(
            f"“{clean}” already means the built-in calendar {meant}.",
            "Choose another name.",
            code="taken",
            field="name",
        )
    if len(calendars.list_calendars(c, actor.team_id)) >= MAX_CALENDARS:
        raise Refusal(f"There are already {MAX_CALENDARS} calendars.", "Delete one first.", code="too_many")
    return clean, None


def _days_of(calendar: Calendar | None) -> Days | None:
    return Days(calendar.days, calendar.years) if calendar else None


def _detail(saved: Calendar, seen: Preview) -> dict[str, object]:
    return {
        "name": saved.name,
        "version": saved.version,
        "years": sorted(seen.changes),
        "added": sum(len(change.added) for change in seen.changes.values()),
        "removed": sum(len(change.removed) for change in seen.changes.values()),
    }


def _plan_again(c: Connection, actor: Actor, job: Job, name: str, now: datetime) -> None:
    """A paused job is planned when it is resumed. A held one may be held again, for the want of another calendar."""
    if job.state is JobState.ACTIVE:
        _rebuild(c, job, now)
    elif job.state is JobState.HELD and fold_name(f"the calendar {name} has no") in fold_name(job.state_reason or ""):
        active = jobs.set_state(c, job.id, JobState.ACTIVE, by=None, reason=None)
        plan_first(c, active, now=now)
        again = jobs.get(c, job.team_id, job.id)
        if again is not None and again.state is not JobState.HELD:
            announce(c, job, actor, f"imported the calendar “{name}”: *{{name}}* runs again", now=now)


def _rebuild(c: Connection, job: Job, now: datetime) -> None:
    """The planned run gives way to the one that the days now call for. One that a person moved stays moved."""
    before = runs.planned_of(c, job.id)
    if before is None or before.due_at <= now:
        return
    runs.drop_planned(c, job.id)
    waits = [int(schedule.spec) for schedule in job.schedules if schedule.kind == "fixed_delay"]
    after = plan_after_end(c, job, came_at(before) - timedelta(seconds=min(waits)), now=now) if waits else None
    _keep_due(c, before, after or plan(c, job, now, now=now))


def _keep_due(c: Connection, before: Run, after: Run | None) -> None:
    if after is not None and after.key == before.key and after.due_at != before.due_at:
        agenda.move(c, after, before.due_at)
