"""*Resume job*, and *Try again* for a held one."""

from bot.blocks.pausing import resumed
from bot.operations.resume import resume
from bot.services import Services
from bot.slack import home
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job, reader_zone


async def act(press: Press, services: Services) -> Reply | None:
    """Resume it, and say what passed and when it runs next."""
    actor, job = await press_job(services, press)
    now = services.now()
    done = await services.store.run(lambda c: resume(c, actor, job.id, now=now, pressed=press.message_ts))
    services.engine.wake("clock")
    services.engine.wake("courier")
    if home.is_home(press.view):
        home.refresh(services, press)
        return None
    next_at = done.planned.due_at if done.planned else None
    return Reply(resumed(done.job, press.user_id, done.passed, next_at, await reader_zone(services, press.user_id)))
