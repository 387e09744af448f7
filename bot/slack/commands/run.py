"""`/dify run <job or app> [key=value …]`: one run now."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from bot.blocks.help import Help
from bot.blocks.notice import run_started
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.fill import zone_of_job
from bot.operations.find import find_app
from bot.operations.launch import launch_app, launch_job
from bot.rules import inputs
from bot.rules.access import Actor
from bot.services import Services
from bot.slack.door import answer_later, gather_actor
from bot.slack.moment import read_day
from bot.slack.request import Request
from bot.slack.run_form import missing_inputs
from bot.slack.run_sentence import RunWords, read_run
from bot.slack.schedule_form import fields_of
from bot.slack.seek import reader_zone, seek_job
from storage import apps
from storage.records import App, Job, Run

HELP = Help(
    verb="run",
    usage="run <job or app> [data <day> [time]] [force] [key=value …]",
    says="One run now, of a job, into its channel, or of any connected app, into this one. With `data` it is about "
    "another day; `force` (admins) runs a job whatever it is at.",
    examples=('run "Daily news"', "run daily-report city=Berlin", 'run "Daily news" data 2026-11-01'),
)


async def answer(request: Request, services: Services) -> Message | None:
    """A job with its own inputs starts at once; where inputs are to be checked, Dify is asked after the ack."""
    words = await _read(request, services)
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
    return await _launch(request, services, actor, job, words, None)


async def _read(request: Request, services: Services) -> RunWords:
    """A job or an app that is called so, to its last word, goes before what those words would ask for."""
    words = read_run(request.rest)
    if words.whole == words.target:
        return words
    plain = RunWords(target=words.whole, inputs=words.inputs, whole=words.whole)
    if await services.store.read(lambda c: apps.find(c, request.team_id, words.whole)) is not None:
        return plain
    try:
        _, job = await seek_job(services, request, words.whole)
    except Refusal:
        return words
    return plain if job.name.casefold() == words.whole.casefold() else words


async def _launch(
    request: Request,
    services: Services,
    actor: Actor,
    job: Job,
    words: RunWords,
    values: Mapping[str, Any] | None,
) -> Message:
    data_at = read_day(words.data, zone_of_job(job)) if words.data else None
    launch = partial(launch_job, data_at=data_at, is_forced=words.is_forced)
    run = await services.store.run(lambda c: launch(c, actor, job.id, values, key=_key(request), now=services.now()))
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
    data_at = read_day(words.data, zone) if words.data else None
    launch = partial(launch_app, key=_key(request), now=services.now(), zone=zone, data_at=data_at)
    run = await services.store.run(lambda c: launch(c, actor, app, request.channel_id, values))
    return started(services, run)


async def _run_job(request: Request, services: Services, actor: Actor, job: Job, words: RunWords) -> Message:
    app = await services.store.read(lambda c: apps.get(c, job.team_id, job.app_id))
    if app is None:
        raise Refusal(f"The Dify app of “{job.name}” is not connected any more.", "Connect it with `/dify connect`.")
    values = inputs.check(await fields_of(services, app), {**job.inputs, **words.inputs})
    return await _launch(request, services, actor, job, words, values)


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
