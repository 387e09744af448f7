"""*Resume job*."""

from bot.blocks.job import paused
from bot.operations.resume import resume
from bot.services import Services
from bot.slack import home
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job
from storage import runs


async def act(press: Press, services: Services) -> Reply | None:
    """Resume it, and say when it runs next."""
    actor, job = await press_job(services, press)
    now = services.now()
    changed, planned = await services.store.run(
        lambda c: (resume(c, actor, job.id, now=now, pressed=press.message_ts), runs.planned_of(c, job.id))
    )
    services.engine.wake("clock")
    services.engine.wake("courier")
    if home.is_home(press.view):
        home.refresh(services, press)
        return None
    return Reply(paused(changed, press.user_id, next_at=planned.due_at if planned else None))
