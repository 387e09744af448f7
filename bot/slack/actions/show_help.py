"""*Help* under the status line."""

from bot.blocks.help import overview
from bot.registry import leaves
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import reader_zone


async def act(press: Press, services: Services) -> Reply:
    """The same as `/dify help`."""
    verbs = [command.HELP for command in leaves("bot.slack.commands").values()]
    return Reply(overview(verbs, zone=await reader_zone(services, press.user_id) or "UTC"))
