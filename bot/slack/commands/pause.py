"""`/dify pause <job> [until …] [because …]`: the future of a job is taken away, what runs goes on."""

from bot.blocks.help import Help
from bot.blocks.notice import notice
from bot.blocks.parts import Message
from bot.blocks.pausing import paused
from bot.errors import Refusal
from bot.operations.pause import pause
from bot.rules.access import Action, may
from bot.services import Services
from bot.slack.moment import read_moment, split_at
from bot.slack.request import Request, read_name
from bot.slack.seek import reader_zone, seek_job
from bot.slack.words import unescape
from storage import agenda

HELP = Help(
    verb="pause",
    usage="pause <job> [until <when>] [because <reason>]",
    says="Stop starting a job, for good or until a time; a run that is going on goes on.",
    examples=(
        'pause "Daily news"',
        'pause "Daily news" until monday 9:00',
        "pause #12 until 2026-12-01 8:00 because the API is down",
    ),
)


async def answer(request: Request, services: Services) -> Message:
    """Pause it, and offer to resume it and to stop what runs."""
    rest, reason = split_at(request.rest, "because")
    name, when = split_at(rest, "until")
    actor, job = await seek_job(services, request, read_name(name), Action.PAUSE)
    if when == "":
        raise Refusal(
            "Until when? No time was given.",
            f"For example `/dify pause #{job.id} until monday 9:00`.",
            code="no_when",
        )
    until = await read_moment(services, request, when, f"/dify pause #{job.id} until") if when else None
    why = unescape(reason).strip() if reason else None
    now = services.now()
    changed, going = await services.store.run(
        lambda c: (
            pause(c, actor, job.id, now=now, reason=why or None, until=until),
            agenda.going_of(c, job.id),
        )
    )
    services.engine.wake("clock")
    services.engine.wake("courier")
    if not may(actor, Action.SEE, changed):
        return notice(f"Paused job #{changed.id}.")
    return paused(changed, request.user_id, going, await reader_zone(services, request.user_id))
