"""Bare `/dify`: how things stand, and the buttons to go on with."""

from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.blocks.status import status
from bot.rules.access import Action, may
from bot.services import Services
from bot.slack.listing import visible
from bot.slack.request import Request
from storage import runs

HELP = Help(verb="status", usage="", says="How many jobs, what fails, what runs next.", examples=("",))


async def answer(request: Request, services: Services) -> Message:
    """One line and buttons."""
    actor, found = await visible(services, request, proven=request.channel_id)
    seen = [job for job in found if may(actor, Action.SEE, job)]
    channels = {job.channel_id for job in seen}
    coming, going = await services.store.read(
        lambda c: (runs.next_runs(c, actor.team_id, channels, limit=1), runs.running(c, actor.team_id, channels))
    )
    failing = [job for job in seen if job.failing_since is not None]
    next_at = coming[0].due_at if coming else None
    return status(
        now=services.now(),
        jobs=len(seen),
        failing=len(failing),
        running=len(going),
        next_at=next_at,
        can_save=services.store.unwritable is None,
    )
