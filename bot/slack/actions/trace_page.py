"""The pages of a level of the trace."""

from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.trace_views import seen_place, show_in_place


async def act(press: Press, services: Services) -> None:
    """The level turns its page in place."""
    run, place = await seen_place(services, press)
    answer_later(services, press, show_in_place(services, press, run, place, deeper=0), name="trace page")
