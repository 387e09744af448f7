"""The watchdog: an event loop that stands still is told once, with where it stands, and again when it goes on."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from bot.log import set_up_log
from bot.settings import Settings
from bot.watchdog import Watchdog
from tests.test_log import same_log_afterwards

__all__ = ("same_log_afterwards",)

STILL_S, LOOK_EVERY_S = 0.05, 0.01
PATIENCE_S = 20.0


class Listener(logging.Handler):
    """Tells another thread what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.has_told, self.has_ended = threading.Event(), threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        (self.has_ended if "goes on" in record.getMessage() else self.has_told).set()


@contextmanager
def watched(monotonic: Callable[[], float] = time.monotonic) -> Iterator[Listener]:
    listener, log = Listener(), "bot.watchdog"
    watchdog = Watchdog(still_s=STILL_S, look_every_s=LOOK_EVERY_S, monotonic=monotonic)
    logging.getLogger(log).addHandler(listener)
    watchdog.start()
    try:
        yield listener
    finally:
        watchdog.stop()
        logging.getLogger(log).removeHandler(listener)


def hold_the_loop_up(listener: Listener) -> None:
    assert listener.has_told.wait(PATIENCE_S)


async def test_fmea_a14_a_loop_that_stands_still_is_told_once_with_its_stack() -> None:
    with watched() as listener:
        hold_the_loop_up(listener)
        await asyncio.to_thread(listener.has_ended.wait, PATIENCE_S)
    still, over = listener.records
    assert still.levelno == over.levelno == logging.WARNING
    assert "The event loop has stood still for 0.1 s" in still.getMessage()
    assert still.stack_info is not None
    assert "in hold_the_loop_up" in still.stack_info
    assert "The event loop goes on; it stood still for " in over.getMessage()


async def test_a_loop_that_turns_is_left_alone() -> None:
    with watched() as listener:
        for _ in range(200):
            await asyncio.sleep(STILL_S / 50)
    assert listener.records == []


@pytest.mark.parametrize("form", ["text", "json"])
async def test_the_log_shows_the_stack_and_no_value_in_it(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_log(Settings(data_folder=tmp_path, log_format=form))
    with watched() as listener:
        token = "xoxb-4f7a9c1e2b8d6f03"
        hold_the_loop_up(listener)
    written = capsys.readouterr().err
    assert token not in written
    assert "hold_the_loop_up" in (json.loads(written.splitlines()[0])["stack"] if form == "json" else written)


async def test_a_process_that_was_stopped_as_a_whole_says_nothing_of_its_loop() -> None:
    """The thread was stopped as well: it finds out by how late it is itself."""
    looks, has_looked_again = count(), threading.Event()

    def far_apart() -> float:
        number = next(looks)
        if number > 2:
            has_looked_again.set()
        return number * 60.0

    with watched(far_apart) as listener:
        assert has_looked_again.wait(PATIENCE_S)
    assert listener.records == []
