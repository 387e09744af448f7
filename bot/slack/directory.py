"""Who people are, what channels are, and who is in them, as Slack says; asked once in a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from bot.errors import DeliveryError
from bot.slack.answers import ChannelFacts, Person, read_channel, read_person
from bot.slack.shelf import Shelf

log = logging.getLogger(__name__)

PERSON_KEPT_S = 600.0
CHANNEL_KEPT_S = 60.0
MEMBER_KEPT_S = 60.0  # who was removed from a channel sees its jobs no longer than this
NO_MEMBER_KEPT_S = 5.0  # who has just joined should not have to wait
MEMBERS_A_PAGE = 1_000
MOST_PAGES = 50
PATIENCE_S = 10.0  # of all pages of a channel's members together

Ask: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[Mapping[str, Any]]]


class Directory:
    """`ask(method, arguments)` gives Slack's answer or raises DeliveryError."""

    def __init__(self, ask: Ask, monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._people: Shelf[str, Person] = Shelf(monotonic)
        self._channels: Shelf[str, ChannelFacts] = Shelf(monotonic)
        self._members: Shelf[tuple[str, str], bool] = Shelf(monotonic)

    async def person(self, user_id: str, *, is_fresh: bool = False) -> Person:
        known = None if is_fresh else self._people.get(user_id)
        if known is not None:
            return known
        answer = await self._ask("users.info", {"user": user_id, "include_locale": "true"})
        return self._people.put(user_id, read_person(answer.get("user") or {}), PERSON_KEPT_S)

    async def channel(self, channel_id: str) -> ChannelFacts:
        """Of a direct message nothing needs to be asked, nor may it be without im:read."""
        if channel_id.startswith("D"):
            return ChannelFacts(id=channel_id, name="direct message", is_private=True, is_member=True)
        known = self._channels.get(channel_id)
        if known is not None:
            return known
        answer = await self._ask("conversations.info", {"channel": channel_id})
        return self._channels.put(channel_id, read_channel(answer.get("channel") or {}), CHANNEL_KEPT_S)

    async def is_member(self, user_id: str, channel_id: str) -> bool:
        """Whether the person is in the channel, as it was at most a minute ago; False when Slack does not say so."""
        known = self._members.get((user_id, channel_id))
        if known is not None:
            return known
        try:
            async with asyncio.timeout(PATIENCE_S):
                is_in = await self._look_for(user_id, channel_id)
        except (DeliveryError, TimeoutError) as error:
            log.info("Slack did not say who is in %s: %s", channel_id, getattr(error, "code", "too slow"))
            return False
        return self._members.put((user_id, channel_id), is_in, MEMBER_KEPT_S if is_in else NO_MEMBER_KEPT_S)

    async def _look_for(self, user_id: str, channel_id: str) -> bool:
        if channel_id.startswith("D"):  # listing its two members needs im:read; that the bot is one is known
            arguments = {"users": user_id, "prevent_creation": "true"}
            opened = await self._ask("conversations.open", arguments)
            return bool((opened.get("channel") or {}).get("id") == channel_id)
        page: dict[str, Any] = {"channel": channel_id, "limit": MEMBERS_A_PAGE}
        for _ in range(MOST_PAGES):
            answer = await self._ask("conversations.members", page)
            if user_id in (answer.get("members") or []):
                return True
            page["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
            if not page["cursor"]:
                break
        return False
