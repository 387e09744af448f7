"""Slow work in the background: held, logged when it breaks, awaited at the end."""

import asyncio
import logging

import pytest

from bot.tasks import Tasks


async def test_work_is_held_until_it_has_ended() -> None:
    tasks, gate = Tasks(), asyncio.Event()

    async def work() -> None:
        await gate.wait()

    task = tasks.spawn(work(), name="answer")
    assert (len(tasks), task.get_name()) == (1, "answer")
    gate.set()
    await tasks.idle()
    assert len(tasks) == 0


async def test_idle_waits_for_work_that_was_begun_meanwhile() -> None:
    tasks, done = Tasks(), []

    async def last() -> None:
        await asyncio.sleep(0)
        done.append("last")

    async def first() -> None:
        await asyncio.sleep(0)
        tasks.spawn(last(), name="last")
        done.append("first")

    tasks.spawn(first(), name="first")
    await tasks.idle()
    assert done == ["first", "last"]


async def test_idle_with_nothing_to_do_returns() -> None:
    await Tasks().idle()
    await Tasks().stop(0)


async def test_work_that_breaks_is_logged_by_its_name_and_breaks_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks, done = Tasks(), []

    async def fail() -> None:
        raise LookupError("no such thing")

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(True)

    with caplog.at_level(logging.ERROR):
        tasks.spawn(fail(), name="delivery 7")
        tasks.spawn(work(), name="delivery 8")
        await tasks.idle()
        await asyncio.sleep(0)
    assert done == [True]
    assert "delivery 7 failed" in caplog.text
    assert "no such thing" in caplog.text
    assert "delivery 8" not in caplog.text


async def test_stop_lets_short_work_end_and_cancels_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    tasks, ended = Tasks(), []

    async def short() -> None:
        await asyncio.sleep(0)
        ended.append("short")

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("endless")

    tasks.spawn(short(), name="short")
    tasks.spawn(endless(), name="endless")
    await tasks.stop(0.05)
    assert ended == ["short", "endless"]
    assert len(tasks) == 0
    assert caplog.text == ""  # to be cancelled is no failure
