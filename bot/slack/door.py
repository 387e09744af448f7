"""What stands behind the door: the Protocols that a command, an action and a view meet, and who is asking."""

import asyncio
import difflib
import logging
import secrets
from collections.abc import Awaitable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.blocks.form import error_view
from bot.blocks.help import Help
from bot.blocks.notice import refusal
from bot.blocks.parts import Message
from bot.errors import DeliveryError, Refusal
from bot.rules.access import Actor
from bot.services import Services
from bot.slack.request import Asker, Interaction, Press, Request, Submission
from storage.errors import Busy, NoDatabase, NotSaved, StorageError

T = TypeVar("T")

log = logging.getLogger(__name__)

ANSWER_S = 2.7
# Slack opens a view within 3 s of the press, and has two words for a press that is older.
EXPIRED = frozenset({"expired_trigger_id", "trigger_expired"})
UNSERVED: Mapping[type[StorageError], str] = {
    NoDatabase: "The database cannot be reached now; nothing was saved. Please try again later.",
    NotSaved: "Nothing can be saved in the database now; nothing was changed.",
    Busy: "The database is busy; nothing was saved. Please try again.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a press, for the person alone. `replace` puts it where the pressed card stood."""

    message: Message
    replace: bool = False


class Command(Protocol):
    """One word after /dify. The answer is the ack, shown to the person alone; None when it comes another way."""

    HELP: Help

    async def answer(self, request: Request, services: Services) -> Message | None: ...


class PressAction(Protocol):
    """One action_id: what a press does. None when the answer comes another way, or needs no words."""

    async def act(self, press: Press, services: Services) -> Reply | None: ...


class ModalView(Protocol):
    """One modal. The answer is what Slack takes as the ack; None closes the modal."""

    async def submit(self, submission: Submission, services: Services) -> dict[str, Any] | None: ...


# A word that takes something away is typed by who means it.
NEVER_OFFERED = frozenset({"delete", "stop"})


def nearest_verb(verb: str, verbs: Iterable[str], rest: str = "") -> Refusal:
    """The Refusal for a word that is no command, with the nearest ones that are."""
    near = difflib.get_close_matches(verb, [one for one in verbs if one not in NEVER_OFFERED], n=2, cutoff=0.6)
    nearest = tuple(f"/dify {word} {rest}".strip() for word in near)
    return Refusal(
        f"I do not know “{verb}”.", "`/dify help` lists what I can do.", code="unknown_verb", choices=nearest
    )


def block_of(submission: Submission, error: Refusal) -> str:
    """The block beside which a Refusal is shown; a block that the view does not have would show it nowhere."""
    state = submission.view.state
    for block_id in (error.field, f"in:{error.field}"):
        if block_id in state:
            return str(block_id)
    return next(iter(state), "")


def refuse(error: Exception) -> Refusal:
    """What the person reads of an error; called in an `except`. A database or a Slack that cannot do it now is no
    bug, and what they say of themselves is for the log. Of a bug the log has the same reference as the person."""
    match error:
        case Refusal():
            return error
        case StorageError():
            log.warning("A request could not be served: %s", error)
            says = next((says for kind, says in UNSERVED.items() if isinstance(error, kind)), error.message)
            return Refusal(says, code="database")
        case DeliveryError(code=code) if code in EXPIRED:
            log.warning("A request could not be served: %s", error.message)
            return Refusal("Slack took too long, so nothing was opened.", "Press again, or type it again.", code=code)
        case DeliveryError(permanent=False):
            log.warning("A request could not be served: %s", error.message)
            return Refusal("Slack cannot do this now.", "Try again in a moment.", code=error.code)
        case _:
            return Refusal(_log_bug(), code="bug")


def _log_bug() -> str:
    reference = secrets.token_hex(3).upper()
    log.exception("A request failed, reference %s", reference)
    return f"Something went wrong on our side. Nothing was changed. Reference {reference}."


async def in_words(work: Awaitable[T]) -> T | Message:
    """The answer, or the Refusal or the bug as a calm sentence."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - a bug of ours is a sentence for the person, and a line in the log
        return refusal(refuse(error))


async def in_view(title: str, work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """The view, or one of that title with the Refusal or the bug as a calm sentence."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - as above
        refused = refuse(error)
        return error_view(title, refused.message, refused.hint)


async def in_time(work: Awaitable[T]) -> T:
    """What Slack waits for must be there within 3 s, whatever hangs; else the person reads of a failed app."""
    limit = asyncio.timeout(ANSWER_S)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if not limit.expired():
            raise
        log.warning("A request was not answered within %s s", ANSWER_S)
        says = "This takes longer than Slack waits for an answer, and it is not known whether it was done."
        raise Refusal(says, "Look before you try it again.", code="too_slow") from None


def answer_later(
    services: Services, caller: Interaction, work: Coroutine[Any, Any, Message | None], *, name: str
) -> None:
    """Do after the ack what needs more time than that has. Its answer, or why there is none, is told to the caller
    alone; None needs no words."""

    async def answer() -> None:
        message = await in_words(work)
        if message is not None:
            await tell_alone(services, caller, message)

    services.tasks.spawn(answer(), name=name)


async def tell_alone(services: Services, caller: Interaction, message: Message, *, replace: bool = False) -> None:
    """Shown to the caller alone: where they asked, and where that is no message, as a direct message."""
    slack, payload = services.slack, {"text": message.text, "blocks": message.blocks}
    shown = {"response_type": "ephemeral", "replace_original": replace}
    try:
        if caller.response_url:
            await slack.answer(caller.response_url, payload | shown)
            return
    except DeliveryError as error:
        log.info("An answer goes another way: %s", error.code)
    try:
        if caller.channel_id:
            await slack.ephemeral(caller.channel_id, caller.user_id, payload)
        else:
            await slack.post(caller.user_id, payload)
    except DeliveryError as error:
        log.warning("An answer could not be given: %s", error.code)


async def gather_actor(
    services: Services,
    asker: Asker,
    *,
    proven: str = "",
    channels: Iterable[str] = (),
) -> Actor:
    """Who asks, with what Slack says of them. `proven` is the channel that the request itself came from.

    Fails closed: a membership that Slack does not confirm is none.
    """
    team_id, user_id = asker.team_id, asker.user_id
    if asker.is_stranger or team_id != services.team_id:
        return Actor(team_id=team_id, user_id=user_id, is_stranger=True)
    try:
        person = await services.slack.person(user_id)
    except DeliveryError as error:
        raise Refusal(
            "I could not ask Slack who you are, so nothing was done.", "Try again in a moment.", code="unproven"
        ) from error
    is_admin = user_id in services.settings.admins if services.settings.admins else person.is_admin
    member_of = {proven} if proven else set()
    public: set[str] = set()
    for channel in {channel for channel in channels if channel not in member_of and channel != user_id}:
        if await services.slack.is_member(user_id, channel):
            member_of.add(channel)
        elif is_admin and await is_public(services, channel):
            public.add(channel)
    return Actor(
        team_id=team_id,
        user_id=user_id,
        is_admin=is_admin,
        is_guest=person.is_guest,
        is_stranger=person.team_id != services.team_id,
        member_of=frozenset(member_of),
        public=frozenset(public),
    )


async def is_public(services: Services, channel_id: str) -> bool:
    """False when Slack does not say so."""
    try:
        facts = await services.slack.channel(channel_id)
    except DeliveryError:
        return False
    return not facts.is_private
