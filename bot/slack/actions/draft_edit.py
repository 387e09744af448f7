"""*Edit* on a card: the form, filled with what the card says."""

from bot.operations.draft import take_draft
from bot.services import Services
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Press
from bot.slack.schedule_form import form_of_draft, open_form


async def act(press: Press, services: Services) -> None:
    """Open the form."""
    actor = await gather_actor(services, press, proven=press.channel_id)
    draft = await services.store.read(lambda c: take_draft(c, actor, press.refs.get("draft", ""), now=services.now()))
    answer_later(services, press, open_form(services, press, form_of_draft(draft)), name="draft form")
