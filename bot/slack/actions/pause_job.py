"""*Pause job*."""

from bot.blocks.pausing import paused
from bot.operations.pause import pause
from bot.services import Services
from bot.slack import home
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_job, reader_zone
from storage import agenda


async def act(press: Press, services: Services) -> Reply | None:
    """Pause it; the pressed message shows *Resume job* from now on, and what runs can be stopped."""
    actor, job = await press_job(services, press)
    now = services.now()
    changed, going = await services.store.run(
        lambda c: (pause(c, actor, job.id, now=now, pressed=press.message_ts), agenda.going_of(c, job.id))
    )
    services.engine.wake("courier")
    if home.is_home(press.view):
        home.refresh(services, press)
        return None
    return Reply(paused(changed, press.user_id, going, await reader_zone(services, press.user_id)))
