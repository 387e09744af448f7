"""*Cancel* on the message of a backfill."""

from bot.blocks.notice import notice
from bot.operations.backfill import cancel_backfill
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job


async def act(press: Press, services: Services) -> Reply:
    """What has not begun does not begin."""
    actor, job = await press_job(services, press)
    count = await services.store.run(lambda c: cancel_backfill(c, actor, job.id, now=services.now()))
    services.engine.wake("saver")
    services.engine.wake("courier")
    return Reply(notice(f"The backfill of “{job.name}” is cancelled; {count} runs do not begin."))
