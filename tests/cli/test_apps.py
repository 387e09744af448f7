"""`dify-ops apps`: apps are connected with keys that come from a file or stdin and never go out again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.demo.dify import LocalDify
from bot.operations.endpoint import open_endpoints
from storage import apps
from storage.records import App
from storage.vault import load_keys
from tests.cli.conftest import write
from tests.cli.terminal import Done, Terminal
from tests.makers import TEAM, list_entries

KEY = "app-canary4f7a9c1e2b"


async def run(terminal: Terminal, *words: str, stdin: str = "") -> Done:
    """A command beside the servers of the test."""
    return await asyncio.to_thread(terminal.call, *words, stdin=stdin.encode())


@pytest.fixture
def owned(owned: Terminal) -> Terminal:
    owned.environ["DIFY_OPS_ALLOWED_HOSTS"] = "127.0.0.1"
    return owned


async def rows(terminal: Terminal, work: Any) -> Any:
    return await asyncio.to_thread(write, terminal, work)


async def kept(terminal: Terminal, name: str) -> App:
    found = await rows(terminal, lambda c: apps.find(c, TEAM, name))
    assert found is not None
    return found  # type: ignore[no-any-return]


def key_of(terminal: Terminal, app: App) -> str:
    return open_endpoints(load_keys(None, terminal.folder / "secret.key"), app)[0].key


def assert_hidden(key: str, terminal: Terminal, *done: Done) -> None:
    assert all(key not in one.out + one.err for one in done)
    assert all(key.encode() not in file.read_bytes() for file in terminal.folder.rglob("*.sqlite3*"))


async def test_a_key_comes_from_stdin_and_never_goes_out_again(owned: Terminal, dify: LocalDify) -> None:
    key = dify.keys["digest"]
    added = await run(owned, "apps", "add", "digest", "--url", f"{dify.url}/", stdin=f"  {key}\n")
    assert (added.code, added.err) == (0, "")
    assert added.out == "“digest” is connected (workflow, Dify 1.16.1).\n"
    app = await kept(owned, "digest")
    assert (app.base_urls, app.mode, app.created_by) == ((dify.url,), "workflow", "system")
    assert key_of(owned, app) == key
    listed, as_json = await run(owned, "apps", "list"), await run(owned, "apps", "list", "--json")
    assert listed.out.split() == ["digest", "workflow", dify.url, "key", f"…{key[-4:]}"]
    row = {"name": "digest", "urls": [dify.url], "routing": "first", "mode": "workflow", "limit": None}
    assert as_json.json == [row | {"key": f"…{key[-4:]}"}]
    assert_hidden(key, owned, added, listed, as_json)


async def test_an_app_is_limited_and_let_go_again(owned: Terminal, dify: LocalDify) -> None:
    await run(owned, "apps", "add", "digest", "--url", dify.url, stdin=dify.keys["digest"])
    assert (await run(owned, "apps", "limit", "Digest", "5")).out == "“digest” runs at most 5 at a time.\n"
    assert "at most 5 at a time" in (await run(owned, "apps", "list")).out
    lifted = await run(owned, "apps", "limit", "digest", "off")
    assert lifted.out == "“digest” runs as often at a time as the settings allow.\n"
    assert (await kept(owned, "digest")).max_running is None
    entries = await rows(owned, lambda c: list_entries(c, TEAM))
    assert [entry.action for entry in entries].count("limit") == 2


@pytest.mark.parametrize("most", ["0", "-1", "five", "10001", "99999999"])
async def test_a_limit_that_is_none_is_refused(owned: Terminal, dify: LocalDify, most: str) -> None:
    await run(owned, "apps", "add", "digest", "--url", dify.url, stdin=dify.keys["digest"])
    done = await run(owned, "apps", "limit", "digest", "--", most)
    assert (done.code, done.out) == (2, "")
    assert "from 1 to 10000, or off" in done.err


async def test_a_key_comes_from_a_file(owned: Terminal, dify: LocalDify, tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(f"{dify.keys['chat']}\n\n")
    done = await run(owned, "apps", "add", "Chat bot", "--url", dify.url, "--key-file", str(file))
    assert done.code == 0
    assert (await kept(owned, "chat bot")).mode == "advanced-chat"
    entries = await rows(owned, lambda c: list_entries(c, TEAM))
    assert [(entry.actor, entry.action) for entry in entries] == [("system", "connect")]


@pytest.mark.parametrize("words", [["--key", KEY], [KEY]])
async def test_a_key_on_the_command_line_is_no_way_to_give_it(owned: Terminal, words: list[str]) -> None:
    done = await run(owned, "apps", "add", "digest", "--url", "https://d.example.com/v1", *words)
    assert (done.code, done.out) == (2, "")


async def test_no_key_at_all_is_one_sentence(owned: Terminal, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text(" \n")
    for words in ([], ["--key-file", str(empty)]):
        done = await run(owned, "apps", "add", "digest", "--url", "https://d.example.com/v1", *words)
        assert done.sentence.startswith("No API key was given.")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", "ключ-日本".encode(), b"two words", b"a\nb", b"x" * 5000])
@pytest.mark.parametrize("way", ["file", "stdin"])
async def test_what_is_no_key_is_one_sentence(
    owned: Terminal, dify: LocalDify, tmp_path: Path, content: bytes, way: str
) -> None:
    words = ["apps", "add", "digest", "--url", dify.url]
    if way == "file":
        (tmp_path / "key").write_bytes(content)
        done = await run(owned, *words, "--key-file", str(tmp_path / "key"))
    else:
        done = await asyncio.to_thread(owned.call, *words, stdin=content)
    assert done.sentence.startswith("Dify did not accept this:")
    assert "binary" not in done.err


@pytest.mark.parametrize("name", ["missing", "."])
async def test_a_key_file_that_cannot_be_read_is_wrong_usage(owned: Terminal, name: str) -> None:
    done = await run(owned, "apps", "add", "digest", "--url", "https://d.example.com/v1", "--key-file", name)
    assert (done.code, done.out) == (2, "")
    assert "Invalid value for '--key-file'" in done.err.splitlines()[-1]


async def test_a_key_that_dify_does_not_know_is_one_sentence_and_keeps_nothing(
    owned: Terminal, dify: LocalDify
) -> None:
    done = await run(owned, "apps", "add", "digest", "--url", dify.url, stdin=KEY)
    assert "Dify refused the API key" in done.sentence
    assert await rows(owned, lambda c: apps.list_apps(c, TEAM)) == []
    assert_hidden(KEY, owned, done)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://169.254.169.254/v1", "metadata service"),
        ("http://10.0.0.1/v1", "DIFY_OPS_ALLOWED_HOSTS"),
        ("ftp://d.example.com", "does not start with https://"),
        ("https://user:pass@d.example.com/v1", "user name or a password"),
        ("not-an-address", "does not start with https://"),
        ("", "has 1 to 10 addresses"),
        ("http://127.0.0.1:9/v1", "cannot be reached"),
    ],
)
async def test_an_address_that_cannot_be_used_is_one_sentence(owned: Terminal, url: str, why: str) -> None:
    done = await run(owned, "apps", "add", "digest", "--url", url, stdin=KEY)
    assert why in done.sentence
    assert_hidden(KEY, owned, done)


async def test_an_app_gets_a_new_key_at_its_own_address(owned: Terminal, dify: LocalDify) -> None:
    await run(owned, "apps", "add", "news", "--url", dify.url, stdin=dify.keys["digest"])
    done = await run(owned, "apps", "rekey", "NEWS", stdin=dify.keys["loops"])
    assert done.code == 0
    app = await kept(owned, "news")
    assert (key_of(owned, app), app.base_urls) == (dify.keys["loops"], (dify.url,))
    assert_hidden(dify.keys["loops"], owned, done)


async def test_an_app_is_connected_at_several_addresses_and_each_is_checked(owned: Terminal, dify: LocalDify) -> None:
    second = LocalDify()
    second.keys = dify.keys
    await second.start()
    key = dify.keys["digest"]
    try:
        await run(owned, "apps", "add", "news", "--url", dify.url, stdin=key)
        urls = ("--url", dify.url, "--url", f"{second.url}/")
        moved = await run(owned, "apps", "rekey", "news", *urls, "--routing", "round", stdin=key)
        assert (moved.code, moved.err) == (0, "")
        app = await kept(owned, "news")
        assert (key_of(owned, app), app.base_urls, app.routing) == (key, (dify.url, second.url), "round")
        assert f"{dify.url} {second.url} (round)" in (await run(owned, "apps", "list")).out
        again = await run(owned, "apps", "rekey", "news", stdin=key)
        assert (again.code, (await kept(owned, "news")).routing) == (0, "round")
        checked = await run(owned, "apps", "check", "news")
        lines = zip(app.base_urls, checked.out.splitlines(), strict=True)
        assert all(url in line for url, line in lines)
        second.close_door()
        assert "cannot be reached" in (await run(owned, "apps", "check", "news")).sentence
    finally:
        await second.stop()


async def test_an_app_that_is_not_there_cannot_be_rekeyed_or_checked(owned: Terminal, dify: LocalDify) -> None:
    await run(owned, "apps", "add", "digest", "--url", dify.url, stdin=dify.keys["digest"])
    for words in (["rekey", "digst"], ["check", "digst"]):
        done = await run(owned, "apps", *words, stdin=KEY)
        assert "Did you mean “digest”?" in done.sentence


async def test_another_address_for_a_known_name_is_refused(owned: Terminal, dify: LocalDify) -> None:
    other = LocalDify()
    await other.start()
    try:
        await run(owned, "apps", "add", "digest", "--url", dify.url, stdin=dify.keys["digest"])
        done = await run(owned, "apps", "add", "digest", "--url", other.url, stdin=other.keys["digest"])
        assert "with another address is already connected" in done.sentence
    finally:
        await other.stop()


async def test_a_check_tells_that_the_app_answers_and_what_it_asks_for(owned: Terminal, dify: LocalDify) -> None:
    await run(owned, "apps", "add", "forms", "--url", dify.url, stdin=dify.keys["forms"])
    done = await run(owned, "apps", "check", "forms")
    assert done.code == 0
    assert done.out.startswith("“forms” answers: workflow, Dify 1.16.1, inputs: name, note?, count?, lang,")
    dify.mischief.revoke("forms")
    assert (await run(owned, "apps", "check", "forms")).sentence.startswith("“forms”: Dify refused the API key")


async def test_a_lost_key_file_is_one_sentence(owned: Terminal, dify: LocalDify) -> None:
    await run(owned, "apps", "add", "digest", "--url", dify.url, stdin=dify.keys["digest"])
    (owned.folder / "secret.key").unlink()
    assert (
        "The key of the Dify app “digest” cannot be opened" in (await run(owned, "apps", "check", "digest")).sentence
    )
    (owned.folder / "secret.key").chmod(0o644)
    assert "can be read by others" in (await run(owned, "apps", "check", "digest")).sentence


async def test_no_apps_says_how_to_begin(owned: Terminal) -> None:
    assert "dify-ops apps add NAME" in (await run(owned, "apps", "list")).out
    assert (await run(owned, "apps", "list", "--json")).json == []
