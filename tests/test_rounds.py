"""Rounds: a loop that ends none for so many looks stands still, whatever its rounds come to."""

import asyncio
from collections.abc import Collection

import pytest

from bot.rounds import MOST_LOOKS, Rounds


async def rest(ids: Collection[int]) -> None:
    await asyncio.sleep(0)


async def break_down(ids: Collection[int]) -> None:
    raise ConnectionError


async def hang(ids: Collection[int]) -> None:
    await asyncio.Event().wait()


async def test_a_loop_that_ends_no_round_is_named_after_so_many_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, looks = Rounds(), 0
    good, bad = rounds.count("clock", rest), rounds.count("janitor", break_down)
    stuck = asyncio.create_task(rounds.count("courier", hang)(()))  # type: ignore[arg-type]

    async def look(seconds: float) -> None:
        """Between two looks all the others come round."""
        nonlocal looks
        looks += 1
        await good(())
        with pytest.raises(ConnectionError):
            await bad(())

    monkeypatch.setattr("bot.rounds.sleep", look)
    assert await rounds.wait_for_standstill() == "courier"
    assert looks == MOST_LOOKS
    stuck.cancel()
