"""Looking for a message of our own that Slack may have taken without saying so."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from bot.errors import DeliveryError
from storage.tag import EVENT

PAGE = 200
PAGES = 5
# Our clock may have been wrong by as much when the message left, or have been set since; Slack's tells the ts.
EARLIER = timedelta(hours=25)

Question: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[Mapping[str, Any]]]


class History:
    """Reads what was said in a conversation, which takes the scope `channels:history` (groups, im)."""

    def __init__(self, question: Question) -> None:
        self._question = question

    async def find(
        self, target: str, token: str, since: datetime, *, but: str = "", thread_ts: str | None = None
    ) -> tuple[str, str] | None:
        """Channel and ts of a message with this token in its metadata; `but` is one that is not meant, `thread_ts`
        the message below which it would stand.

        `target` is a channel or a person. Raises DeliveryError where the history cannot be read, or not to its end.
        """
        channel = await self._conversation(target)
        asked: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - EARLIER).timestamp():.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        if thread_ts is not None:
            asked["ts"] = thread_ts
        method = "conversations.replies" if thread_ts else "conversations.history"
        for _ in range(PAGES):
            page = await self._question(method, asked)
            for message in page.get("messages") or ():
                if _token_of(message) == token and message.get("ts") != but:
                    return channel, str(message["ts"])
            asked["cursor"] = (page.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                return None
        raise DeliveryError(
            "More has been said since than is looked through.", permanent=True, code="history_too_long"
        )

    async def _conversation(self, target: str) -> str:
        if not target.startswith(("U", "W")):
            return target
        opened = await self._question("conversations.open", {"users": target})
        return str((opened.get("channel") or {}).get("id"))


def _token_of(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") if metadata.get("event_type") == EVENT else None
    return payload.get("delivery") if isinstance(payload, Mapping) else None
