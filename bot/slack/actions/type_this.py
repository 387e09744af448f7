"""*Use this* beside a corrected command: it is answered as if the person had typed it."""

from bot.errors import Refusal
from bot.registry import leaves
from bot.services import Services
from bot.slack.door import NEVER_OFFERED, Reply
from bot.slack.request import Press, read_command


async def act(press: Press, services: Services) -> Reply | None:
    """The text is no more than what anybody could type: who may do it is asked as for a command."""
    typed = press.value.partition(" ")[2]
    request = read_command(
        {
            "text": typed,
            "user_id": press.user_id,
            "team_id": press.team_id,
            "user": {"id": press.user_id, "team_id": press.actor_team_id},
            "channel_id": press.channel_id,
            "trigger_id": press.trigger_id,
            "response_url": press.response_url,
        }
    )
    command = leaves("bot.slack.commands").get(request.verb)
    if command is None or request.verb in NEVER_OFFERED:
        raise Refusal("This button is not for anything I know.", "Type the command yourself.", code="unknown_verb")
    answered = await command.answer(request, services)
    return None if answered is None else Reply(answered, replace=True)
