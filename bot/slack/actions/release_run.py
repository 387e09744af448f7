"""*Release* on the message of a run that is held."""

from bot.blocks.notice import run_released
from bot.operations.hold import release
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_run


async def act(press: Press, services: Services) -> Reply:
    """It begins when its turn comes."""
    actor, run = await press_run(services, press)
    freed = await services.store.run(lambda c: release(c, actor, run.id, now=services.now()))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return Reply(run_released(freed))
