"""`/dify adopt <job>`: a job gets a new owner, who is the one that asks."""

from bot.blocks.help import Help
from bot.blocks.notice import adopted
from bot.blocks.parts import Message
from bot.services import Services
from bot.slack.adopting import take_over
from bot.slack.request import Request, read_name
from bot.slack.seek import seek_job

HELP = Help(
    verb="adopt",
    usage="adopt <job>",
    says="Become the owner of a job: for members of its channel when its owner has left, and for admins.",
    examples=('adopt "Daily news"',),
)


async def answer(request: Request, services: Services) -> Message:
    """Adopting one's own job is no error."""
    actor, job = await seek_job(services, request, read_name(request.rest))
    return adopted(await take_over(services, actor, job))
