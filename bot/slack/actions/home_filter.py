"""The filter of the jobs in the Home."""

from bot.services import Services
from bot.slack import home
from bot.slack.request import Press


async def act(press: Press, services: Services) -> None:
    """Publish it with the chosen jobs."""
    home.refresh(services, press, word=press.value)
