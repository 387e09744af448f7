"""*Fill in*: the form with the inputs that a run still needs."""

from bot.errors import Refusal
from bot.rules.access import Action, authorize
from bot.services import Services
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Press
from bot.slack.run_form import open_run_form
from storage import apps


async def act(press: Press, services: Services) -> None:
    """The result will come into the channel that the button stands in."""
    actor = await gather_actor(services, press, proven=press.channel_id)
    number = press.refs.get("app", "0")
    app = await services.store.read(lambda c: apps.get(c, press.team_id, int(number) if number.isdigit() else 0))
    if app is None:
        raise Refusal("This Dify app is not connected any more.", "`/dify connect` connects one.", code="unknown")
    authorize(actor, Action.SEE, app)
    answer_later(services, press, open_run_form(services, press, app), name="run form")
