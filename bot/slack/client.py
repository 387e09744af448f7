"""The Web API client of one workspace: what is owed waits its turn, what a person waits for goes at once.

Posts, edits and uploads are paced (`pacing`), so that a 429 is rare; when it comes, only its own queue rests.
Views, ephemerals, answers and questions are sent without waiting and fail at once while Slack wants none.
Nothing here retries by sleeping, and no call takes longer than `TIMEOUT_S`. Every refusal is a DeliveryError.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import DeliveryError
from bot.hosts import is_loopback
from bot.settings import Settings
from bot.slack.answers import (
    CUT_OFF,
    ChannelFacts,
    OpenedView,
    Person,
    Receipt,
    TeamFacts,
    read_complaints,
    read_refusal,
    read_team,
    silence,
)
from bot.slack.bucket import POSTS, POSTS_A_CHANNEL, UPDATES, UPLOADS
from bot.slack.directory import Directory
from bot.slack.history import History
from bot.slack.pacing import Clock, Pacer, Pause
from bot.slack.skew import Skew
from storage.vault import Secret

log = logging.getLogger(__name__)
# The SDK logs whole messages at DEBUG; a level of its own keeps it silent whatever the root logger says.
sdk_log = logging.getLogger("bot.slack.sdk")
sdk_log.setLevel(logging.WARNING)

TIMEOUT_S = 30
CONNECT_S = 10
# Never a preview of a link and never a name made into a mention: the text may be a model's.
PLAIN = {"link_names": False, "parse": "none"}
UNFURLED = {"unfurl_links": False, "unfurl_media": False}
CONTENT = ("text", "blocks", "metadata")
PLACE = ("thread_ts", "reply_broadcast")


class Slack:
    """Must be built inside the running loop. `web` is shared with Bolt; `monotonic`, `now`, `pause` are its time, and
    `open_session` is its way out."""

    def __init__(
        self,
        settings: Settings,
        *,
        monotonic: Clock = time.monotonic,
        now: Callable[[], datetime] = partial(datetime.now, UTC),
        pause: Pause = asyncio.sleep,
        timeout_s: float = TIMEOUT_S,
        open_session: Callable[..., aiohttp.ClientSession] = aiohttp.ClientSession,
    ) -> None:
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=min(CONNECT_S, timeout_s))
        self._session = open_session(timeout=timeout)
        self.web = AsyncWebClient(
            token=settings.slack_bot_token.reveal() if settings.slack_bot_token else None,
            base_url=settings.slack_api_url,
            session=self._session,
            timeout=int(timeout_s) or 1,
            logger=sdk_log,
            retry_handlers=[],
        )
        if is_loopback(settings.slack_api_url):
            self.web.proxy = None  # the SDK sends even loopback through HTTPS_PROXY
        self._monotonic = monotonic
        self._pacer = Pacer(monotonic, pause)
        self.cut_off: str | None = None  # in Slack's word; from then on nothing is asked of it
        self._rests: dict[str, float] = {}  # method: until when Slack wants no more of it
        self._directory = Directory(self._question, monotonic)
        self.skew = Skew(monotonic, now)
        self.history = History(self._question)

    async def close(self) -> None:
        """Who still waits is told that the bot stops."""
        await self._pacer.close()
        await self._session.close()

    async def post(
        self,
        channel: str,
        message: Mapping[str, Any],
        *,
        rank: int = 1,
        leave: Callable[[], Awaitable[bool]] | None = None,
    ) -> Receipt:
        """`message` is {text, blocks, metadata, thread_ts, reply_broadcast}; lower ranks go first. `leave` is asked
        right before it is sent, after all waiting."""

        async def send() -> AsyncSlackResponse:
            if leave is not None and not await leave():
                raise DeliveryError("The message is somebody else's by now.", permanent=False, code="no_leave")
            return await self._call("chat.postMessage", arguments)

        arguments = {"channel": channel, **_pick(message, CONTENT + PLACE), **PLAIN, **UNFURLED}
        answer = await self._pacer.put(
            "chat.postMessage",
            send,
            rate=POSTS,
            rank=rank,
            channel=channel,
            channel_rate=POSTS_A_CHANNEL,
        )
        return Receipt(str(answer.get("channel")), str(answer.get("ts")))

    async def update(self, channel: str, ts: str, message: Mapping[str, Any], *, rank: int = 1) -> Receipt:
        """Of several edits of one message that wait, the newest is sent and all are answered.

        Text without blocks takes the blocks away.
        """
        arguments = {"channel": channel, "ts": ts, **_pick(message, CONTENT), **PLAIN}
        await self._pacer.put(
            "chat.update",
            lambda: self._call("chat.update", arguments),
            rate=UPDATES,
            rank=rank,
            key=(channel, ts),
        )
        return Receipt(channel, ts)

    async def delete(self, channel: str, ts: str) -> None:
        """A message of our own goes away."""
        await self._ask("chat.delete", {"channel": channel, "ts": ts})

    async def upload(
        self, channel: str, filename: str, content: bytes, *, title: str, thread_ts: str | None = None, rank: int = 2
    ) -> str:
        """The id of the file, which Slack shows when it has read it. `channel` is an id, never a person's."""

        async def send() -> str:
            name = {"filename": filename, "length": len(content)}
            place = await self._call("files.getUploadURLExternal", name, is_form=True)
            file_id = str(place.get("file_id"))
            await self._send_to(str(place.get("upload_url")), "upload", data=content)
            files = [{"id": file_id, "title": title}]
            shared = {"files": files, "channel_id": channel, "thread_ts": thread_ts}
            await self._call("files.completeUploadExternal", shared)
            return file_id

        return str(await self._pacer.put("files", send, rate=UPLOADS, rank=rank))

    async def ephemeral(self, channel: str, user: str, message: Mapping[str, Any]) -> None:
        """Shown to one person of the channel, until they reload."""
        where = {"channel": channel, "user": user}
        await self._ask("chat.postEphemeral", {**where, **_pick(message, (*CONTENT[:2], "thread_ts")), **PLAIN})

    async def answer(self, response_url: str, message: Mapping[str, Any]) -> None:
        """Answer a command or a press: 5 times within 30 minutes. `message` is sent as it is given."""
        if urlsplit(response_url).scheme != "https" and not is_loopback(self.web.base_url):
            raise DeliveryError("The address to answer is not Slack's.", permanent=True, code="invalid_url")
        await self._send_to(response_url, "response_url", json={**message, **UNFURLED})

    async def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> OpenedView:
        """Within 3 s of the press, once."""
        return await self._show("views.open", {"trigger_id": trigger_id, "view": view})

    async def push_view(self, trigger_id: str, view: Mapping[str, Any]) -> OpenedView:
        """On top of what is open; three views deep at most."""
        return await self._show("views.push", {"trigger_id": trigger_id, "view": view})

    async def update_view(self, view_id: str, view: Mapping[str, Any], hash: str | None = None) -> OpenedView:  # noqa: A002
        """With `hash`, refused as hash_conflict when somebody was quicker."""
        return await self._show("views.update", {"view_id": view_id, "view": view, "hash": hash})

    async def publish_home(self, user: str, view: Mapping[str, Any], hash: str | None = None) -> OpenedView:  # noqa: A002
        return await self._show("views.publish", {"user_id": user, "view": view, "hash": hash})

    async def person(self, user_id: str, *, is_fresh: bool = False) -> Person:
        """As they were at most ten minutes ago, or as they are now."""
        return await self._directory.person(user_id, is_fresh=is_fresh)

    async def channel(self, channel_id: str) -> ChannelFacts:
        """As it was at most a minute ago."""
        return await self._directory.channel(channel_id)

    async def is_member(self, user_id: str, channel_id: str) -> bool:
        """As it was at most a minute ago; False when Slack does not say so."""
        return await self._directory.is_member(user_id, channel_id)

    async def permalink(self, channel: str, ts: str) -> str:
        answer = await self._question("chat.getPermalink", {"channel": channel, "message_ts": ts})
        return str(answer.get("permalink"))

    async def check(self) -> TeamFacts:
        """What the bot token stands for. Slack is asked each time."""
        answer = await self._ask("auth.test", {})
        return read_team(answer.data if isinstance(answer.data, dict) else {}, answer.headers)

    async def check_app_token(self, token: Secret) -> None:
        """Whether Socket Mode would open: Bolt itself tries a bad token for ever."""
        await self._ask("apps.connections.open", {"token": token.reveal()})

    async def _question(self, method: str, arguments: dict[str, Any]) -> Mapping[str, Any]:
        answer = await self._ask(method, arguments, is_form=True)
        return answer.data if isinstance(answer.data, dict) else {}

    async def _show(self, method: str, arguments: dict[str, Any]) -> OpenedView:
        view = (await self._ask(method, arguments)).get("view") or {}
        return OpenedView(str(view.get("id", "")), str(view.get("hash", "")))

    async def _ask(self, method: str, arguments: dict[str, Any], *, is_form: bool = False) -> AsyncSlackResponse:
        """Call at once, or refuse at once while the method rests."""
        rest_s = self._rests.get(method, 0.0) - self._monotonic()
        if rest_s > 0:
            raise DeliveryError(
                f"Slack wants no {method} just now.", permanent=False, code="ratelimited", retry_after_s=rest_s
            )
        try:
            return await self._call(method, arguments, is_form=is_form)
        except DeliveryError as error:
            if error.code == "ratelimited" and error.retry_after_s:
                self._rests[method] = self._monotonic() + error.retry_after_s
            raise

    async def _call(self, method: str, arguments: dict[str, Any], *, is_form: bool = False) -> AsyncSlackResponse:
        """Methods that only read take no JSON, hence `is_form`."""
        given = {name: value for name, value in arguments.items() if value is not None}
        if self.cut_off is not None:
            raise DeliveryError(
                f"Slack has taken the bot token back ({self.cut_off}).", permanent=True, code="cut_off"
            )
        try:
            answer = await (
                self.web.api_call(method, data=given) if is_form else self.web.api_call(method, json=given)
            )
            self.skew.look(answer.headers)
            return answer
        except SlackApiError as error:
            refused = self._refused(method, error.response)
            if refused.code in CUT_OFF and "token" not in given and method != "auth.test":
                refused = await self._confirm(refused)
            raise refused from None
        except aiohttp.ClientConnectorError:
            raise silence(method, was_sent=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError):
            # the last two come from the SDK when something between us and Slack answers with a page of its own
            raise silence(method, was_sent=True) from None

    async def _confirm(self, refused: DeliveryError) -> DeliveryError:
        """A token that was taken back is refused everywhere: one more question tells it from a slip of Slack's."""
        try:
            await self.check()
        except DeliveryError as error:
            if error.code in CUT_OFF:
                self.cut_off = error.code
            return refused
        return DeliveryError(refused.message, permanent=False, code=refused.code)

    def _refused(self, method: str, response: Any) -> DeliveryError:
        # where the body could not be read the SDK hands over aiohttp's own response, with other names
        status = int(getattr(response, "status_code", None) or response.status)
        body = getattr(response, "data", None)
        for complaint in read_complaints(body):
            log.warning("Slack on %s: %r", method, complaint)
        return read_refusal(method, status, response.headers, body)

    async def _send_to(self, url: str, method: str, **body: Any) -> None:
        """To an address that Slack gave, which is its own authority: no token goes there."""
        try:
            async with self._session.post(url, proxy=self.web.proxy, allow_redirects=False, **body) as response:
                text = await response.text()
                if response.status == 200:
                    return
                answer = await response.json() if response.content_type == "application/json" else text.strip()
                raise read_refusal(method, response.status, response.headers, answer)
        except aiohttp.ClientConnectorError:
            raise silence(method, was_sent=False) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            raise silence(method, was_sent=True) from None


def _pick(message: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: message[name] for name in names if message.get(name) is not None}
