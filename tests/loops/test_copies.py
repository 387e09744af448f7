"""A copy a day: made, proved, kept for a while; one that fails is told and tried again."""

import logging
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from bot.loops.copies import AGAIN_AFTER, EVERY, Copies
from tests.loops.house import House

DAY_S = EVERY.total_seconds()


def copies_of(house: House, url: str, *, kept: int = 3) -> Copies:
    settings = replace(house.services.settings, database_url=url, backups=kept)
    return Copies(replace(house.services, settings=settings))


def names(house: House) -> list[str]:
    return sorted(path.name for path in (house.services.settings.data_folder / "backups").glob("*"))


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_copy_is_made_each_day_and_the_newest_few_are_kept(house: House, url: str) -> None:
    copies = copies_of(house, url)
    assert await copies.once()
    assert not await copies.once()
    house.hand.turn(seconds=DAY_S - 1)
    assert not await copies.once()
    for _ in range(4):
        house.hand.turn(seconds=DAY_S)
        assert await copies.once()
    assert len(names(house)) == 3
    newest = house.services.settings.data_folder / "backups" / names(house)[-1]
    with sqlite3.connect(newest) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_restart_makes_none_before_its_day_and_throws_nothing_away_that_is_not_ours(
    house: House, url: str
) -> None:
    folder = house.services.settings.data_folder / "backups"
    await copies_of(house, url, kept=1).once()
    for name in ("dify-ops-20260101T000000Z.sqlite3", "daily-mine.sqlite3"):
        (folder / name).write_bytes(b"")
    house.hand.turn(seconds=60)
    again = copies_of(house, url, kept=1)
    assert not await again.once()
    house.hand.turn(seconds=DAY_S)
    assert await again.once()
    assert len(names(house)) == 3


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_a_copy_that_cannot_be_made_is_told_and_tried_again_in_an_hour(
    house: House, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = house.services.settings.data_folder / "backups"
    folder.write_text("in the way")
    copies = copies_of(house, url)
    with caplog.at_level(logging.WARNING):
        assert not await copies.once()
    assert "is tried again in an hour" in caplog.text
    folder.unlink()
    assert not await copies.once()
    house.hand.turn(seconds=AGAIN_AFTER.total_seconds())
    assert await copies.once()


async def test_where_none_are_wanted_or_the_database_is_a_server_none_are_made(house: House, tmp_path: Path) -> None:
    assert not await copies_of(house, f"sqlite:///{tmp_path / 'x.db'}", kept=0).once()
    assert names(house) == []
