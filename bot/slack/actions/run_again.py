"""*Run again* on a message."""

from bot.blocks.notice import run_known, run_repeated
from bot.operations.launch import rerun
from bot.services import Services
from bot.slack.door import Reply
from bot.slack.request import Press
from bot.slack.seek import press_run


async def act(press: Press, services: Services) -> Reply:
    """One rendered button is one run: a second finger, or a second tap, finds it started already."""
    actor, run = await press_run(services, press)
    known = press.refs.get("again", "")
    generation = int(known) if known.isdigit() else None
    now = services.now()
    again = await services.store.run(lambda c: rerun(c, actor, run.id, generation=generation, now=now))
    services.engine.wake("runner")
    services.engine.wake("courier")
    if again.created_at != now:
        return Reply(run_known(again))
    return Reply(run_repeated(again))
