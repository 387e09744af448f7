"""*Take over*, on the notice that the owner of a job has left."""

from bot.blocks.notice import adopted
from bot.services import Services
from bot.slack.adopting import take_over
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job


async def act(press: Press, services: Services) -> Reply:
    """Who presses first has it."""
    actor, job = await press_job(services, press)
    return Reply(adopted(await take_over(services, actor, job)))
