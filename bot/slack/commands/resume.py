"""`/dify resume <job>`: the next slot is planned from now."""

from bot.blocks.help import Help
from bot.blocks.notice import notice
from bot.blocks.parts import Message
from bot.blocks.pausing import resumed
from bot.operations.resume import resume
from bot.rules.access import Action, may
from bot.services import Services
from bot.slack.request import Request, read_name
from bot.slack.seek import reader_zone, seek_job
from storage.records import JobState

HELP = Help(
    verb="resume",
    usage="resume <job>",
    says="Start a paused job again; times that passed meanwhile are not made up.",
    examples=('resume "Daily news"',),
)


async def answer(request: Request, services: Services) -> Message:
    """Resume it, and say what passed and when it runs next."""
    actor, job = await seek_job(services, request, read_name(request.rest), Action.PAUSE)
    now = services.now()
    done = await services.store.run(lambda c: resume(c, actor, job.id, now=now))
    services.engine.wake("clock")
    services.engine.wake("courier")
    if not may(actor, Action.SEE, done.job):
        deed = "is still held" if done.job.state is JobState.HELD else "resumed"
        return notice(f"Job #{done.job.id} {deed}.")
    next_at = done.planned.due_at if done.planned else None
    return resumed(done.job, request.user_id, done.passed, next_at, await reader_zone(services, request.user_id))
