"""`/dify next <job or when> [how many]`: when something runs next, and what is left out between."""

from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.services import Services
from bot.slack.coming import next_of_job, next_of_words
from bot.slack.moment import seek_with_tail
from bot.slack.request import Request

HELP = Help(
    verb="next",
    usage="next <job or when> [how many]",
    says="The next times of a job, or of any schedule text, with the days that are left out.",
    examples=('next "Daily news"', 'next "Daily news" 50', "next every weekday at 9", "next 0 9 * * 1-5"),
)


async def answer(request: Request, services: Services) -> Message:
    """A job of that name goes before a schedule of those words."""
    if not request.rest:
        raise Refusal("The next times of what?", "For example `/dify next every weekday at 9`.", code="no_target")
    try:
        _, job, count = await seek_with_tail(services, request, r"\d{1,3}")
    except Refusal as error:
        if error.code != "unknown":
            raise
        return await next_of_words(services, request, unknown=error)
    return await next_of_job(services, job, request.user_id, int(count) if count else None)
