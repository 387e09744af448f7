"""Not one packet goes where it must not, over real sockets."""

import asyncio
import contextlib
import datetime
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.egress import AllowedHosts, Egress, NameUnknown, TlsFailed, open_socket
from bot.errors import Refusal

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Sink:
    """A server on loopback that counts who comes, answers `reply`, and `holds` the line until the guest leaves."""

    def __init__(self, reply: bytes = OK, *, holds: bool = False) -> None:
        self.reply = reply
        self.holds = holds
        self.visits = 0
        self.heads: list[bytes] = []
        self.guests: list[asyncio.Task[None] | None] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        self.guests.append(asyncio.current_task())
        try:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.reply)
            await writer.drain()
            if self.holds:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def open_sink(
    reply: bytes = OK, tls: ssl.SSLContext | None = None, *, holds: bool = False
) -> AsyncIterator[tuple[Sink, int]]:
    sink = Sink(reply, holds=holds)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield sink, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*(guest for guest in sink.guests if guest is not None))
        await server.wait_closed()


@asynccontextmanager
async def client(
    allowed: str = "",
    answers: dict[str, list[str]] | None = None,
    tls: ssl.SSLContext | None = None,
    lookup: Callable[[str, int], Awaitable[list[str]]] | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    async def look_up(host: str, port: int) -> list[str]:
        if answers is None or host not in answers:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return answers[host]

    egress = Egress(AllowedHosts.parse(allowed), lookup=lookup or look_up, tls=tls or ssl.create_default_context())
    async with httpx.AsyncClient(transport=egress, trust_env=False, timeout=5) as http:
        yield http


NUMBERS = ["2130706433", "0x7f000001", "0x7f.1", "0x7F.0.0.1", "017700000001", "0177.0.0.1", "127.1", "127.0.1", "0"]
ODD_DIGITS = ["①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "⑯⑨.254.169.254", "127.0.0.1.", "127.0.0.01", "0.0.0.0x1"]
METADATA = ["169.254.169.254", "169.254.43518", "2852039166", "100.100.100.200", "168.63.129.16", "192.0.0.192"]
WRAPPED = [
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::127.0.0.1]",
    "[::a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:7f00:1::]",
    "[2001::80ff:fffe]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
]
NAMES = ["localhost", "metadata.google.internal", "metadata.google.internal.", "inside.example", "mixed.example"]
SHAPES = [
    "https://good.example@127.0.0.1:{port}/",
    "https://user:word@public.example:{port}/",
    "https://good.example\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@good.example/",
    "https://127.0.0.1:{port}/#@good.example",
    "https://127.0.0.1\t:{port}/",
    "https://127.0.0.1 :{port}/",
    "https://127.0.0.1%2f.good.example:{port}/",
    "http://public.example:{port}/",
    "https://public.example:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "https:///v1",
]
CORPUS = [
    f"https://{host}:{{port}}/" for host in (*NUMBERS, *ODD_DIGITS, *METADATA, *WRAPPED, *PRIVATE, *NAMES)
] + SHAPES
ANSWERS = {
    "localhost": ["127.0.0.1", "::1"],
    "metadata.google.internal": ["169.254.169.254"],
    "inside.example": ["127.0.0.1"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "public.example": ["127.0.0.1"],
    "good.example": ["127.0.0.1"],
}


def test_the_corpus_is_as_large_as_it_should_be() -> None:
    assert len(set(CORPUS)) >= 60


@pytest.mark.parametrize("port", ["sink", "8443"])
async def test_every_trick_of_the_corpus_is_refused_and_no_packet_is_sent(port: str) -> None:
    async with open_sink() as (sink, sink_port), client(answers=ANSWERS) as http:
        for trick in CORPUS:
            url = trick.format(port=sink_port if port == "sink" else port)
            with pytest.raises((Refusal, httpx.InvalidURL, httpx.UnsupportedProtocol)):
                await http.get(url)
        assert sink.visits == 0


async def test_a_name_is_checked_each_time_that_it_is_asked() -> None:
    turns = [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "169.254.169.254"]]

    async def change_its_mind(host: str, port: int) -> list[str]:
        return turns.pop(0)

    async with open_sink() as (sink, port), client("127.0.0.0/8 a.example:1", lookup=change_its_mind) as http:
        inner = http._transport._transport  # type: ignore[attr-defined]
        inner.client = inner.get_client()
        inner.client.connector._use_dns_cache = False
        for _ in range(3):
            with pytest.raises(Refusal):
                await http.get(f"https://a.example:{port}/")
        assert sink.visits == 0
        assert len(turns) == 3


async def test_a_listed_name_may_be_private_but_never_metadata() -> None:
    answers = {"dify.corp": ["127.0.0.1"], "trap.corp": ["127.0.0.1", "169.254.169.254"]}
    async with open_sink() as (sink, port), client("*.corp", answers) as http:
        assert (await http.get(f"http://dify.corp:{port}/v1")).text == "ok"
        assert f"Host: dify.corp:{port}".encode() in sink.heads[0]
        with pytest.raises(Refusal, match="metadata"):
            await http.get(f"http://trap.corp:{port}/v1")
        assert sink.visits == 1


async def test_a_name_is_reached_when_all_its_addresses_are_in_a_listed_block(tmp_path: Path) -> None:
    serving, trusting = make_certificate(tmp_path, "dify.corp")
    answers = {"dify.corp": ["127.0.0.1"], "half.corp": ["127.0.0.1", "192.168.0.1"]}
    async with open_sink(tls=serving) as (sink, port):
        allowed = f"127.0.0.0/8 dify.corp:{port} half.example:1"
        async with client(allowed, answers, tls=trusting) as http:
            assert (await http.get(f"https://dify.corp:{port}/v1")).text == "ok"
            with pytest.raises(Refusal):
                await http.get("https://half.corp/v1")
        assert sink.visits == 1


def test_the_last_look_before_the_socket_refuses_what_nobody_checked() -> None:
    from bot import egress

    token = egress._aim.set(egress._Aim("x", 443, AllowedHosts()))
    try:
        with pytest.raises(OSError, match="private or reserved"):
            open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443)))
        open_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))).close()
    finally:
        egress._aim.reset(token)


