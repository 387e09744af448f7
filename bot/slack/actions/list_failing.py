"""*Show failing* under the status line."""

from bot.services import Services
from bot.slack.door import Reply
from bot.slack.listing import list_page
from bot.slack.request import Press


async def act(press: Press, services: Services) -> Reply:
    """What needs somebody."""
    return Reply(await list_page(services, press, press.channel_id, "failing", 0))
