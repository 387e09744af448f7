"""`/dify run <job or app> [key=value …]`: one run now."""

from sqlalchemy import Connection

from bot.blocks.help import Help
from bot.blocks.notice import run_started
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.find import find_app
from bot.operations.launch import launch_app, launch_job
from bot.rules import inputs
from bot.rules.access import Actor
from bot.services import Services
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Request, RunWords, read_run
from bot.slack.run_form import missing_inputs
from bot.slack.schedule_form import fields_of
from bot.slack.seek import reader_zone, seek_job
from storage import apps
from storage.records import App, Job, Run

HELP = Help(
    verb="run",
    usage="run <job or app> [key=value …]",
    says="One run now, of a job, into its channel, or of any connected app, into this one.",
    examples=('run "Daily news"', "run daily-report city=Berlin"),
)


async def answer(request: Request, services: Services) -> Message | None:
    """A job with its own inputs starts at once; where inputs are to be checked, Dify is asked after the ack."""
    words = read_run(request.rest)
    try:
        actor, job = await seek_job(services, request, words.target)
        meant = await services.store.read(lambda c: _app_of_that_very_name(c, job, words.target))
    except Refusal as unknown:
        if unknown.code != "unknown":
            raise
        refused = unknown
        actor = await gather_actor(services, request, proven=request.channel_id)
        meant = await services.store.read(lambda c: _app_or(c, actor, words.target, refused))
    if meant is not None:
        answer_later(services, request, _run_app(request, services, actor, meant, words), name="run")
        return None
    if words.inputs:
        answer_later(services, request, _run_job(request, services, actor, job, words), name="run")
        return None
    run = await services.store.run(
        lambda c: launch_job(c, actor, job.id, None, key=_key(request), now=services.now())
    )
    return started(services, run)


def started(services: Services, run: Run) -> Message:
    """Wake who runs it, and say so."""
    services.engine.wake("runner")
    services.engine.wake("courier")
    return run_started(run)


async def _run_app(request: Request, services: Services, actor: Actor, app: App, words: RunWords) -> Message:
    fields = await fields_of(services, app)
    if inputs.missing(fields, words.inputs):
        return missing_inputs(app, fields, words.inputs)
    values, zone = inputs.check(fields, words.inputs), await reader_zone(services, request.user_id) or "UTC"
    now, channel_id = services.now(), request.channel_id
    run = await services.store.run(
        lambda c: launch_app(c, actor, app, channel_id, values, key=_key(request), now=now, zone=zone)
    )
    return started(services, run)


async def _run_job(request: Request, services: Services, actor: Actor, job: Job, words: RunWords) -> Message:
    app = await services.store.read(lambda c: apps.get(c, job.team_id, job.app_id))
    if app is None:
        raise Refusal(f"The Dify app of “{job.name}” is not connected any more.", "Connect it with `/dify connect`.")
    values = inputs.check(await fields_of(services, app), {**job.inputs, **words.inputs})
    run = await services.store.run(
        lambda c: launch_job(c, actor, job.id, values, key=_key(request), now=services.now())
    )
    return started(services, run)


def _key(request: Request) -> str:
    """Slack does not repeat commands, and each has a trigger of its own."""
    return f"typed:{request.trigger_id or request.response_url}"


def _app_of_that_very_name(c: Connection, job: Job, name: str) -> App | None:
    """An app goes before a job whose name only begins so, or a new job would change what the words mean."""
    if job.name.casefold() == name.casefold() or name.startswith("#"):
        return None
    return apps.find(c, job.team_id, name)


def _app_or(c: Connection, actor: Actor, name: str, unknown_job: Refusal) -> App:
    """The app of that name; when there is none either, whichever Refusal has something to offer."""
    try:
        return find_app(c, actor, name)
    except Refusal as error:
        raise (unknown_job if unknown_job.choices and not error.choices else error) from None
