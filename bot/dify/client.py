"""Everything that is said to Dify: apps asked about, runs started, streamed, stopped and looked up."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import httpx

from bot.dify.answers import AppInfo, RunDetail, read_app, read_detail, read_fields, read_log
from bot.dify.codes import Code
from bot.dify.endpoint import Endpoint
from bot.dify.events import UNREADABLE, Event, read
from bot.dify.faults import from_http
from bot.dify.hearing import Hearing
from bot.dify.outage import NoLeave, StreamLost, explain, lost, refuse
from bot.dify.sse import Splitter
from bot.dify.wire import MAX_BODY, check_head, read_body, read_object
from bot.egress import LAST_LOOK, AllowedHosts, Egress
from bot.errors import DifyError, Refusal
from storage.records import InputField

__all__ = ["AppInfo", "Dify", "Endpoint", "NoLeave", "RunDetail", "StreamLost"]

log = logging.getLogger(__name__)

CONNECT_S = 5.0
SILENCE_S = 45.0  # a Dify worker pings every 10 s, so this is a worker that is gone or a run that is queued
ANSWER_S = 20.0  # for a whole short answer
OPENS_AT_ONCE = 100  # a burst of starts must not fall upon one Dify in one instant; each group shares one leave
MAX_STREAM = 256 * 1024 * 1024  # nothing of it is kept; past this no workflow is meant
LOG_PAGE = 100
MAX_VERSION_CHARS = 40
LEFT_OUT = {"left out": f"The result is larger than {MAX_BODY >> 20} MB and is not kept; look at the run in Dify."}

_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "dify-ops"}
_KEY = re.compile(r"[\x21-\x7e]{1,512}")


class Dify:
    """One for the process. Every method raises DifyError, and its words never hold a key.

    `max_streams` bounds the runs that are streamed at the same time; further starts wait. `silence_s` is how long
    a stream may send nothing at all, not even a ping.
    """

    def __init__(
        self,
        *,
        allowed_hosts: AllowedHosts,
        max_streams: int = 300,
        opens_at_once: int = OPENS_AT_ONCE,
        silence_s: float = SILENCE_S,
        transport: Callable[[AllowedHosts], httpx.AsyncBaseTransport] = Egress,
    ) -> None:
        # No client around it: it would add cookies, redirects and logins, of which none is wanted, and costs as much.
        self._http = transport(allowed_hosts)
        self._streams = asyncio.Semaphore(max_streams)
        self._opens_at_once = opens_at_once
        self._opening: dict[tuple[str, str, int | None], asyncio.Semaphore] = {}
        self._silence_s = silence_s
        self._versions: dict[str, str] = {}

    async def close(self) -> None:
        """Drop every connection."""
        await self._http.aclose()

    async def info(self, endpoint: Endpoint) -> AppInfo:
        """What the app is called and which kind it is."""
        body, headers = await self._ask(endpoint, "GET", endpoint.url("info"))
        return read_app(body, headers.get("X-Version", ""))

    async def parameters(self, endpoint: Endpoint) -> tuple[InputField, ...]:
        """The inputs of the app, in the order of its form. A chatflow's first input is the message itself."""
        body, _ = await self._ask(endpoint, "GET", endpoint.url("parameters"))
        return read_fields(body, is_chat=not endpoint.is_workflow)

    @asynccontextmanager
    async def start(
        self,
        endpoint: Endpoint,
        inputs: Mapping[str, Any],
        user: str,
        *,
        leave: Callable[[], Awaitable[bool]] | None = None,
        hearing: Hearing | None = None,
    ) -> AsyncGenerator[AsyncIterator[Event]]:
        """Start a run and yield its events. Leaving closes the line; the run goes on at Dify.

        `user` is the only handle by which a run can be found again, so it should be unique. `leave` is asked after
        all waiting, and again when the connection stands, right before the request is sent; where it says no, nothing
        is sent and NoLeave is raised. A
        chatflow's message is the input `sys.query`, or else `query`. Raises StreamLost when the run may have begun
        although no more is heard of it: it must be looked for, not started again. The events may end without a
        terminal one. In `hearing` stands what came over the line, also what made no event.
        """
        url, payload = _read_start(endpoint, inputs, user)
        async with self._streams:
            # What is over is let go of: the head of the answer would weigh as much as the rest while the run goes on.
            body = (await self._open(endpoint, url, payload, leave)).stream
            assert isinstance(body, httpx.AsyncByteStream)
            del payload
            hearing = hearing or Hearing()
            hearing.begin(self.version(endpoint), time.monotonic())
            try:
                async with aclosing(self._stream(body, url, hearing)) as events:
                    yield events
            finally:
                await body.aclose()

    async def stop(self, endpoint: Endpoint, task_id: str, user: str) -> None:
        """Ask Dify to stop. It says yes to anything: only the stream or the run detail tell what became of it."""
        path = ("workflows", "tasks") if endpoint.is_workflow else ("chat-messages",)
        await self._ask(endpoint, "POST", endpoint.url(*path, task_id, "stop"), {"user": user})

    def version(self, endpoint: Endpoint) -> str:
        """Dify's version as its last answer told it, empty when it told none."""
        return self._versions.get(endpoint.base_url, "")

    async def run_detail(self, endpoint: Endpoint, run_id: str, user: str | None = None) -> RunDetail | None:
        """The run as Dify keeps it, or None where it knows none. After a stop it reads `running` for a while.

        What is too long to be read is looked up under the name `user` in the log, which has no outputs.
        """
        try:
            body, _ = await self._ask(endpoint, "GET", endpoint.url("workflows", "run", run_id))
        except DifyError as error:
            if error.code == Code.NOT_FOUND:
                return None
            if error.code != Code.TOO_LONG or user is None or not endpoint.is_workflow:
                raise
            logged = await self.find_by_user(endpoint, user)
            return next((replace(one, outputs=LEFT_OUT) for one in logged if one.run_id == run_id), None)
        return read_detail(body)

    async def find_by_user(self, endpoint: Endpoint, user: str) -> tuple[RunDetail, ...]:
        """The runs that were started under this name, newest first, without outputs. Chatflows have no such log.

        The log may be late: an empty answer does not prove that nothing was started.
        """
        url = endpoint.url("workflows", "logs").copy_merge_params(
            {"created_by_end_user_session_id": user, "limit": str(LOG_PAGE)}
        )
        body, _ = await self._ask(endpoint, "GET", url)
        return read_log(body, user)

    async def _ask(
        self, endpoint: Endpoint, method: str, url: httpx.URL, payload: Mapping[str, Any] | None = None
    ) -> tuple[Mapping[str, Any], httpx.Headers]:
        request = self._request(endpoint, method, url, payload, httpx.Timeout(ANSWER_S, connect=CONNECT_S))
        try:
            async with asyncio.timeout(ANSWER_S):
                response = await self._http.handle_async_request(request)
                async with aclosing(response):
                    body = await read_body(response)
        except (httpx.TransportError, httpx.InvalidURL, Refusal, TimeoutError) as error:
            raise explain(error, url, ANSWER_S) from None
        self._note_version(endpoint, response.headers)
        if not response.is_success:
            raise from_http(response.status_code, body, response.headers)
        return read_object(body), response.headers

    async def _open(
        self,
        endpoint: Endpoint,
        url: httpx.URL,
        payload: Mapping[str, Any],
        leave: Callable[[], Awaitable[bool]] | None,
    ) -> httpx.Response:
        """Send the start and wait for the head of the answer."""
        timeout = httpx.Timeout(self._silence_s, connect=CONNECT_S)
        request = self._request(endpoint, "POST", url, payload, timeout)
        look = partial(_need, leave)
        request.extensions[LAST_LOOK] = look  # to connect takes time, in which the leave may grow old
        gate = self._opening.setdefault((url.scheme, url.host, url.port), asyncio.Semaphore(self._opens_at_once))
        async with gate:
            await look()
            try:
                response = await self._http.handle_async_request(request)
            except (httpx.TransportError, httpx.InvalidURL, Refusal) as error:
                raise explain(error, url, self._silence_s, is_start=True) from None
        self._note_version(endpoint, response.headers)
        try:
            await check_head(response, url)
        except BaseException:
            await response.aclose()
            raise
        return response

    async def _stream(self, body: httpx.AsyncByteStream, url: httpx.URL, hearing: Hearing) -> AsyncGenerator[Event]:
        splitter, too_large = Splitter(), 0
        try:
            async for chunk in body:
                payloads = splitter.feed(chunk)
                hearing.note(len(chunk), splitter.pings, has_event=bool(payloads), now=time.monotonic())
                if hearing.received > MAX_STREAM:
                    raise lost(Code.TOO_LONG, f"Dify sent over {MAX_STREAM >> 20} MB, which is no longer read.")
                for payload in payloads:
                    yield read(payload)
                while too_large < splitter.oversized:
                    too_large += 1
                    yield UNREADABLE
        except httpx.TransportError as error:
            raise explain(error, url, self._silence_s, is_start=True) from None

    def _note_version(self, endpoint: Endpoint, headers: httpx.Headers) -> None:
        told, known = headers.get("X-Version", "")[:MAX_VERSION_CHARS], self.version(endpoint)
        if told and told != known:
            self._versions[endpoint.base_url] = told
            if known:
                log.warning("The Dify at %s is now version %s; it was %s", endpoint.base_url, told, known)

    def _request(
        self,
        endpoint: Endpoint,
        method: str,
        url: httpx.URL,
        payload: Mapping[str, Any] | None,
        timeout: httpx.Timeout,
    ) -> httpx.Request:
        if not _KEY.fullmatch(endpoint.key):
            raise refuse(Code.BAD_KEY, "The API key has characters that no key of Dify has.")
        headers = _HEADERS | {"Authorization": f"Bearer {endpoint.key}"}
        return httpx.Request(method, url, json=payload, headers=headers, extensions={"timeout": timeout.as_dict()})


async def _need(leave: Callable[[], Awaitable[bool]] | None) -> None:
    if leave is not None and not await leave():
        raise NoLeave


def _read_start(endpoint: Endpoint, inputs: Mapping[str, Any], user: str) -> tuple[httpx.URL, Mapping[str, Any]]:
    told: dict[str, Any] = {"response_mode": "streaming", "user": user}
    if endpoint.is_workflow:
        return endpoint.url("workflows", "run"), {**told, "inputs": dict(inputs)}
    rest = dict(inputs)
    query = rest.pop("sys.query") if "sys.query" in rest else rest.pop("query", None)
    if not isinstance(query, str) or not query:
        raise refuse(Code.BAD_INPUTS, "A chatflow needs a message: give the input query.")
    return endpoint.url("chat-messages"), {**told, "inputs": rest, "query": query, "conversation_id": ""}
