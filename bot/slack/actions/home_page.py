"""The pages of the jobs in the Home."""

from bot.services import Services
from bot.slack import home
from bot.slack.request import Press


async def act(press: Press, services: Services) -> None:
    """`list:all page:1`."""
    page = press.refs.get("page", "0")
    home.refresh(services, press, word=press.refs.get("list", "all"), page=int(page) if page.isdigit() else 0)
