"""*Open trace*: the tree of nodes, private to the reader."""

from bot.blocks.place import Place
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.seek import press_run
from bot.slack.trace_views import open_trace


async def act(press: Press, services: Services) -> None:
    """The first level of the modal."""
    actor, run = await press_run(services, press)
    authorize(actor, Action.SEE, run)
    answer_later(services, press, open_trace(services, press, run, Place(run.id)), name="open trace")
