"""*Cancel* on a card: nothing is saved."""

from bot.blocks.notice import cancelled
from bot.operations.draft import cancel
from bot.services import Services
from bot.slack.door import Reply, gather_actor
from bot.slack.request import Press


async def act(press: Press, services: Services) -> Reply:
    """Throw the draft away."""
    actor = await gather_actor(services, press, proven=press.channel_id)
    draft_id = press.refs.get("draft", "")
    draft = await services.store.run(lambda c: cancel(c, actor, draft_id, now=services.now()))
    return Reply(cancelled(draft.name), replace=True)
