"""Processes that die again and again: the next one tells the operators, once; those that end well are no matter."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.operations.lives import CRASHES, WITHIN, begin_life, end_life
from storage import deliveries
from storage.database import Store
from tests.makers import NOW

TEAM, HOST, ADMIN = "T1", "bot-0", "U0ADMIN"


def begin(c: Connection, number: int, now: datetime, *alive: str, host: str = HOST) -> int:
    owner, others = f"{host}/{number}/00", {f"{host}/{one}/00" for one in alive}
    return begin_life(c, TEAM, owner, is_alive=others.__contains__, admins={ADMIN}, now=now)


def told(c: Connection, now: datetime) -> list[str]:
    found = deliveries.by_key(c, f"crashes:{HOST}/{now:%Y-%m-%dT%H}>{ADMIN}")
    return [found.facts["says"]] if found is not None else []


async def test_fmea_a16_a_bot_that_dies_again_and_again_says_so_at_its_next_start(store: Store) -> None:
    def live(c: Connection) -> tuple[list[int], list[str], list[str]]:
        dead = [begin(c, number, NOW + timedelta(seconds=20 * number)) for number in range(CRASHES)]
        before = told(c, NOW)
        dead.append(begin(c, CRASHES, NOW + timedelta(seconds=100)))
        dead.append(begin(c, CRASHES + 1, NOW + timedelta(seconds=120)))
        return dead, before, told(c, NOW)

    dead, before, after = await store.run(live)
    assert (dead, before) == ([0, 1, 2, 3, 4], [])
    assert len(after) == 1
    assert "has died 3 times within five minutes on bot-0" in after[0]


async def test_who_was_told_to_end_or_lives_beside_or_died_long_ago_or_elsewhere_does_not_count(store: Store) -> None:
    def live(c: Connection) -> list[int]:
        for number in range(5):
            begin(c, number, NOW)
            end_life(c, f"{HOST}/{number}/00", now=NOW)
        dead = [begin(c, 10, NOW), begin(c, 11, NOW, "10"), begin(c, 12, NOW, host="bot-1")]
        return [*dead, begin(c, 13, NOW + WITHIN + timedelta(seconds=1))]

    assert await store.run(live) == [0, 0, 0, 0]
