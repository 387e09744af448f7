"""*Full text* of a value that was cut: sent as a file, to the reader alone."""

from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.trace_views import seen_place, send_full_text


async def act(press: Press, services: Services) -> None:
    """A direct message with the file."""
    run, place = await seen_place(services, press)
    answer_later(services, press, send_full_text(services, press, run, place), name="full text")
