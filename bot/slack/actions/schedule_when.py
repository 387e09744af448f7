"""A time is being typed in the form of a job: its reading and the next times appear."""

from bot.services import Services
from bot.slack.request import Press
from bot.slack.schedule_form import rebuild


async def act(press: Press, services: Services) -> None:
    """The form is built anew around what was typed so far."""
    services.tasks.spawn(rebuild(services, press), name="form preview")
