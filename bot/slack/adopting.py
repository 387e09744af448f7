"""Taking over a job: Slack is asked whether its owner is still there."""

from bot.errors import DeliveryError
from bot.operations.adopt import adopt
from bot.operations.complain import LEFT
from bot.rules.access import Actor
from bot.services import Services
from storage.records import Job


async def take_over(services: Services, actor: Actor, job: Job) -> Job:
    """The job as it then is. Raises Refusal."""
    left = job.owner_id if await _has_left(services, job.owner_id) else None
    adopted = await services.store.run(lambda c: adopt(c, actor, job.id, left=left, now=services.now()))
    services.engine.wake("courier")
    return adopted


async def _has_left(services: Services, user_id: str) -> bool:
    """False when Slack does not say so."""
    try:
        return (await services.slack.person(user_id, is_fresh=True)).is_deleted
    except DeliveryError as error:
        return error.code in LEFT
