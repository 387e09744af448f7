"""Calendars: one name in a team, whatever its case; an import replaces the days and counts the version up."""

from dataclasses import replace
from datetime import date

from storage import calendars
from storage.database import Store
from storage.records import Calendar
from tests.storage.examples import SOON, a_calendar

EVE, YEAR_END = date(2026, 12, 24), date(2026, 12, 31)


async def put(store: Store, calendar: Calendar) -> Calendar:
    return await store.run(lambda c: calendars.put(c, calendar))


async def test_a_calendar_is_found_by_its_name_in_any_case_and_script(store: Store) -> None:
    saved = await put(store, a_calendar(EVE, YEAR_END, name="Ärztliche Tage"))
    assert saved == a_calendar(EVE, YEAR_END, name="Ärztliche Tage", id=saved.id)
    assert await store.read(lambda c: calendars.find(c, "T1", "äRZTLICHE tage")) == saved
    assert await store.read(lambda c: calendars.find(c, "T1", "Ärztliche")) is None


async def test_a_calendar_belongs_to_its_team(store: Store) -> None:
    ours, theirs = await put(store, a_calendar(EVE)), await put(store, a_calendar(YEAR_END, team_id="T2"))
    assert await store.read(lambda c: calendars.find(c, "T1", ours.name)) == ours
    assert await store.read(lambda c: calendars.find(c, "T2", ours.name)) == theirs
    assert await store.run(lambda c: calendars.remove(c, "T1", ours.name))
    assert await store.read(lambda c: calendars.list_calendars(c, "T2")) == [theirs]


async def test_putting_a_name_again_replaces_the_days_and_counts_the_version_up(store: Store) -> None:
    first = await put(store, a_calendar(EVE, name="Closing days"))
    again = a_calendar(YEAR_END, name="CLOSING days", years=(2026, 2027), changed_by="U2", changed_at=SOON)
    for version in (2, 3):
        saved = await put(store, again)
        assert saved == replace(again, id=first.id, version=version)
    assert await store.read(lambda c: calendars.list_calendars(c, "T1")) == [saved]


async def test_a_calendar_may_be_empty(store: Store) -> None:
    saved = await put(store, a_calendar(years=()))
    assert (saved.days, saved.years) == ((), ())
    assert await store.read(lambda c: calendars.find(c, "T1", saved.name)) == saved


async def test_calendars_are_listed_in_the_order_of_their_names(store: Store) -> None:
    for name in ("b", "C", "a"):
        await put(store, a_calendar(name=name))
    found = await store.read(lambda c: calendars.list_calendars(c, "T1"))
    assert [one.name for one in found] == ["a", "b", "C"]
    assert await store.read(lambda c: calendars.list_calendars(c, "T9")) == []


async def test_a_calendar_is_removed_by_one(store: Store) -> None:
    await put(store, a_calendar(name="Closing days"))
    removed = [await store.run(lambda c: calendars.remove(c, "T1", "closing DAYS")) for _ in range(2)]
    assert removed == [True, False]
    assert await store.read(lambda c: calendars.list_calendars(c, "T1")) == []
