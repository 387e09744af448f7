"""Another workflow was chosen in the form of a job: its inputs appear."""

from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.schedule_form import rebuild


async def act(press: Press, services: Services) -> None:
    """The form is built anew around what was typed."""
    answer_later(services, press, rebuild(services, press), name="form inputs")
