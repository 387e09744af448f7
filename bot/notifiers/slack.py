"""Tell in Slack: a message is posted once and edited in place afterwards, and gives up its looks before its sense."""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from bot.blocks.parts import Message
from bot.errors import DeliveryError
from storage.records import Delivery

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


class Posted(Protocol):
    """What posting answers."""

    @property
    def channel(self) -> str: ...
    @property
    def ts(self) -> str: ...


class Speaker(Protocol):
    """What this file needs of the Slack client."""

    async def post(self, channel: str, message: Mapping[str, Any], *, rank: int = 1) -> Posted: ...
    async def update(self, channel: str, ts: str, message: Mapping[str, Any], *, rank: int = 1) -> Posted: ...
    async def upload(
        self, channel: str, filename: str, content: bytes, *, title: str, thread_ts: str | None = None
    ) -> None: ...


class Outlets(Protocol):
    """What this file needs of the running bot."""

    @property
    def slack(self) -> Speaker: ...


async def send(outlets: Outlets, delivery: Delivery, message: Message) -> Mapping[str, Any]:
    """Post or edit; the receipt is `{"channel", "ts", "file"}`."""
    forms = (message, message.plain(), message.bare())
    for index, form in enumerate(forms):
        try:
            receipt = await _put(outlets.slack, delivery, _payload(form, delivery))
        except DeliveryError as error:
            if error.code not in REFUSED_FORM or index == len(forms) - 1:
                raise
            log.warning("Slack refused the form of delivery %s (%s); sending a plainer one", delivery.id, error.code)
            continue
        return await _attach(outlets.slack, message, receipt)
    raise AssertionError("the last form either passed or raised")


async def _put(slack: Speaker, delivery: Delivery, payload: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(delivery.receipt or {})
    if kept.get("ts"):
        try:
            await slack.update(kept["channel"], kept["ts"], payload, rank=delivery.rank)
        except DeliveryError as error:
            if error.code not in MESSAGE_GONE:
                raise
        else:
            return kept
    posted = await slack.post(delivery.target, payload, rank=delivery.rank)
    return {"channel": posted.channel, "ts": posted.ts}


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


def _payload(message: Message, delivery: Delivery) -> dict[str, Any]:
    payload: dict[str, Any] = {"text": message.text}
    payload["blocks"] = message.blocks
    # Anybody's app may read metadata, so it holds ids only.
    payload["metadata"] = {"event_type": "dify_ops_delivery", "event_payload": {"delivery": delivery.id}}
    return payload
