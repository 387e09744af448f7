"""What stands behind the door: the Protocols that a command, an action and a view meet, and who is asking."""

import asyncio
import difflib
import logging
import secrets
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.blocks.help import Help
from bot.blocks.notice import refusal
from bot.blocks.parts import Message
from bot.errors import DeliveryError, Refusal
from bot.rules.access import Actor
from bot.services import Services
from bot.slack.request import Asker, Press, Request, Submission
from storage.errors import Busy, NoDatabase, NotSaved, StorageError

T = TypeVar("T")

log = logging.getLogger(__name__)

ANSWER_S = 2.7
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


def refuse(error: Refusal | StorageError) -> Refusal:
    """A database that cannot do it now is no bug. Its own sentence names the place of the database, which is for the
    log; the person reads one that does not."""
    if isinstance(error, Refusal):
        return error
    log.warning("A request could not be served: %s", error)
    says = next((says for kind, says in UNSERVED.items() if isinstance(error, kind)), error.message)
    return Refusal(says, code="database")


def log_bug() -> str:
    """A calm sentence for the person, with a reference that the log has as well; called in an `except`."""
    reference = secrets.token_hex(3).upper()
    log.exception("A request failed, reference %s", reference)
    return f"Something went wrong on our side. Nothing was changed. Reference {reference}."


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


async def answer_later(services: Services, request: Request, work: Awaitable[Message]) -> None:
    """Give the answer that needed more time than an ack has, to the person alone."""
    try:
        message = await work
    except (Refusal, StorageError) as error:
        message = refusal(refuse(error))
    payload = {"text": message.text, "blocks": message.blocks}
    try:
        await services.slack.answer(request.response_url, payload | {"response_type": "ephemeral"})
    except DeliveryError:
        await services.slack.ephemeral(request.channel_id, request.user_id, payload)


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
