"""*New job*: the form."""

from bot.services import Services
from bot.slack.door import answer_later
from bot.slack.request import Press
from bot.slack.schedule_form import Form, open_form


async def act(press: Press, services: Services) -> None:
    """Empty, for the channel that the button stands in."""
    form = Form(channel_id=press.channel_id)
    answer_later(services, press, open_form(services, press, form), name="new job")