async def test_fmea_e24_a_redirect_is_shown_and_not_followed() -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"
    async with open_sink(reply) as (sink, port), client("127.0.0.1") as http:
        answer = await http.get(f"http://127.0.0.1:{port}/")
    assert (answer.status_code, sink.visits) == (302, 1)


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_sink() as (proxy, proxy_port), open_sink() as (sink, port):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy_port}")
        async with client("127.0.0.1") as http:
            await http.get(f"http://127.0.0.1:{port}/")
    assert (proxy.visits, sink.visits) == (0, 1)


async def test_cookies_are_not_kept() -> None:
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with open_sink(reply) as (sink, port), client("127.0.0.1") as http:
        for _ in range(2):
            http.cookies.clear()
            await http.get(f"http://127.0.0.1:{port}/")
    assert b"ookie" not in sink.heads[1]


async def test_the_kinds_of_no_connection_are_told_apart() -> None:
    async with open_sink() as (_, port):
        pass
    async with client("127.0.0.1 dify.corp") as http:
        with pytest.raises(httpx.ConnectError) as refused:
            await http.get(f"http://127.0.0.1:{port}/")
        assert type(refused.value) is httpx.ConnectError
        with pytest.raises(NameUnknown):
            await http.get("http://dify.corp/")
    for reply, error in ((b"", httpx.ReadError), (b"SSH-2.0-x\r\n", httpx.RemoteProtocolError)):
        async with open_sink(reply) as (_, port), client("127.0.0.1") as http:
            with pytest.raises((error, httpx.ReadError)):
                await http.get(f"http://127.0.0.1:{port}/")


async def test_a_cut_body_is_an_error_and_not_an_end() -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok"
    async with open_sink(reply) as (_, port), client("127.0.0.1") as http:
        with pytest.raises(httpx.ReadError):
            await http.get(f"http://127.0.0.1:{port}/")


async def test_silence_is_a_timeout() -> None:
    async with open_sink(b"HTTP/1.1 200 OK\r\n", holds=True) as (_, port), client("127.0.0.1") as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get(f"http://127.0.0.1:{port}/", timeout=httpx.Timeout(5, read=0.1))


async def test_fmea_e25_tls_checks_the_name_and_goes_to_the_checked_address(tmp_path: Path) -> None:
    serving, trusting = make_certificate(tmp_path, "dify.corp")
    answers = {"dify.corp": ["127.0.0.1"], "other.corp": ["127.0.0.1"]}
    async with open_sink(tls=serving) as (sink, port):
        async with client("*.corp", answers, tls=trusting) as http:
            assert (await http.get(f"https://dify.corp:{port}/")).text == "ok"
            with pytest.raises(TlsFailed):
                await http.get(f"https://other.corp:{port}/")
        async with client("*.corp", answers) as http:
            with pytest.raises(TlsFailed):
                await http.get(f"https://dify.corp:{port}/")
        assert len(sink.heads) == 1


def make_certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    kind = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, kind)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    return serving, ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.DER))
