"""`/dify health`: how the bot itself does."""

from functools import partial

from bot.blocks.health import Checkup, health
from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.errors import DeliveryError
from bot.operations.health import lags, look_at_health, worries
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Request
from storage import vitals

HELP = Help(
    verb="health",
    usage="health",
    says="How the bot itself does: its clock, what waits and for how long, and whether Slack and Dify answer.",
    examples=("health",),
)


async def answer(request: Request, services: Services) -> None:
    """Slack is asked as well, which may take longer than an ack has."""
    answer_later(services, request, _look(request, services), name="health")


async def _look(request: Request, services: Services) -> Message:
    actor, now = await gather_actor(services, request, proven=request.channel_id), services.now()
    authorize(actor, Action.SEE, None)
    rows = await services.store.read(partial(look_at_health, team_id=services.team_id, now=now))
    idle = await services.store.read(vitals.jobs_without_next)
    beat_age_s = services.pulse.age_s()
    found = worries(beat_age_s, rows.due_age_s(now), rows.cut_off, can_save=services.store.unwritable is None)
    checkup = Checkup(
        worries=[*found, *services.remarks],
        beat_age_s=beat_age_s,
        vitals=rows.vitals,
        lags=lags(rows.vitals.starts),
        slack=await _ask_slack(services),
        hosts=rows.gates,
        full=rows.full,
        idle=len(idle),
        is_admin=actor.is_admin,
    )
    return health(checkup, now)


async def _ask_slack(services: Services) -> str:
    """What is wrong with Slack's Web API; empty where it answers."""
    try:
        await services.slack.check()
    except DeliveryError as error:
        return error.code
    return ""
