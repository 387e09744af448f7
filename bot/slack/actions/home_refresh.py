"""*Refresh* in the Home."""

from bot.services import Services
from bot.slack import home
from bot.slack.request import Press


async def act(press: Press, services: Services) -> None:
    """Publish it anew."""
    home.refresh(services, press)
