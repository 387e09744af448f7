"""Dify apps: one name in a team, and a key that belongs to one row and one address."""

from dataclasses import replace

import pytest

from storage import apps
from storage.database import Store
from storage.errors import NameTaken
from tests.storage.examples import an_app


async def test_an_app_is_found_by_its_name_whatever_its_case(store: Store) -> None:
    app = await store.run(lambda c: apps.add(c, an_app(name="Straße")))
    assert await store.read(lambda c: apps.find(c, "T1", " STRASSE ")) == app
    assert await store.read(lambda c: apps.find(c, "T2", "Straße")) is None
    assert await store.read(lambda c: apps.get(c, "T2", app.id)) is None
    with pytest.raises(NameTaken, match="already an app called STRASSE"):
        await store.run(lambda c: apps.add(c, an_app(name="STRASSE")))
    await store.run(lambda c: apps.add(c, an_app(name="Straße", team_id="T2")))


async def test_apps_are_listed_by_name(store: Store) -> None:
    for name in ("b", "C", "a"):
        await store.run(lambda c, name=name: apps.add(c, an_app(name=name)))
    assert [app.name for app in await store.read(lambda c: apps.list_apps(c, "T1"))] == ["a", "b", "C"]
    assert await store.read(lambda c: apps.list_apps(c, "T2")) == []


async def test_a_key_is_set_and_dropped_with_its_hint(store: Store) -> None:
    app = await store.run(lambda c: apps.add(c, an_app()))
    keyed = await store.run(lambda c: apps.set_key(c, app, b"sealed", "…1234"))
    assert keyed == replace(app, sealed_key=b"sealed", key_hint="…1234")
    assert await store.run(lambda c: apps.set_key(c, app, None, "")) == app
    assert await store.run(lambda c: apps.set_key(c, replace(app, team_id="T2"), b"x", "")) is None


async def test_another_address_drops_the_key(store: Store) -> None:
    app = await store.run(lambda c: apps.add(c, an_app(sealed_key=b"sealed", key_hint="…1234")))
    moved = await store.run(lambda c: apps.move(c, app, ("https://evil.example/v1",)))
    assert moved == replace(app, base_urls=("https://evil.example/v1",), sealed_key=None, key_hint="")
    assert moved is not None
    assert apps.key_about(moved) != apps.key_about(app)


async def test_what_dify_says_of_an_app_is_kept(store: Store) -> None:
    app = await store.run(lambda c: apps.add(c, an_app()))
    described = await store.run(
        lambda c: apps.describe(c, app, mode="advanced-chat", description="News", routing="round")
    )
    assert described == replace(app, mode="advanced-chat", description="News", routing="round")


async def test_a_removed_app_is_gone_and_its_number_is_not_given_again(store: Store) -> None:
    app = await store.run(lambda c: apps.add(c, an_app(sealed_key=b"sealed")))
    assert not await store.run(lambda c: apps.remove(c, "T2", app.id))
    assert await store.run(lambda c: apps.remove(c, "T1", app.id))
    assert not await store.run(lambda c: apps.remove(c, "T1", app.id))
    assert await store.read(lambda c: apps.get(c, "T1", app.id)) is None
    again = await store.run(lambda c: apps.add(c, an_app()))
    assert again.id > app.id
