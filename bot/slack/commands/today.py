"""`/dify today [#channel]`: what came and what comes in a channel on this day of the person."""

from datetime import datetime, time, timedelta

from bot import schedules
from bot.blocks import words
from bot.blocks.day import day_list
from bot.blocks.help import Help
from bot.blocks.parts import Message, channel
from bot.blocks.text import escape
from bot.errors import Refusal
from bot.operations.today import day_of
from bot.services import Services
from bot.slack.listing import CHANNEL, visible
from bot.slack.request import Request
from bot.slack.seek import reader_zone

HELP = Help(
    verb="today",
    usage="today [#channel]",
    says="What came and what comes today, in this channel or another: one list, clashes marked.",
    examples=("today", "today #ops"),
)
NO_ZONE = "UTC"


async def answer(request: Request, services: Services) -> Message:
    """The local day of the person who asks."""
    where = _read_channel(request)
    zone = await reader_zone(services, request.user_id) or NO_ZONE
    now = services.now()
    start, end = _day(now, zone)
    actor, found = await visible(services, request, proven=request.channel_id, only_channel=where)
    day = await services.store.read(lambda c: day_of(c, actor, found, start, end, now=now))
    local = start.astimezone(schedules.zone_of(zone))
    title = f"{words.WEEKDAYS[local.weekday()]} {local.day} {words.MONTHS[local.month - 1]} in {channel(where)}"
    return day_list(day, f"{title} ({escape(zone)})", zone, now)


def _read_channel(request: Request) -> str:
    word = request.rest.strip()
    if word in ("", "here"):
        return request.channel_id
    found = CHANNEL.match(word)
    if found is None:
        raise Refusal(
            f"“{word}” is no channel that Slack knows.",
            "Type # and pick it from the list that Slack offers, or type `/dify today` for this one.",
            code="no_channel",
        )
    return str(found.group(1) or found.group(2))


def _day(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """Midnight to midnight on the clock of the zone, which may be 23 or 25 hours."""
    where = schedules.zone_of(zone)
    today = now.astimezone(where).date()
    start, end = (datetime.combine(day, time(), where) for day in (today, today + timedelta(days=1)))
    return start, end
