"""*Save* on a card: the draft becomes a job."""

from bot.operations.draft import take_draft
from bot.operations.schedule import schedule
from bot.services import Services
from bot.slack.cards import card_of_saved
from bot.slack.door import Reply, gather_actor
from bot.slack.request import Press
from storage import apps


async def act(press: Press, services: Services) -> Reply:
    """One transaction; the card becomes the job's."""
    draft_id, now = press.refs.get("draft", ""), services.now()
    asker = await gather_actor(services, press, proven=press.channel_id)
    draft = await services.store.read(lambda c: take_draft(c, asker, draft_id, now=now))
    actor = await gather_actor(services, press, proven=press.channel_id, channels=[draft.channel_id])
    stored, app = await services.store.run(
        lambda c: (schedule(c, actor, draft_id, now=now), apps.get(c, actor.team_id, draft.app_id))
    )
    services.engine.wake("clock")
    services.engine.wake("courier")
    return Reply(await card_of_saved(services, stored.job, app, press.user_id), replace=True)
