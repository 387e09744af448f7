"""*Test* on a card: one private run of the draft."""

from bot.blocks.notice import run_started
from bot.operations.launch import test_draft
from bot.services import Services
from bot.slack.door import Reply, gather_actor
from bot.slack.request import Press


async def act(press: Press, services: Services) -> Reply:
    """The result goes to the person who pressed, and to nobody else."""
    actor = await gather_actor(services, press, proven=press.channel_id)
    draft_id = press.refs.get("draft", "")
    run = await services.store.run(lambda c: test_draft(c, actor, draft_id, now=services.now()))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return Reply(run_started(run))
