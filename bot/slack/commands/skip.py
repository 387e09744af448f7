"""`/dify skip <job> [n]`: the coming times of a job are left out; `undo` brings them back."""

from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.operations.skip import skip, unskip
from bot.rules.access import Action
from bot.services import Services
from bot.slack.moment import name_of, seek_with_tail
from bot.slack.request import Request
from bot.slack.skipping import say_skipped, say_unskipped

HELP = Help(
    verb="skip",
    usage="skip <job> [how many | undo]",
    says="Leave out the next time of a job, or the next few; undo brings back those still to come.",
    examples=('skip "Daily news"', 'skip "Daily news" 3', "skip #12 undo"),
)


async def answer(request: Request, services: Services) -> Message:
    """Skip them, and say what comes next."""
    actor, job, tail = await seek_with_tail(services, request, r"\d{1,6}|undo", Action.SKIP)
    now, name = services.now(), await name_of(services, request)
    if tail == "undo":
        back = await services.store.run(lambda c: unskip(c, actor, job.id, now=now))
        return await say_unskipped(services, back, request.user_id)
    count = int(tail) if tail else 1
    done = await services.store.run(lambda c: skip(c, actor, job.id, count, now=now, name=name))
    return await say_skipped(services, done, request.user_id)
