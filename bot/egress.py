"""The guarded way out: every request to an address that a user gave is checked here, down to the socket.

The addresses that are checked are the very ones that are connected to, so a name cannot change its mind in between.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.errors import Refusal
from bot.hosts import AllowedHosts, check_address, check_url

__all__ = ["AllowedHosts", "Egress", "NameUnknown", "TlsFailed", "check_url"]

Lookup = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class _Aim:
    """Where the request of this task goes."""

    host: str
    port: int
    allowed: AllowedHosts

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
    """A transport for httpx. Raises Refusal where nothing may be sent, and httpx's own errors for the network.

    Each request has a connection of its own: a pooled one that the server has just closed would leave open whether
    a POST was received, and starts must not be doubled. There is no limit of connections here: the caller has one.
    """

    def __init__(self, allowed: AllowedHosts, *, lookup: Lookup = look_up, tls: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._lookup = lookup
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = check_url(str(request.url), self._allowed)
        port = url.port or (443 if url.scheme == "https" else 80)
        _aim.set(_Aim(url.raw_host.decode("ascii"), port, self._allowed))
        timeout = request.extensions.get("timeout", {})
        with _httpx_errors(request):
            answer = await self._get_session().request(
                request.method,
                str(url),
                headers=[(name, value) for name, value in request.headers.multi_items() if name != "host"],
                data=await request.aread() or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    connect=timeout.get("connect"),
                    sock_connect=timeout.get("connect"),
                    sock_read=timeout.get("read"),
                ),
            )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer, request))

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _get_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                ssl=self._tls or make_tls_context(),
                resolver=_Resolver(self._allowed, self._lookup),
                socket_factory=open_socket,
                force_close=True,
                limit=0,
                ttl_dns_cache=10,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                connector_owner=True,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                trust_env=False,
            )
        return self._session


def make_tls_context() -> ssl.SSLContext:
    """The authorities of the system and those of certifi; `SSL_CERT_FILE` adds one's own. Costs tens of ms."""
    context = httpx.create_ssl_context()
    context.load_default_certs()
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Body(httpx.AsyncByteStream):
    """The bytes as they come off the socket, never more in memory than aiohttp's small buffer."""

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors(self._request):
            async for chunk in self._answer.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        self._answer.close()


@contextmanager
def _httpx_errors(request: httpx.Request) -> Iterator[None]:
    """aiohttp's errors in httpx's words. The order matters: subclasses first."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError:
        raise httpx.ConnectTimeout("no connection in time", request=request) from None
    except aiohttp.SocketTimeoutError:
        raise httpx.ReadTimeout("nothing came in time", request=request) from None
    except aiohttp.ClientConnectorDNSError:
        raise NameUnknown("the name has no address", request=request) from None
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
        raise TlsFailed(str(getattr(error, "certificate_error", error)), request=request) from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, Blocked) and isinstance(error.os_error.__cause__, Refusal):
            raise error.os_error.__cause__ from None
        raise httpx.ConnectError(error.os_error.strerror or "no connection", request=request) from None
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, ConnectionError) as error:
        raise httpx.ReadError(f"the connection broke ({type(error).__name__})", request=request) from None
    except aiohttp.ClientError as error:
        raise httpx.RemoteProtocolError(f"not HTTP ({type(error).__name__})", request=request) from None
