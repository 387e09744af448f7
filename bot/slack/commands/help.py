"""`/dify help [verb]`: what can be typed, with examples."""

from bot.blocks.help import Help
from bot.blocks.help import verb as explain
from bot.blocks.parts import Message
from bot.registry import leaves
from bot.services import Services
from bot.slack.door import nearest_verb
from bot.slack.listing import show_overview
from bot.slack.request import Request

HELP = Help(
    verb="help",
    usage="help [verb]",
    says="What I can do, or everything about one command.",
    examples=("help", "help schedule"),
)


async def answer(request: Request, services: Services) -> Message:
    """All verbs, or one."""
    commands = leaves(__package__)
    verb = request.rest.strip().lower()
    if not verb:
        return await show_overview(services, request)
    if verb not in commands:
        raise nearest_verb(verb, commands)
    told = commands[verb].HELP
    return explain(told.verb, told.usage, told.says, told.examples)
