"""Which addresses the bot may send to, without a network."""

from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.hosts import AllowedHosts, check_address, check_url, unwrap

NOBODY = AllowedHosts()


@pytest.mark.parametrize(
    "url",
    [
        "https://api.dify.ai/v1",
        "https://api.dify.ai:8443/v1",
        "https://93.184.216.34/v1",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/v1",
        "https://bücher.example/v1",
        "https://hooks.example.com/a/b?token=1",
    ],
)
def test_a_public_https_address_is_taken(url: str) -> None:
    assert check_url(url, NOBODY).scheme == "https"


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("dify.corp", "http://dify.corp/v1"),
        ("dify.corp", "http://dify.corp:5001/v1"),
        ("dify.corp:5001", "http://dify.corp:5001/v1"),
        ("*.corp", "http://a.b.corp/v1"),
        ("DIFY.Corp", "http://dify.corp/v1"),
        ("10.0.0.0/8", "http://10.9.8.7:3000/v1"),
        ("10.0.0.0/8:3000", "http://10.9.8.7:3000/v1"),
        ("[fd12::]/16:80", "http://[fd12::7]/v1"),
        ("fd12::/16", "http://[fd12::7]:81/v1"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/v1"),
        ("localhost, 10.0.0.0/8  dify.corp", "http://dify.corp/v1"),
    ],
)
def test_what_an_admin_lists_may_be_private_and_plain_http(setting: str, url: str) -> None:
    assert str(check_url(url, AllowedHosts.parse(setting))).startswith("http://")


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("dify.corp:5001", "http://dify.corp:5002/v1"),
        ("*.corp", "http://corp/v1"),
        ("*.corp", "http://evilcorp/v1"),
        ("dify.corp", "http://dify.corp.evil.example/v1"),
        ("10.0.0.0/8", "http://11.0.0.1/v1"),
        ("10.0.0.0/8:3000", "http://10.0.0.1:3001/v1"),
        ("10.0.0.0/8", "http://dify.corp/v1"),
        ("127.0.0.1", "https://[2002:7f00:1::]/v1"),
    ],
)
def test_what_an_admin_did_not_list_stays_refused(setting: str, url: str) -> None:
    with pytest.raises(Refusal):
        check_url(url, AllowedHosts.parse(setting))


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        "http://metadata.google.internal/",
    ],
)
def test_metadata_services_are_refused_even_when_listed(url: str) -> None:
    everything = "1.0.0.0/8 0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1 metadata.google.internal *.internal"
    with pytest.raises(Refusal, match="metadata"):
        check_url(url, AllowedHosts.parse(everything))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("https://dify.corp/v1", "Give only the host, for example dify.corp."),
        ("10.1.2.3/8", "Write 10.0.0.0/8."),
        ("10.1.2.300", "is not an IP address or block"),
        ("0x7f.1", "is not an IP address or block"),
        ("dify.corp:0", "from 1 to 65535"),
        ("dify.corp:http", "from 1 to 65535"),
        ("*", "is not a host name"),
        ("*.", "is not a host name"),
        ("a b..c", '"b..c" is not a host name'),
        ("dify.corp/v1", "is not an IP address or block"),
        ("user@dify.corp", "Give only the host, for example dify.corp."),
    ],
)
def test_a_bad_entry_is_named_with_what_to_write_instead(text: str, part: str) -> None:
    with pytest.raises(Refusal) as refused:
        AllowedHosts.parse(text)
    assert part in str(refused.value)
    assert str(refused.value).startswith("DIFY_OPS_ALLOWED_HOSTS: ")


def test_nothing_listed_is_nobody_allowed() -> None:
    assert AllowedHosts.parse(" , ") == NOBODY


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(Refusal) as refused:
        check_url("https://bob:hunter2@dify.ai/v1", NOBODY)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(Refusal) as refused:
        AllowedHosts.parse("https://bob:hunter2@dify.ai/v1")
    assert "dify.ai" in refused.value.hint


@given(st.ip_addresses(v=4))
def test_ipv4_in_any_wrapping_is_as_reachable_as_itself(address: IPv4Address) -> None:
    plain = _is_open(str(address))
    number = int(address)
    for wrapped in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert _is_open(wrapped) == plain
    for tunnel in (f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1", f"2001:0:{number >> 16:x}:{number & 0xFFFF:x}::"):
        assert not _is_open(tunnel)


@given(st.ip_addresses(v=6))
def test_ipv6_outside_global_unicast_is_never_reachable(address: object) -> None:
    found = ip_address(str(address))
    if found.packed[0] >> 5 != 1 and len(unwrap(found)) == 1 and unwrap(found)[0] == found:
        assert not _is_open(str(found))


@given(st.text())
def test_any_text_is_an_address_or_a_refusal(text: str) -> None:
    for url in (text, f"https://{text}/", f"http://{text}"):
        try:
            assert check_url(url, NOBODY).scheme == "https"
        except Refusal:
            continue


def _is_open(address: str) -> bool:
    try:
        check_address(ip_address(address), "x", 443, NOBODY)
    except Refusal:
        return False
    return True
