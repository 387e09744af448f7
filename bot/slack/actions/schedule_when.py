"""A time is being typed in the form of a job: its reading and the next times appear."""

from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.schedule_form import rebuild


async def act(press: Press, services: Services) -> None:
    """The form is built anew around what was typed so far."""
    answer_later(services, press, rebuild(services, press), name="form preview")
