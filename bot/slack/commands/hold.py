"""`/dify hold <run or job>`: a run that has not begun waits until it is released."""

from bot.blocks.help import Help
from bot.blocks.notice import run_held
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.hold import hold
from bot.rules.access import Action, Actor
from bot.services import Services
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job, seek_run
from storage import jobs, runs
from storage.records import Run

HELP = Help(
    verb="hold",
    usage="hold <run>  ·  hold <job>",
    says="Hold a run that waits, or the next run of a job, until somebody releases it.",
    examples=("hold 381", 'hold "Daily news"'),
)


async def answer(request: Request, services: Services) -> Message:
    """Held is held, whoever asks for it first."""
    actor, run = await _seek(request, services)
    held = await services.store.run(lambda c: hold(c, actor, run.id, now=services.now()))
    services.engine.wake("courier")
    job_id = held.job_id
    job = await services.store.read(lambda c: jobs.get(c, held.team_id, job_id)) if job_id is not None else None
    return run_held(held, job)


async def _seek(request: Request, services: Services) -> tuple[Actor, Run]:
    text = read_name(request.rest)
    if text.isdecimal():
        return await seek_run(services, request, text, proven=request.channel_id)
    actor, job = await seek_job(services, request, text, Action.HOLD)
    planned = await services.store.read(lambda c: runs.planned_of(c, job.id))
    if planned is None:
        raise Refusal(
            f"Nothing of “{job.name}” is planned right now, so there is nothing to hold.",
            f"`/dify runs #{job.id}` shows the numbers of its runs; one that waits can be held by its number.",
            code="unplanned",
        )
    return actor, planned
