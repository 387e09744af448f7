"""Tell in Slack: a message is posted once and edited in place afterwards, and gives up its looks before its sense."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from bot.blocks.parts import MESSAGE_BLOCKS, Message, context
from bot.errors import DeliveryError
from storage.records import Delivery
from storage.tag import EVENT, token_of

log = logging.getLogger(__name__)

# Slack refused the blocks, not the message: a plainer form of the same may pass.
REFUSED_FORM = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_blocks_too_many",
        "msg_too_long",
        "invalid_arguments",
    }
)
# The message that was to be edited is not there any more: a fresh one takes its place.
MESSAGE_GONE = frozenset({"message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"})


# Said where nobody can tell whether the message stands there already.
REPEATED = "Slack did not answer when this was first sent, so it may stand here twice."

Leave = Callable[[], Awaitable[bool]]


class Posted(Protocol):
    """What posting answers."""

    @property
    def channel(self) -> str: ...
    @property
    def ts(self) -> str: ...


class Finder(Protocol):
    """What finds a message that may have been posted."""

    async def find(
        self, target: str, token: str, since: datetime, *, but: str = "", thread_ts: str | None = None
    ) -> tuple[str, str] | None: ...


class Speaker(Protocol):
    """What this file needs of the Slack client."""

    @property
    def history(self) -> Finder: ...
    async def post(
        self, channel: str, message: Mapping[str, Any], *, rank: int = 1, leave: Leave | None = None
    ) -> Posted: ...
    async def update(self, channel: str, ts: str, message: Mapping[str, Any], *, rank: int = 1) -> Posted: ...
    async def delete(self, channel: str, ts: str) -> None: ...
    async def upload(
        self, channel: str, filename: str, content: bytes, *, title: str, thread_ts: str | None = None
    ) -> None: ...


class Outlets(Protocol):
    """What this file needs of the running bot."""

    @property
    def slack(self) -> Speaker: ...
    @property
    def installation(self) -> str: ...


async def send(outlets: Outlets, delivery: Delivery, message: Message, leave: Leave) -> Mapping[str, Any]:
    """Post or edit; the receipt is `{"channel", "ts", "file"}`. `leave` is asked right before a first post."""
    told = await _place(outlets, delivery, message.thread_ts)
    message = _mark(message) if told.may_repeat else message
    forms = (message, message.plain(), message.bare())
    token = token_of(outlets.installation, delivery.key)
    for index, form in enumerate(forms):
        try:
            receipt = await _put(outlets.slack, delivery, told.receipt, _payload(form, token), leave)
        except DeliveryError as error:
            if error.code not in REFUSED_FORM or index == len(forms) - 1:
                raise
            log.warning("Slack refused the form of delivery %s (%s); sending a plainer one", delivery.id, error.code)
            continue
        return await _attach(outlets.slack, message, receipt)
    raise AssertionError("the last form either passed or raised")


async def take_back_unheard(outlets: Outlets, delivery: Delivery, known: str, thread_ts: str | None) -> bool:
    """What we may have posted without hearing so goes away; `known` is the message that counts. Whether there was
    one. Raises DeliveryError."""
    token, since = token_of(outlets.installation, delivery.key), delivery.asked_at or delivery.created_at
    found = await outlets.slack.history.find(delivery.target, token, since, but=known, thread_ts=thread_ts)
    if found is None:
        return False
    await outlets.slack.delete(*found)
    return True


async def take_back(outlets: Outlets, receipt: Mapping[str, Any]) -> None:
    """What was posted once too often goes away."""
    await outlets.slack.delete(receipt["channel"], receipt["ts"])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the message stands, as far as known, and whether it may stand somewhere else as well."""

    receipt: Mapping[str, Any]
    may_repeat: bool = False


async def _place(outlets: Outlets, delivery: Delivery, thread_ts: str | None) -> _Place:
    """Where a post is in doubt, Slack's history tells. Without the scope to read it nobody knows."""
    kept = delivery.receipt or {}
    if delivery.asked_at is None:
        return _Place(kept)
    token, but = token_of(outlets.installation, delivery.key), str(kept.get("ts") or "")
    try:
        found = await outlets.slack.history.find(
            delivery.target, token, delivery.asked_at, but=but, thread_ts=thread_ts
        )
    except DeliveryError as error:
        if not error.permanent:
            raise
        log.warning("Whether delivery %s stands in Slack already cannot be known: %s", delivery.id, error.message)
        return _Place(kept, may_repeat=not but)
    return _Place({"channel": found[0], "ts": found[1]} if found else kept)


async def _put(
    slack: Speaker, delivery: Delivery, receipt: Mapping[str, Any], payload: Mapping[str, Any], leave: Leave
) -> dict[str, Any]:
    kept = dict(receipt)
    if kept.get("ts"):
        try:
            await slack.update(kept["channel"], kept["ts"], payload, rank=delivery.rank)
        except DeliveryError as error:
            if error.code not in MESSAGE_GONE:
                raise
        else:
            return kept
    posted = await slack.post(delivery.target, payload, rank=delivery.rank, leave=leave)
    return {"channel": posted.channel, "ts": posted.ts}


def _mark(message: Message) -> Message:
    return replace(
        message, text=f"{message.text} {REPEATED}", blocks=[*message.blocks[: MESSAGE_BLOCKS - 1], context(REPEATED)]
    )


async def _attach(slack: Speaker, message: Message, receipt: dict[str, Any]) -> Mapping[str, Any]:
    """The whole output as a file in the message's thread, once. A file that fails costs only the file."""
    if message.attachment is None or receipt.get("file"):
        return receipt
    filename, content = message.attachment
    try:
        await slack.upload(
            receipt["channel"],
            filename,
            content.encode() if isinstance(content, str) else content,
            title=filename,
            thread_ts=receipt["ts"],
        )
    except DeliveryError as error:
        log.warning("The file %s could not be attached: %s", filename, error.code)
        return receipt
    return {**receipt, "file": True}


def _payload(message: Message, token: str) -> dict[str, Any]:
    payload: dict[str, Any] = {"text": message.text}
    payload["blocks"] = message.blocks
    if message.thread_ts is not None:
        payload["thread_ts"] = message.thread_ts
    payload["metadata"] = {"event_type": EVENT, "event_payload": {"delivery": token}}
    return payload
