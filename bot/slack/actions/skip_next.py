"""*Skip* beside the time that would be skipped."""

from datetime import datetime

from bot.errors import Refusal
from bot.operations.skip import skip
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.moment import name_of
from bot.slack.request import Press
from bot.slack.seek import press_job
from bot.slack.skipping import say_skipped


async def act(press: Press, services: Services) -> Reply:
    """Skip that one slot and no other, however often the button is pressed."""
    actor, job = await press_job(services, press)
    slot_at = _read_slot(press.refs.get("slot", ""))
    now, name = services.now(), await name_of(services, press)
    done = await services.store.run(lambda c: skip(c, actor, job.id, 1, now=now, name=name, slot_at=slot_at))
    return Reply(await say_skipped(services, done, press.user_id), replace=press.is_ephemeral)


def _read_slot(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("This button names no time.", "Type `/dify skip <job>` instead.", code="unknown") from None
