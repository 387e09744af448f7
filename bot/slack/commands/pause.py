"""`/dify pause <job> [because …]`: the future of a job is taken away, what runs goes on."""

from bot.blocks.help import Help
from bot.blocks.job import paused
from bot.blocks.notice import notice
from bot.blocks.parts import Message
from bot.operations.pause import pause
from bot.rules.access import Action, may
from bot.services import Services
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job

HELP = Help(
    verb="pause",
    usage="pause <job> [because <reason>]",
    says="Stop starting a job; a run that is going on goes on.",
    examples=('pause "Daily news"', "pause #12 because the API is down"),
)


async def answer(request: Request, services: Services) -> Message:
    """Pause it, and offer to resume."""
    text, _, reason = request.rest.partition(" because ")
    actor, job = await seek_job(services, request, read_name(text), Action.PAUSE)
    now = services.now()
    changed = await services.store.run(lambda c: pause(c, actor, job.id, now=now, reason=reason.strip() or None))
    services.engine.wake("courier")
    if not may(actor, Action.SEE, changed):
        return notice(f"Paused job #{changed.id}.")
    return paused(changed, request.user_id)
