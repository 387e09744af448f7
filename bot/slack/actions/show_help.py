"""*Help* under the status line."""

from bot.services import Services
from bot.slack.door import Reply
from bot.slack.listing import show_overview
from bot.slack.request import Press


async def act(press: Press, services: Services) -> Reply:
    """The same as `/dify help`."""
    return Reply(await show_overview(services, press))
