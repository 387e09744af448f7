"""What nothing in the bot tells, counted where it happens."""

import time
from typing import Any

from bot.loops import runner
from bot.loops.logbook import Logbook


def note_first_events() -> list[float]:
    """When each run in flight has folded the event that names it, which is its first."""
    named: list[float] = []
    note = Logbook.note_named

    def note_and_time(book: Logbook) -> None:
        named.append(time.perf_counter())
        note(book)

    Logbook.note_named = note_and_time  # type: ignore[method-assign]
    return named


def count_saves() -> list[int]:
    """Each entry is one save of a run in flight; nothing in the bot tells how many there are."""
    counted: list[int] = []
    pack = runner.pack_trace

    def pack_and_count(spans: Any) -> bytes:
        counted.append(1)
        return pack(spans)

    runner.pack_trace = pack_and_count
    return counted
