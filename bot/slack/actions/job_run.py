"""*Run now* on a job's card."""

from bot.blocks.notice import run_started
from bot.operations.launch import launch_job
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job


async def act(press: Press, services: Services) -> Reply:
    """One run, however often this very press is repeated."""
    actor, job = await press_job(services, press)
    key = f"pressed:{job.id}/{press.user_id}/{press.action_ts}"
    run = await services.store.run(lambda c: launch_job(c, actor, job.id, None, key=key, now=services.now()))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return Reply(run_started(run))
