"""*Import a calendar*, *Import days*: the form."""

from bot.services import Services
from bot.slack.calendars import open_import, press_calendar
from bot.slack.request import Press


async def act(press: Press, services: Services) -> None:
    """Empty, or with the name of the calendar that the button stands beside."""
    name = (await press_calendar(services, press))[1].name if "calendar" in press.refs else ""
    await open_import(services, press, name)
