"""A job described and not yet saved: nothing happens before Save."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot import schedules
from bot.errors import Refusal
from bot.operations.calendar import book_of
from bot.rules.access import Action, Actor, Place, authorize
from bot.schedules.warnings import check_pace
from storage import drafts, jobs
from storage.records import App, Draft, Job, Policy
from storage.tables import fold

KEPT = timedelta(hours=24)
DEFAULT_TIMEOUT_S = 20 * 60  # Dify's own limit for a workflow (WORKFLOW_MAX_EXECUTION_TIME) is as long
MAX_NAME = 80
MAX_JOBS_PER_CHANNEL = 500


def draft(
    c: Connection,
    actor: Actor,
    *,
    app: App,
    channel_id: str,
    name: str | None,
    when: str,
    zone: str,
    inputs: Mapping[str, Any],
    now: datetime,
    timeout_s: int = DEFAULT_TIMEOUT_S,
    policy: Policy = Policy(),
    job: Job | None = None,
) -> Draft:
    """Keep what was described for 24 hours; raises Refusal.

    `when` is a strict text of schedules. Without a `name` it is called as its app, with a number where a job of the
    channel has that name. `job` is set when it describes a change of that job.
    """
    authorize(actor, Action.CREATE, Place(team_id=actor.team_id, channel_id=channel_id))
    authorize(actor, Action.SEE, app)
    if job is not None:
        authorize(actor, Action.EDIT, job)
    for one in schedules.read_all(when, zone, now, book=book_of(c, actor.team_id)):
        check_pace(one)
    kept = Draft(
        id=secrets.token_urlsafe(12),
        team_id=actor.team_id,
        user_id=actor.user_id,
        channel_id=channel_id,
        app_id=app.id,
        name=check_name(name or _free_name(c, actor.team_id, channel_id, app.name)),
        when=when,
        zone=zone,
        inputs=inputs,
        timeout_s=timeout_s,
        policy=policy,
        job_id=job.id if job else None,
        job_version=job.version if job else None,
        created_at=now,
        expires_at=now + KEPT,
    )
    drafts.put(c, kept)
    return kept


def _free_name(c: Connection, team_id: str, channel_id: str, name: str) -> str:
    """The name, or the first of `name 2`, `name 3` … that no job of the channel has."""
    standing = jobs.list_jobs(c, team_id, channel_ids={channel_id}, limit=MAX_JOBS_PER_CHANNEL)
    taken = {fold(job.name) for job in standing}
    numbered = (f"{name[: MAX_NAME - 5]} {number}" for number in range(2, len(taken) + 3))
    return next(free for free in (name, *numbered) if fold(free) not in taken)


def check_name(name: str) -> str:
    """A job's name: one line of 1 to 80 characters that cannot be taken for a number."""
    clean = " ".join(name.split())
    if not clean or len(clean) > MAX_NAME:
        raise Refusal(
            f"A job's name has 1 to {MAX_NAME} characters, this one has {len(clean)}.",
            'Name it with `as "Daily news"`.',
            code="bad_name",
            field="name",
        )
    if clean.lstrip("#").isdigit():
        raise Refusal(
            f"“{clean}” would be taken for a job's number.",
            "Give the job a name with a letter.",
            code="bad_name",
            field="name",
        )
    return clean


def take_draft(c: Connection, actor: Actor, draft_id: str, *, now: datetime) -> Draft:
    """The draft of this person, while it is kept, and while they may still make a job at least for themselves."""
    authorize(actor, Action.CREATE, Place(team_id=actor.team_id, channel_id=actor.user_id))
    found = drafts.get(c, actor.team_id, draft_id, now)
    if found is None or found.user_id != actor.user_id:
        raise gone()
    return found


def gone() -> Refusal:
    """The one sentence for a draft that is not there (any more), or is somebody else's."""
    return Refusal(
        "This card is no longer open: it was saved, cancelled, or is older than a day.",
        "Type the `/dify schedule …` command again.",
        code="gone",
    )


def cancel(c: Connection, actor: Actor, draft_id: str, *, now: datetime) -> Draft:
    """Throw a draft away."""
    found = take_draft(c, actor, draft_id, now=now)
    drafts.remove(c, actor.team_id, draft_id)
    return found
