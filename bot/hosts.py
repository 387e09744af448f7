"""Which addresses the bot may send to: pure rules, and the hosts that an admin allows beside them.

Law: a host is public and https, or an admin listed it; metadata services are refused even then.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from bot.errors import Refusal

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SETTING = "DIFY_OPS_ALLOWED_HOSTS"
PUBLIC_PORTS = (443, 8443)
LONGEST_URL = 2048


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# An own list: `is_private` and `is_global` change between Python versions and miss tunnels and metadata services.
BLOCKED = _networks(
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
    *("203.0.113.0/24", "224.0.0.0/3", "168.63.129.16/32"),
    *("::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
)
METADATA = _networks(
    *("169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"),
    *("fd00:ec2::/32", "fd20:ce::/32"),
)
METADATA_NAMES = ("metadata.google.internal", "metadata.goog", "instance-data.ec2.internal")
NAT64 = ip_network("64:ff9b::/96")
IPV4_COMPATIBLE = ip_network("::/96")

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LOOKS_NUMERIC = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
_ODD = re.compile(r"[\x00-\x20\x7f\\]|\s")


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the setting. Exactly one of `name` (`*.suffix` too) and `network` is set; no port means any."""

    name: str | None
    network: Network | None
    port: int | None

    def fits_name(self, host: str, port: int) -> bool:
        if self.name is None or self.port not in (None, port):
            return False
        return host.endswith(self.name[1:]) if self.name.startswith("*.") else host == self.name

    def fits_address(self, address: Address, port: int) -> bool:
        return self.network is not None and self.port in (None, port) and address in self.network


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The hosts that an admin trusts although they are private, speak plain http, or use another port."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "AllowedHosts":
        """Read names, `*.suffix` and CIDR blocks, each with an optional `:port`, by commas or spaces.

        Raises Refusal with one sentence about the first entry that makes no sense.
        """
        return cls(tuple(_read_rule(entry) for entry in re.split(r"[,\s]+", text.strip()) if entry))

    def names(self, host: str, port: int) -> bool:
        return any(rule.fits_name(host, port) for rule in self.rules)

    def covers(self, address: Address, port: int) -> bool:
        return all(any(rule.fits_address(one, port) for rule in self.rules) for one in unwrap(address))


def _read_rule(entry: str) -> Rule:
    host, port = _split_port(entry.lower())
    if "://" in entry or "@" in entry or "?" in entry or "#" in entry:
        raise _bad_rule(entry, "is an address", f"Give only the host, for example {_host_hint(entry)}.")
    if "/" in host or ":" in host or _LOOKS_NUMERIC.fullmatch(host):
        return Rule(None, _read_network(entry, host), port)
    bare = host.removeprefix("*.")
    if not _NAME.fullmatch(bare):
        raise _bad_rule(
            entry, "is not a host name", "Write a name, *.suffix or 10.0.0.0/8, each with :port if you like."
        )
    return Rule(host, None, port)


def _read_network(entry: str, host: str) -> Network:
    try:
        return ip_network(host)
    except ValueError:
        pass
    try:
        network = ip_network(host, strict=False)
    except ValueError:
        raise _bad_rule(
            entry, "is not an IP address or block", "Write it as 10.1.2.3, 10.0.0.0/8 or [fd00::]/8."
        ) from None
    raise _bad_rule(entry, "has bits set behind the mask", f"Write {network}.")


def _split_port(entry: str) -> tuple[str, int | None]:
    bracketed = re.fullmatch(r"\[([^\]]*)\](/\d+)?(?::(.*))?", entry)
    if bracketed:
        host, text = bracketed[1] + (bracketed[2] or ""), bracketed[3]
    elif entry.count(":") > 1:  # a bare IPv6 address or block
        return entry, None
    else:
        host, colon, rest = entry.partition(":")
        text = rest if colon else None
    if text is None:
        return host, None
    if "://" in entry:
        return entry, None
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise _bad_rule(entry, "has a port that is not a number from 1 to 65535", "Write it as name:8080.")
    return host, int(text)


def _bad_rule(entry: str, what: str, hint: str) -> Refusal:
    return Refusal(f'{SETTING}: "{entry[:100]}" {what}.', hint, code="bad_allowed_hosts")


