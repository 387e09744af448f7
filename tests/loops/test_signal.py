"""A signal wakes whoever sleeps for it, once, and leaves nothing behind."""

import asyncio

import pytest

from bot.loops.signal import Signal


async def test_who_sleeps_for_a_signal_is_woken_by_it() -> None:
    signal = Signal()
    sleeping = asyncio.create_task(signal.within(60))
    await asyncio.sleep(0)
    signal.set()
    assert await sleeping
    assert await signal.within(60)


async def test_when_the_time_is_up_it_is_not_set() -> None:
    assert not await Signal().within(0)


async def test_the_end_of_a_task_wakes_as_well() -> None:
    signal, task = Signal(), asyncio.create_task(asyncio.sleep(0))
    assert not await signal.within(60, task)
    assert task.done()
    assert not await signal.within(60, task)


async def test_what_was_taken_back_is_waited_for_anew() -> None:
    signal = Signal()
    signal.set()
    signal.clear()
    assert not signal.is_set()
    assert not await signal.within(0)


async def test_who_is_cancelled_while_it_sleeps_leaves_nothing_behind() -> None:
    signal, task = Signal(), asyncio.create_task(asyncio.sleep(60))
    sleeping = asyncio.create_task(signal.within(60, task))
    await asyncio.sleep(0)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    signal.set()
    task.cancel()
    assert signal.is_set()
