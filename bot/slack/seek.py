"""From words and buttons to the row that is meant and the actor who may see it."""

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.errors import DeliveryError, Refusal
from bot.operations import find
from bot.rules.access import Action, Actor, authorize, may, unknown_job, unknown_run
from bot.services import Services
from bot.slack.door import gather_actor
from bot.slack.request import Asker, Interaction, Press, Request, read_name
from storage import jobs, runs
from storage.records import Job, Run


async def seek_job(services: Services, request: Request, text: str, action: Action = Action.SEE) -> tuple[Actor, Job]:
    """The one job that the words mean, of those that the person may see; jobs of this channel go first.

    By its number, also one that the person may not see but for which they have this right.
    """
    if not text:
        raise Refusal("Which job? None was named.", "`/dify list` shows them; `#12` is job 12.", code="no_target")
    found = await services.store.read(lambda c: find.candidates(c, request.team_id, text))
    channels = {job.channel_id for job in found}
    actor = await gather_actor(services, request, proven=request.channel_id, channels=channels)
    job = find.choose_job(found, actor, text, channel_id=request.channel_id)
    if job is None and _number(text.lstrip("#")):
        job = next((one for one in found if may(actor, action, one)), None)
    if job is None:
        raise await services.store.read(lambda c: find.miss_job(c, actor, text))
    return actor, job


async def press_job(services: Services, press: Press, name: str = "job") -> tuple[Actor, Job]:
    """The job that a button names, and the presser as actor; the button itself proves nothing."""
    job_id = _number(press.refs.get(name))
    job = await services.store.read(lambda c: jobs.get(c, press.team_id, job_id))
    if job is None:
        raise unknown_job(f"#{job_id}")
    actor = await gather_actor(services, press, proven=press.channel_id, channels=[job.channel_id])
    find.refuse_deleted(actor, job)
    return actor, job


async def press_run(services: Services, press: Press) -> tuple[Actor, Run]:
    """The run that a button names, and the presser as actor."""
    return await seek_run(services, press, press.refs.get("run"), proven=press.channel_id)


async def seek_run(services: Services, asker: Asker, text: str | None, *, proven: str) -> tuple[Actor, Run]:
    """The run of this number, and the asker as actor in its channel and in that of its job, which may have moved."""
    named = read_name(text or "")
    run_id = _number(named.lstrip("#"))
    run, job = await services.store.read(lambda c: _with_job(c, asker.team_id, run_id))
    if run is None:
        raise unknown_run(named)
    channels = {run.channel_id} | ({job.channel_id} if job is not None else set())
    return await gather_actor(services, asker, proven=proven, channels=channels), run


async def seen_runs(services: Services, caller: Interaction, job: Job, found: Sequence[Run]) -> list[Run]:
    """Those runs of the job that the caller may see: a job that has moved has some in channels of other people."""
    channels = {job.channel_id, *(run.channel_id for run in found)}
    actor = await gather_actor(services, caller, proven=caller.channel_id, channels=channels)
    authorize(actor, Action.SEE, job)
    return [run for run in found if may(actor, Action.SEE, run)]


async def reader_zone(services: Services, user_id: str) -> str | None:
    """The time zone of a person's Slack profile (IANA), None when Slack does not tell."""
    try:
        person = await services.slack.person(user_id)
    except DeliveryError:
        return None
    return person.tz or None


def _with_job(c: Connection, team_id: str, run_id: int) -> tuple[Run | None, Job | None]:
    run = runs.get(c, team_id, run_id)
    return run, jobs.get(c, team_id, run.job_id) if run is not None and run.job_id is not None else None


def _number(text: str | None) -> int:
    """0, which no row has, when it is no number that a database can hold."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else 0
