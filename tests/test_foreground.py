"""Persons go first, and hold nothing up for long."""

import asyncio

import pytest

from bot import foreground as module
from bot.foreground import LET_IN_AT_ONCE, Foreground


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def walk(foreground: Foreground, count: int, done: list[int]) -> list[asyncio.Task[None]]:
    async def step(number: int) -> None:
        await foreground.give_way()
        done.append(number)

    return [asyncio.create_task(step(number)) for number in range(count)]


async def test_nobody_waits_while_no_person_does() -> None:
    done: list[int] = []
    walk(Foreground(), 2, done)
    await turns(1)
    assert done == [0, 1]


async def test_what_can_wait_goes_on_in_its_order_once_all_persons_are_served() -> None:
    foreground, done = Foreground(), list[int]()
    with foreground.serving():
        with foreground.serving():
            walk(foreground, 3, done)
            await turns(3)
        await turns(3)
        assert done == []
    await turns(3)
    assert done == [0, 1, 2]


async def test_few_at_a_time_are_let_in_and_the_next_person_is_before_the_others() -> None:
    foreground, done = Foreground(), list[int]()
    with foreground.serving():
        walk(foreground, 20, done)
        await turns(1)
    await turns(1)
    with foreground.serving():
        await turns(5)
        assert done == list(range(len(done)))
        assert LET_IN_AT_ONCE <= len(done) <= 2 * LET_IN_AT_ONCE
    await turns(20)
    assert done == list(range(20))


async def test_persons_without_end_hold_nothing_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.01)
    foreground, done = Foreground(), list[int]()
    with foreground.serving():
        await asyncio.wait_for(asyncio.gather(*walk(foreground, 3, done)), 5)
    assert done == [0, 1, 2]


async def test_who_is_cancelled_while_held_up_is_in_nobodys_way() -> None:
    foreground, done = Foreground(), list[int]()
    with foreground.serving():
        first, *_ = walk(foreground, 2, done)
        await turns(1)
        first.cancel()
    await turns(3)
    assert done == [1]


async def test_a_person_whose_request_failed_is_served() -> None:
    foreground, done = Foreground(), list[int]()
    with pytest.raises(ZeroDivisionError), foreground.serving():
        raise ZeroDivisionError
    walk(foreground, 1, done)
    await turns(1)
    assert done == [0]
