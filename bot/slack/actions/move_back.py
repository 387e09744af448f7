"""*Move back* under a run that was moved."""

from bot.operations.move import move
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job
from bot.slack.skipping import say_moved


async def act(press: Press, services: Services) -> Reply:
    """To the time that its schedule gives it."""
    actor, job = await press_job(services, press)
    now = services.now()
    done = await services.store.run(lambda c: move(c, actor, job.id, None, now=now))
    return Reply(await say_moved(services, done, press.user_id), replace=press.is_ephemeral)
