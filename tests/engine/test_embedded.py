"""The engine in this process: it wakes at once, at an instant and by its beat, one at a time, and lets work end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta

import pytest

from bot.engine import embedded
from bot.engine.embedded import EmbeddedEngine
from storage.errors import Busy

FOR_EVER_S = 3600.0
AT_ONCE = timedelta(milliseconds=30)


class Handler:
    """Counts its calls, tells who waits for one, and stays at work while a test wants it to."""

    def __init__(self) -> None:
        self.calls = 0
        self.told: list[Collection[int]] = []
        self.at_work = 0
        self.most_at_work = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self._called = asyncio.Event()

    async def __call__(self, ids: Collection[int]) -> None:
        self.calls += 1
        self.told.append(ids)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        self._called.set()
        try:
            await self.gate.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.at_work -= 1

    async def called(self, times: int) -> None:
        async with asyncio.timeout(5):
            while self.calls < times:
                self._called.clear()
                await self._called.wait()


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
async def engine(handler: Handler) -> AsyncIterator[EmbeddedEngine]:
    """Its beat is too slow to be heard; its handler has been called once, as each is at the start."""
    started = EmbeddedEngine(beat_s=FOR_EVER_S)
    await started.start({"clock": handler})
    await handler.called(1)
    await settle()
    yield started
    handler.gate.set()
    await started.stop()


def soon() -> datetime:
    return datetime.now(UTC) + AT_ONCE


async def test_each_handler_is_woken_once_at_the_start() -> None:
    first, second = Handler(), Handler()
    engine = EmbeddedEngine(beat_s=FOR_EVER_S)
    await engine.start({"clock": first, "runner": second})
    await first.called(1)
    await second.called(1)
    await settle()
    assert (first.calls, second.calls) == (1, 1)
    await engine.stop()


async def test_a_wake_is_a_call_of_that_kind_alone(engine: EmbeddedEngine, handler: Handler) -> None:
    engine.wake("clock")
    engine.wake("nobody")
    await handler.called(2)
    await settle()
    assert handler.calls == 2


async def test_being_woken_while_at_work_means_once_more_and_never_twice_at_once(
    engine: EmbeddedEngine, handler: Handler
) -> None:
    handler.gate.clear()
    engine.wake("clock")
    await handler.called(2)
    for _ in range(20):
        engine.wake("clock")
        await settle()
    assert (handler.calls, handler.at_work) == (2, 1)
    handler.gate.set()
    await handler.called(3)
    await settle()
    assert (handler.calls, handler.most_at_work) == (3, 1)


async def test_rows_that_are_named_while_it_is_at_work_come_together_and_a_sweep_means_all(
    engine: EmbeddedEngine, handler: Handler
) -> None:
    handler.gate.clear()
    engine.wake("clock", [1])
    await handler.called(2)
    engine.wake("clock", [2])
    engine.wake("clock", [3, 2])
    handler.gate.set()
    await handler.called(3)
    engine.wake("clock", [4])
    engine.wake("clock")
    await handler.called(4)
    assert handler.told[1:] == [{1}, {2, 3}, ()]


async def test_an_alarm_rings_at_its_instant(engine: EmbeddedEngine, handler: Handler) -> None:
    at = soon()
    engine.wake("clock", at=at)
    await settle()
    assert handler.calls == 1
    await handler.called(2)
    assert datetime.now(UTC) >= at


async def test_an_alarm_for_what_is_past_rings_at_once(engine: EmbeddedEngine, handler: Handler) -> None:
    engine.wake("clock", at=datetime(2020, 1, 1, tzinfo=UTC))
    await handler.called(2)


async def test_a_new_instant_takes_the_place_of_the_old_one(engine: EmbeddedEngine, handler: Handler) -> None:
    engine.wake("clock", at=datetime.now(UTC) + timedelta(hours=1))
    engine.wake("clock", at=soon())
    await handler.called(2)

    moved = datetime.now(UTC) + timedelta(hours=1)
    engine.wake("clock", at=soon())
    engine.wake("clock", at=moved)
    other = asyncio.Event()
    asyncio.get_running_loop().call_later(2 * AT_ONCE.total_seconds(), other.set)
    await other.wait()
    assert handler.calls == 2


async def test_the_same_instant_again_rings_once_and_can_be_set_anew_afterwards(
    engine: EmbeddedEngine, handler: Handler
) -> None:
    at = soon()
    engine.wake("clock", at=at)
    engine.wake("clock", at=at)
    await handler.called(2)
    engine.wake("clock", at=at)
    await handler.called(3)
    await settle()
    assert handler.calls == 3


async def test_alarms_of_two_kinds_do_not_disturb_each_other() -> None:
    first, second = Handler(), Handler()
    engine = EmbeddedEngine(beat_s=FOR_EVER_S)
    await engine.start({"clock": first, "courier": second})
    engine.wake("clock", at=soon())
    engine.wake("courier", at=soon())
    await first.called(2)
    await second.called(2)
    await engine.stop()


async def test_the_beat_wakes_everybody_again_and_again() -> None:
    first, second = Handler(), Handler()
    engine = EmbeddedEngine(beat_s=0.02)
    await engine.start({"clock": first, "courier": second})
    await first.called(3)
    await second.called(3)
    await engine.stop()


async def test_a_beat_comes_to_the_next_when_the_one_before_has_looked() -> None:
    first, second = Handler(), Handler()
    engine = EmbeddedEngine(beat_s=60)
    await engine.start({"clock": first, "runner": second})
    await first.called(1)
    await second.called(1)
    first.gate.clear()
    beat = asyncio.create_task(engine._beat())
    await first.called(2)
    await settle()
    assert second.calls == 1
    first.gate.set()
    await second.called(2)
    await beat
    await engine.stop()


async def test_who_takes_long_at_his_work_does_not_hold_up_the_beat_of_others() -> None:
    first, second = Handler(), Handler()
    engine = EmbeddedEngine(beat_s=0.02)
    await engine.start({"clock": first, "runner": second})
    await first.called(1)
    first.gate.clear()
    await second.called(4)
    assert first.calls <= 2
    first.gate.set()
    await engine.stop()


async def test_a_handler_that_raises_is_logged_and_woken_again(
    engine: EmbeddedEngine, handler: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    handler.error = LookupError("the database is away")
    with caplog.at_level(logging.ERROR):
        engine.wake("clock")
        await handler.called(2)
        await settle()
    assert "The clock could not do its work" in caplog.text
    assert "the database is away" in caplog.text
    handler.error = None
    engine.wake("clock")
    await handler.called(3)


async def test_stop_lets_the_work_in_hand_end_and_wakes_nobody_any_more(
    engine: EmbeddedEngine, handler: Handler
) -> None:
    handler.gate.clear()
    engine.wake("clock")
    await handler.called(2)
    engine.wake("clock")
    engine.wake("clock", at=soon())
    stopping = asyncio.create_task(engine.stop())
    await settle()
    assert not stopping.done()
    handler.gate.set()
    await stopping
    assert (handler.calls, handler.at_work) == (2, 0)
    engine.wake("clock")
    engine.wake("clock", at=soon())
    await settle()
    assert handler.calls == 2


async def test_work_that_never_ends_is_cut_off_after_a_while(
    engine: EmbeddedEngine, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "STOP_S", 0.02)
    handler.gate.clear()
    engine.wake("clock")
    await handler.called(2)
    await engine.stop()
    assert handler.at_work == 0


async def test_a_beat_that_is_under_way_at_the_end_is_not_logged_as_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = EmbeddedEngine()
    await engine.start({"clock": Handler()})
    assert engine._scheduler is not None
    engine._scheduler.modify_job("beat", next_run_time=datetime.now(UTC))
    await engine.stop()
    await settle()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_stopping_twice_or_before_the_start_does_no_harm() -> None:
    engine = EmbeddedEngine()
    await engine.stop()
    await engine.start({"clock": Handler()})
    await engine.stop()
    await engine.stop()


async def test_a_database_that_cannot_now_is_one_line_and_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    async def wait(_: object) -> None:
        calls.append(1)
        raise Busy("The database is busy; nothing was saved.")

    engine = EmbeddedEngine(beat_s=FOR_EVER_S)
    await engine.start({"clock": wait})
    await settle()
    engine.wake("clock")
    await settle()
    await engine.stop()
    told = [record for record in caplog.records if record.name == "bot.engine.embedded"]
    assert len(told) == len(calls) == 2
    assert told[0].getMessage() == "The clock waits for the database: The database is busy; nothing was saved."
    assert told[0].exc_info is None


async def test_an_instant_is_one_of_the_time_that_all_servers_agree_on(handler: Handler) -> None:
    """On a machine whose clock is ahead, an alarm that rings by that clock finds nothing due and is set again."""
    behind = timedelta(minutes=5)
    engine = EmbeddedEngine(beat_s=FOR_EVER_S, now=lambda: datetime.now(UTC) - behind)
    due_at = datetime.now(UTC) - behind + AT_ONCE

    async def look(ids: Collection[int]) -> None:
        await handler(ids)
        if datetime.now(UTC) - behind < due_at:
            engine.wake("clock", at=due_at)

    await engine.start({"clock": look})
    await handler.called(2)
    assert datetime.now(UTC) - behind >= due_at
    await engine.stop()
