"""*Undo* under what was skipped."""

from bot.operations.skip import unskip
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job
from bot.slack.skipping import say_unskipped


async def act(press: Press, services: Services) -> Reply:
    """Bring back what still lies ahead."""
    actor, job = await press_job(services, press)
    now = services.now()
    done = await services.store.run(lambda c: unskip(c, actor, job.id, now=now))
    return Reply(await say_unskipped(services, done, press.user_id), replace=press.is_ephemeral)
