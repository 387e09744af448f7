"""*Stop* on a message or in the Home."""

from bot.blocks.notice import run_stopping
from bot.operations.stop import stop
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_run


async def act(press: Press, services: Services) -> Reply:
    """Write the wish; the owner of the run carries it out."""
    actor, run = await press_run(services, press)
    await services.store.run(lambda c: stop(c, actor, run.id, now=services.now()))
    services.engine.wake("saver")
    services.engine.wake("runner")
    return Reply(run_stopping(run))
