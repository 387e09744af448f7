"""The one way from words to a row that the actor may see."""

import difflib
from collections.abc import Sequence

from sqlalchemy import Connection

from bot.errors import Refusal
from bot.rules.access import Action, Actor, authorize, may, unknown_job, unknown_run
from storage import apps, jobs, runs
from storage.records import App, Job, JobState, Run


def find_job(c: Connection, actor: Actor, text: str, *, channel_id: str | None = None) -> Job:
    """The job with this number, name or unique beginning of a name; one in `channel_id` goes first."""
    job = choose_job(candidates(c, actor.team_id, text), actor, text, channel_id=channel_id)
    if job is None:
        raise miss_job(c, actor, text)
    return job


def choose_job(found: Sequence[Job], actor: Actor, text: str, *, channel_id: str | None) -> Job | None:
    """The one of the candidates that is meant; None when the actor may see none of them."""
    seen = [job for job in found if may(actor, Action.SEE, job)]
    here = [job for job in seen if job.channel_id == channel_id]
    exact = [job for job in here or seen if job.name.casefold() == text.strip().casefold()]
    narrowed = exact or here or seen
    if len(narrowed) < 2:
        return narrowed[0] if narrowed else None
    raise Refusal(
        f"“{text}” fits {len(narrowed)} jobs.",
        "Say which, by number: " + ", ".join(f"#{job.id} {job.name}" for job in narrowed[:5]) + ".",
        code="ambiguous",
        choices=tuple(f"#{job.id}" for job in narrowed[:5]),
    )


def miss_job(c: Connection, actor: Actor, text: str) -> Refusal:
    """For words that mean no job, with the nearest names that the actor may see."""
    return unknown_job(text, _nearest(c, actor, text))


def candidates(c: Connection, team_id: str, text: str) -> Sequence[Job]:
    """All jobs of the team that the text may mean, before anybody's rights are looked at."""
    return [job for job in jobs.find(c, team_id, text) if job.state is not JobState.DELETED]


def job_by_id(c: Connection, actor: Actor, action: Action, job_id: int) -> Job:
    """The job, authorised for the action."""
    job = jobs.get(c, actor.team_id, job_id)
    if job is None:
        raise unknown_job(f"#{job_id}")
    refuse_deleted(actor, job)
    authorize(actor, action, job)
    return job


def refuse_deleted(actor: Actor, job: Job) -> None:
    """Tell who may see the job that it is gone; to others it never was."""
    if job.state is JobState.DELETED:
        authorize(actor, Action.SEE, job)
        raise Refusal(f"“{job.name}” was deleted. It does not run any more; its history stays.", code="deleted")


def run_by_id(c: Connection, actor: Actor, action: Action, run_id: int) -> Run:
    """The run, authorised for the action."""
    run = runs.get(c, actor.team_id, run_id)
    if run is None:
        raise unknown_run(str(run_id))
    authorize(actor, action, run)
    return run


def find_app(c: Connection, actor: Actor, text: str) -> App:
    """The app of this name."""
    app = apps.find(c, actor.team_id, text.strip())
    if app is None:
        raise unknown_app(c, actor, text)
    authorize(actor, Action.SEE, app)
    return app


def unknown_app(c: Connection, actor: Actor, text: str) -> Refusal:
    """Names the apps that there are, the nearest first."""
    names = [app.name for app in apps.list_apps(c, actor.team_id)] if may(actor, Action.SEE, None) else []
    if not names:
        return Refusal(
            f"No Dify app “{text}” is connected.",
            "A workspace admin connects one with `/dify connect`.",
            code="unknown",
        )
    nearest = tuple(difflib.get_close_matches(text, names, n=3, cutoff=0.5))
    hint = (
        f"Did you mean {' or '.join(f'“{name}”' for name in nearest)}?"
        if nearest
        else f"There are: {', '.join(names[:10])}."
    )
    return Refusal(f"I know no Dify app “{text}”.", hint, code="unknown", choices=nearest)


def _nearest(c: Connection, actor: Actor, text: str) -> tuple[str, ...]:
    seen = [
        job.name
        for job in jobs.list_jobs(c, actor.team_id, channel_ids=None if actor.is_system else actor.member_of)
        if may(actor, Action.SEE, job)
    ]
    return tuple(difflib.get_close_matches(text, seen, n=2, cutoff=0.5))
