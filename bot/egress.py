"""The guarded way out: every request to an address that a user gave is checked here, down to the socket.

The addresses that are checked are the very ones that are connected to, so a name cannot change its mind in between.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from bot.errors import Refusal
from bot.hosts import AllowedHosts, check_address, check_url

__all__ = ["AllowedHosts", "Egress", "NameUnknown", "TlsFailed", "check_url"]

Lookup = Callable[[str, int], Awaitable[list[str]]]
LastLook = Callable[[], Awaitable[None]]
# The extension of a request: awaited when its connection stands and nothing has been sent; what it raises comes out.
LAST_LOOK = "last_look"


@dataclass(frozen=True, slots=True)
class _Aim:
    """Where the request of this task goes."""

    host: str
    port: int
    allowed: AllowedHosts
    last_look: LastLook | None = None

    def check(self, text: str) -> None:
        check_address(ip_address(text.partition("%")[0]), self.host, self.port, self.allowed)


_aim: ContextVar[_Aim] = ContextVar("aim")


class Blocked(OSError):
    """The last look before a socket connects has refused; nothing was sent."""


def open_socket(info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
    """A socket for an address that is checked once more, because IP literals never pass a resolver."""
    family, kind, protocol, _, address = info
    try:
        _aim.get().check(address[0])
    except Refusal as refusal:
        raise Blocked(refusal.message) from refusal
    return socket.socket(family, kind, protocol)


async def look_up(host: str, port: int) -> list[str]:
    """Every address of a name, as the system's resolver tells them. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class _Resolver(AbstractResolver):
    """Answers only when every address of the name may be used."""

    def __init__(self, allowed: AllowedHosts, lookup: Lookup) -> None:
        self._allowed = allowed
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._lookup(host, port)
        for text in addresses:
            _Aim(host, port, self._allowed).check(text)
        return [
            ResolveResult(
                hostname=host,
                host=text,
                port=port,
                family=socket.AF_INET6 if ":" in text else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for text in addresses
        ]

    async def close(self) -> None:
        return None


class NameUnknown(httpx.ConnectError):
    """The host's name has no address."""


class TlsFailed(httpx.ConnectError):
    """The host's certificate was not accepted, or it does not speak TLS."""


class Egress(httpx.AsyncBaseTransport):
    """httpx over aiohttp, guarded. Raises Refusal where nothing may be sent, and httpx's own errors for the network.

    Each request has a connection of its own: a pooled one that the server has just closed would leave open whether
    a POST was received, and starts must not be doubled. There is no limit of connections here: the caller has one.
    """

    def __init__(self, allowed: AllowedHosts, *, lookup: Lookup = look_up, tls: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._tls = tls or make_tls_context()
        self._transport = AiohttpTransport(client=self._make_session, verify=self._tls, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = check_url(str(request.url), self._allowed)
        port = url.port or (443 if url.scheme == "https" else 80)
        _aim.set(_Aim(url.raw_host.decode("ascii"), port, self._allowed, request.extensions.get(LAST_LOOK)))
        # aiohttp parses the address anew, so it gets the very one that was checked, and names the host itself.
        request.url = url
        request.headers.pop("host", None)
        with _exact_errors(request):
            response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, AiohttpResponseStream)
        response.stream = _Body(response.stream)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _make_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            resolver=_Resolver(self._allowed, self._lookup),
            socket_factory=open_socket,
            force_close=True,
            limit=0,
            ttl_dns_cache=10,
        )
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_create_end.append(_look)
        return aiohttp.ClientSession(
            connector=connector,
            trace_configs=[tracing],
            connector_owner=True,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            trust_env=False,
        )


async def _look(*_: Any) -> None:
    look = _aim.get().last_look
    if look is not None:
        await look()


@cache
def make_tls_context() -> ssl.SSLContext:
    """The authorities of the system and those of certifi; `SSL_CERT_FILE` adds one's own. Costs tens of ms, once."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Body(httpx.AsyncByteStream):
    """The bytes as they come off the socket, with the errors told exactly. Read where aiohttp holds them: each layer
    above is a generator that stands as long as the stream, of which there may be thousands."""

    def __init__(self, stream: AiohttpResponseStream) -> None:
        self._stream = stream
        self._content = stream._aiohttp_response.content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        with _exact_errors():
            chunk = await self._content.readany()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        with contextlib.suppress(httpx.TransportError):
            await self._stream.aclose()


@contextmanager
def _exact_errors(request: httpx.Request | None = None) -> Iterator[None]:
    """httpx-aiohttp calls a broken connection a connect timeout, and a start must know which of the two it was: the
    cause tells."""
    try:
        yield
    except httpx.TransportError as error:
        raise _translate(error.__cause__ or error, request) from None
    except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
        raise _translate(error, request) from None


def _translate(error: BaseException, request: httpx.Request | None) -> Exception:
    """aiohttp's errors in httpx's words. The order matters: subclasses first."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout("no connection in time", request=request)
        case TimeoutError():
            return httpx.ReadTimeout("nothing came in time", request=request)
        case aiohttp.ClientConnectorDNSError():
            return NameUnknown("the name has no address", request=request)
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return TlsFailed(str(getattr(error, "certificate_error", error)), request=request)
        case aiohttp.ClientConnectorError():
            if isinstance(error.os_error, Blocked) and isinstance(error.os_error.__cause__, Refusal):
                return error.os_error.__cause__
            return httpx.ConnectError(error.os_error.strerror or "no connection", request=request)
        case aiohttp.ClientPayloadError() | aiohttp.ClientConnectionError() | ConnectionError():
            return httpx.ReadError(f"the connection broke ({type(error).__name__})", request=request)
        case _:
            return httpx.RemoteProtocolError(f"not HTTP ({type(error).__name__})", request=request)
