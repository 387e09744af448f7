"""`/dify resume <job>`: the next slot is planned from now."""

from bot.blocks.help import Help
from bot.blocks.job import paused
from bot.blocks.notice import notice
from bot.blocks.parts import Message
from bot.operations.resume import resume
from bot.rules.access import Action, may
from bot.services import Services
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job
from storage import runs

HELP = Help(
    verb="resume",
    usage="resume <job>",
    says="Start a paused job again; times that passed meanwhile are not made up.",
    examples=('resume "Daily news"',),
)


async def answer(request: Request, services: Services) -> Message:
    """Resume it, and say when it runs next."""
    actor, job = await seek_job(services, request, read_name(request.rest), Action.PAUSE)
    now = services.now()
    changed, planned = await services.store.run(
        lambda c: (resume(c, actor, job.id, now=now), runs.planned_of(c, job.id))
    )
    services.engine.wake("clock")
    services.engine.wake("courier")
    if not may(actor, Action.SEE, changed):
        return notice(f"Resumed job #{changed.id}.")
    return paused(changed, request.user_id, next_at=planned.due_at if planned else None)
