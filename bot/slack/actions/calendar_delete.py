"""*Delete* on a calendar, confirmed."""

from bot.blocks.calendar import deleted
from bot.operations.recalendar import remove_calendar
from bot.services import Services
from bot.slack.calendars import gather_for, press_calendar
from bot.slack.door import Reply
from bot.slack.request import Press


async def act(press: Press, services: Services) -> Reply:
    """It is gone, unless a job goes by it."""
    _, found = await press_calendar(services, press)
    actor, _, _ = await gather_for(services, press, press.channel_id, found.name)
    await services.store.run(lambda c: remove_calendar(c, actor, found.name, now=services.now()))
    return Reply(deleted(found.name), replace=press.is_ephemeral)
