"""Connecting Dify apps: a key is sealed to its address, never read back, and given again only where it was given."""

from dataclasses import replace
from typing import Any

import pytest

from bot.demo.dify import LocalDify
from bot.dify.client import Dify
from bot.egress import AllowedHosts
from bot.errors import Refusal
from bot.operations.connect import ask_app, connect, read_addresses
from bot.operations.endpoint import open_endpoint, open_endpoints
from bot.rules.access import Actor
from storage import apps
from storage.database import Store
from storage.records import App
from storage.vault import Secret, Vault
from tests.makers import ADMIN, NOW, TEAM, a_vault, an_actor, list_entries

KEY, OTHER_KEY = "app-canary4f7a9c1e2b", "app-secondkey00zz99"
URL = "https://dify.example.com/v1"
VAULT = a_vault()


async def connected(store: Store, actor: Actor | None = None, **said: Any) -> App:
    told = {"name": "News", "base_urls": (URL,), "key": KEY, "mode": "workflow", "description": "", "now": NOW} | said
    admin = actor or an_actor(ADMIN, is_admin=True)
    return await store.run(lambda c: connect(c, admin, VAULT, **told))


async def kept(store: Store, name: str = "News") -> App:
    found = await store.read(lambda c: apps.find(c, TEAM, name))
    assert found is not None
    return found


async def test_a_key_is_sealed_and_opens_for_its_app_alone(store: Store) -> None:
    app = await connected(store, name="  News \n today ", description="All of it")
    assert app == await kept(store, "news today")
    assert (app.name, app.key_hint, app.description, app.created_by) == ("News today", KEY[-4:], "All of it", ADMIN)
    assert app.sealed_key is not None
    assert KEY.encode() not in app.sealed_key
    endpoint = open_endpoint(VAULT, app, URL)
    assert (endpoint.key, endpoint.base_url, endpoint.mode) == (KEY, URL, "workflow")


async def test_the_key_of_an_app_that_was_moved_is_not_sent_to_the_new_address(store: Store) -> None:
    app = await connected(store)
    moved = await store.run(lambda c: apps.move(c, app, ("https://evil.example.com/v1",)))
    assert moved is not None
    with pytest.raises(Refusal, match="cannot be opened") as refused:
        open_endpoints(VAULT, moved)
    assert refused.value.code == "needs_key"


@pytest.mark.parametrize("change", [{"base_urls": ("https://evil.example.com/v1",)}, {"id": 99}, {"team_id": "T2"}])
async def test_a_sealed_key_in_another_row_does_not_open(store: Store, change: dict[str, Any]) -> None:
    app = await connected(store)
    with pytest.raises(Refusal, match="cannot be opened"):
        open_endpoints(VAULT, replace(app, **change))
    with pytest.raises(Refusal, match="cannot be opened"):
        open_endpoints(Vault([Secret("kq3Zt0cWqYxv5m1oPzR8uJ7sK2dL4aHnB6eFgTiVwXy")]), app)


async def test_a_known_app_gets_a_new_key_at_the_same_address(store: Store) -> None:
    app = await connected(store)
    again = await connected(store, key=OTHER_KEY)
    assert again.id == app.id
    assert open_endpoint(VAULT, await kept(store), URL).key == OTHER_KEY
    actions = [entry.action for entry in await store.read(lambda c: list_entries(c, TEAM))]
    assert actions == ["rekey", "connect"]


async def test_a_new_key_that_belongs_to_another_kind_of_app_changes_the_kind(store: Store) -> None:
    await connected(store)
    again = await connected(store, key=OTHER_KEY, mode="advanced-chat", description="Now a chatflow")
    assert (again.mode, again.description) == ("advanced-chat", "Now a chatflow")
    assert again == await kept(store)


async def test_a_name_cannot_be_taken_to_another_address(store: Store) -> None:
    before = await connected(store)
    with pytest.raises(Refusal, match="with another address is already connected") as refused:
        await connected(store, base_urls=("https://other.example.com/v1",), name="NEWS")
    assert (refused.value.code, refused.value.field) == ("taken", "name")
    assert await kept(store) == before


async def test_an_app_gets_other_addresses_only_with_its_key_and_when_that_is_meant(store: Store) -> None:
    before = await connected(store)
    both = (URL, "https://second.example.com/v1")
    after = await connected(store, base_urls=both, key=OTHER_KEY, routing="failover", may_move=True)
    assert after == await kept(store)
    assert (after.id, after.base_urls, after.routing) == (before.id, both, "failover")
    assert [(one.base_url, one.key) for one in open_endpoints(VAULT, after)] == [(url, OTHER_KEY) for url in both]
    with pytest.raises(Refusal, match="at other addresses now") as refused:
        open_endpoint(VAULT, after, "https://third.example.com/v1")
    assert refused.value.code == "no_address"


