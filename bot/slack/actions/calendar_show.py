"""*Show* beside a calendar."""

from bot.services import Services
from bot.slack.calendars import press_calendar, show_one
from bot.slack.door import Reply
from bot.slack.request import Press


async def act(press: Press, services: Services) -> Reply:
    """Its card, under the list."""
    _, found = await press_calendar(services, press)
    return Reply(await show_one(services, press, press.channel_id, found.name))
