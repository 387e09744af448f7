"""*Delete*, confirmed."""

from bot.blocks.job import deleted
from bot.operations.remove import remove
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job


async def act(press: Press, services: Services) -> Reply:
    """The job does not run again; the card says so."""
    actor, job = await press_job(services, press)
    gone = await services.store.run(lambda c: remove(c, actor, job.id, now=services.now()))
    services.engine.wake("courier")
    return Reply(deleted(gone, press.user_id), replace=press.is_ephemeral)