def _host_hint(entry: str) -> str:
    host = re.sub(r"^.*?://|^.*@|[/?#].*$", "", entry)
    return host if _NAME.fullmatch(host.partition(":")[0].lower()) else "dify.example.com"


def unwrap(address: Address) -> tuple[Address, ...]:
    """Where packets really arrive: IPv4 inside mapped, compatible and NAT64; the two tunnels count beside it."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour, address)
    if address.teredo is not None:
        return (*address.teredo, address)
    if address in NAT64 or (address in IPV4_COMPATIBLE and int(address) > 0xFFFF):
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    return (address,)


def check_address(address: Address, host: str, port: int, allowed: AllowedHosts) -> None:
    """Raise Refusal unless packets may go to this address on behalf of this host."""
    real = unwrap(address)
    if any(one in network for one in (*real, address) for network in METADATA):
        raise Refusal(
            f"{host} leads to a cloud metadata service.", "Nothing is ever sent there.", code="address_refused"
        )
    if allowed.names(host, port) or allowed.covers(address, port):
        return
    if any(one in network for one in real for network in BLOCKED):
        raise Refusal(
            f"{host} leads to a private or reserved address.",
            f"An admin can allow it with {SETTING}={host}:{port}.",
            code="address_refused",
        )


@lru_cache(maxsize=1024)
def check_url(url: str, allowed: AllowedHosts) -> httpx.URL:
    """The address as it will be used, or a Refusal that says what is wrong with it. Asks no name server."""
    parsed = _parse(url)
    host, port = parsed.raw_host.decode("ascii"), parsed.port or (443 if parsed.scheme == "https" else 80)
    literal = _read_literal(host)
    if literal is None and host.removesuffix(".") in METADATA_NAMES:
        raise _bad_url(f"{host} is a cloud metadata service.", "Nothing is ever sent there.")
    if literal is None and not _NAME.fullmatch(host):
        raise _bad_url("the host is not a name that can be looked up.", "Write it as dify.example.com.")
    if literal is not None:
        check_address(literal, host, port, allowed)
    if allowed.names(host, port) or (literal is not None and allowed.covers(literal, port)):
        return parsed
    allow = f"An admin can allow it with {SETTING}={host}:{port}."
    if parsed.scheme != "https":
        raise _bad_url("it starts with http, so the key could be read on the way.", f"Use https. {allow}")
    if port not in PUBLIC_PORTS:
        raise _bad_url(f"port {port} is not one of 443 and 8443.", allow)
    return parsed


def _parse(url: str) -> httpx.URL:
    if len(url) > LONGEST_URL:
        raise _bad_url("it is longer than 2048 characters.", "Give the plain address.")
    if _ODD.search(url):
        raise _bad_url("it has a space, a backslash or a control character.", "Copy it again.")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise _bad_url("it cannot be read.", "Write it as https://dify.example.com/v1.") from None
    if parsed.scheme not in ("http", "https") or not parsed.raw_host:
        raise _bad_url("it does not start with https:// and a host.", "Write it as https://dify.example.com/v1.")
    if parsed.userinfo or "@" in url.partition("://")[2].partition("/")[0]:
        raise _bad_url("it holds a user name or a password.", "Leave out everything before the @.")
    if "#" in url:
        raise _bad_url("it holds a fragment.", "Leave out # and what follows.")
    return parsed


def _read_literal(host: str) -> Address | None:
    """An IP address in its usual spelling; other spellings (0x7f.1, 2130706433, 127.1) are refused."""
    if "%" in host:
        raise _bad_url("it holds a zone.", "Leave out % and what follows.")
    try:
        return ip_address(host)
    except ValueError:
        if _LOOKS_NUMERIC.fullmatch(host.removesuffix(".")):
            raise _bad_url("its IP address is spelled in an unusual way.", "Write it as 203.0.113.7.") from None
        return None


def _bad_url(why: str, hint: str) -> Refusal:
    return Refusal(f"This address cannot be used: {why}", hint, code="address_refused", field="url")


def host_of(url: str) -> str:
    """Scheme, host and port of an address, as one word."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine, by what is written there."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
