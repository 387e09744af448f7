"""`/dify next <job or when>`: when something runs next."""

import asyncio

from bot import schedules
from bot.blocks.help import Help
from bot.blocks.listing import next_list
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.services import Services
from bot.slack.cards import NEXT_SHOWN, next_of_job
from bot.slack.request import Request, read_name
from bot.slack.seek import reader_zone, seek_job

HELP = Help(
    verb="next",
    usage="next <job or when>",
    says="The next times of a job, or of any schedule text, in your time zone.",
    examples=('next "Daily news"', "next every weekday at 9", "next 0 9 * * 1-5"),
)


async def answer(request: Request, services: Services) -> Message:
    """A job of that name goes before a schedule of those words."""
    if not request.rest:
        raise Refusal("The next times of what?", "For example `/dify next every weekday at 9`.", code="no_target")
    try:
        _, job = await seek_job(services, request, read_name(request.rest))
    except Refusal as error:
        if error.code != "unknown":
            raise
        return await _next_of_words(request, services, unknown=error)
    return await next_of_job(services, job, request.user_id)


async def _next_of_words(request: Request, services: Services, *, unknown: Refusal) -> Message:
    zone, now = await reader_zone(services, request.user_id) or "UTC", services.now()
    try:
        schedule = await asyncio.to_thread(schedules.read, request.rest, zone, now)
    except Refusal as error:
        raise (unknown if unknown.choices else error) from None
    return next_list(schedule.says, schedules.preview(schedule, now, NEXT_SHOWN), schedule.zone, zone, now)