@pytest.mark.parametrize("urls", [("https://evil.example.com/v1", URL), (URL, "https://evil.example.com/v1"), ()])
async def test_a_key_opens_for_no_list_of_addresses_but_its_own(store: Store, urls: tuple[str, ...]) -> None:
    app = await connected(store)
    with pytest.raises(Refusal, match="cannot be opened"):
        open_endpoints(VAULT, replace(app, base_urls=urls))


@pytest.mark.parametrize(
    ("typed", "urls"),
    [
        ("https://a.example/v1/", ("https://a.example/v1",)),
        ("https://a.example/v1\n https://b.example/v1", ("https://a.example/v1", "https://b.example/v1")),
        (
            "https://b.example/v1, https://a.example/v1 https://b.example/v1/",
            ("https://b.example/v1", "https://a.example/v1"),
        ),
    ],
)
def test_addresses_are_read_in_their_order_and_none_twice(typed: str, urls: tuple[str, ...]) -> None:
    assert read_addresses(typed) == urls


@pytest.mark.parametrize("typed", ["", " \n", " ".join(f"https://d{n}.example/v1" for n in range(11))])
def test_an_app_without_an_address_or_with_very_many_is_refused(typed: str) -> None:
    with pytest.raises(Refusal, match="1 to 10 addresses"):
        read_addresses(typed)


@pytest.mark.parametrize("mode", ["completion", "chat", "agent-chat", "", "WORKFLOW"])
async def test_an_app_that_is_neither_workflow_nor_chatflow_is_refused(store: Store, mode: str) -> None:
    with pytest.raises(Refusal, match=f"kind “{mode}”") as refused:
        await connected(store, mode=mode)
    assert refused.value.code == "bad_mode"
    assert await store.read(lambda c: apps.list_apps(c, TEAM)) == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
async def test_an_app_needs_a_name_that_can_be_typed(store: Store, name: str) -> None:
    with pytest.raises(Refusal, match="1 to 60 characters") as refused:
        await connected(store, name=name)
    assert refused.value.field == "name"


@pytest.mark.parametrize("actor", [an_actor(), an_actor(is_guest=True), an_actor(is_stranger=True, is_admin=True)])
async def test_only_an_admin_connects_an_app(store: Store, actor: Actor) -> None:
    with pytest.raises(Refusal):
        await connected(store, actor)
    assert await store.read(lambda c: apps.list_apps(c, TEAM)) == []


async def test_no_key_is_written_anywhere_in_the_open(store: Store) -> None:
    app = await connected(store)
    entries = await store.read(lambda c: list_entries(c, TEAM))
    assert KEY not in repr(app) + repr(entries) + repr(open_endpoints(VAULT, app)) + repr(VAULT)


async def test_all_addresses_must_answer_for_the_same_app() -> None:
    one, two, dify = LocalDify(), LocalDify(), Dify(allowed_hosts=AllowedHosts.parse("127.0.0.1"))
    two.keys = {"digest": one.keys["digest"], "chat": one.keys["loops"]}
    await one.start()
    await two.start()
    try:
        both = (one.url, two.url)
        assert (await ask_app(dify, both, one.keys["digest"])).mode == "workflow"
        with pytest.raises(Refusal, match=f"{two.url} answers for another app") as refused:
            await ask_app(dify, both, one.keys["loops"])
        assert refused.value.field == "base_urls"
        two.close_door()
        with pytest.raises(Refusal, match="cannot be reached"):
            await ask_app(dify, both, one.keys["digest"])
    finally:
        await dify.close()
        await one.stop()
        await two.stop()


async def test_dify_is_asked_before_a_key_is_taken() -> None:
    local, dify = LocalDify(), Dify(allowed_hosts=AllowedHosts.parse("127.0.0.1"))
    await local.start()
    try:
        info = await ask_app(dify, (local.url,), local.keys["chat"])
        assert (info.mode, info.version) == ("advanced-chat", "1.16.1")
        with pytest.raises(Refusal, match="Dify did not accept this") as refused:
            await ask_app(dify, (local.url,), KEY)
        assert (refused.value.code, refused.value.field) == ("bad_key", "key")
        assert KEY not in str(refused.value)
        with pytest.raises(Refusal) as refused:
            await ask_app(dify, ("http://169.254.169.254/v1",), KEY)
        assert refused.value.code == "address_refused"
    finally:
        await dify.close()
        await local.stop()
