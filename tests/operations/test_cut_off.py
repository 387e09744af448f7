"""A token that was taken back: remembered once, ended by a good one, and after a month the keys are erased."""

from datetime import timedelta

from sqlalchemy import Connection

from bot.operations.cut_off import KEYS_KEPT_DAYS, end_cut_off, erase_keys, note_cut_off, read_cut_off
from storage import apps
from storage.database import Store
from tests.makers import NOW, TEAM, a_vault, connected, list_entries

LATER = NOW + timedelta(days=1)


async def test_it_is_remembered_since_the_first_time_and_ends_with_a_good_token(store: Store) -> None:
    assert await store.read(read_cut_off) is None
    assert await store.run(lambda c: note_cut_off(c, TEAM, "token_revoked", now=NOW))
    assert not await store.run(lambda c: note_cut_off(c, TEAM, "invalid_auth", now=LATER))
    known = await store.read(read_cut_off)
    assert known == (NOW, "token_revoked")
    assert await store.run(lambda c: end_cut_off(c, TEAM, now=LATER)) == known
    assert await store.read(read_cut_off) is None
    assert await store.run(lambda c: end_cut_off(c, TEAM, now=LATER)) is None
    noted = await store.read(lambda c: list_entries(c, TEAM, about="team"))
    assert {entry.action for entry in noted} == {"cut_off", "cut_off_end"}


async def test_fmea_d13_the_keys_of_the_apps_are_erased_a_month_after_the_token_has_gone(store: Store) -> None:
    def erase(c: Connection, days: float) -> int:
        return erase_keys(c, TEAM, now=NOW + timedelta(days=days))

    app = await store.run(lambda c: connected(c, a_vault(), key="app-" + "k" * 24))
    assert await store.run(lambda c: erase(c, 999)) == 0  # the token is good
    await store.run(lambda c: note_cut_off(c, TEAM, "app_uninstalled", now=NOW))
    assert await store.run(lambda c: erase(c, KEYS_KEPT_DAYS - 0.01)) == 0
    kept = await store.read(lambda c: apps.get(c, TEAM, app.id))
    assert kept is not None
    assert kept.sealed_key is not None
    assert await store.run(lambda c: erase(c, KEYS_KEPT_DAYS)) == 1
    gone = await store.read(lambda c: apps.get(c, TEAM, app.id))
    assert gone is not None
    assert (gone.sealed_key, gone.key_hint) == (None, "")
    assert await store.run(lambda c: erase(c, KEYS_KEPT_DAYS)) == 0
