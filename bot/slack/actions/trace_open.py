"""*Open* in the trace: one level deeper."""

from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.trace_views import seen_place, show_deeper


async def act(press: Press, services: Services) -> None:
    """A new view on the stack, or in place where Slack's stack ends."""
    run, place = await seen_place(services, press)
    answer_later(services, press, show_deeper(services, press, run, place), name="open node")
