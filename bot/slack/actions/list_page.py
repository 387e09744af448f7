"""The pages of a list of jobs."""

from bot.services import Services
from bot.slack.door import Reply
from bot.slack.listing import list_page
from bot.slack.request import Press


async def act(press: Press, services: Services) -> Reply:
    """`list:all page:1`; the list turns its page in place."""
    word, page = press.refs.get("list", "here"), press.refs.get("page", "0")
    number = int(page) if page.isdigit() else 0
    return Reply(await list_page(services, press, press.channel_id, word, number), replace=press.is_ephemeral)
