"""The thread that owns SQLite's writing connection, and commits what waits in groups."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")
Work = Callable[[Connection], T]
Explain = Callable[[BaseException], BaseException]

# Another process (the command line beside `serve`) may hold the file. A write that has waited this long is given up.
PATIENCE_S = 5.0
# A group shares one fsync. It is closed by count or by age, so that a short write never waits long for its answer.
GROUP_WRITES = 64
GROUP_FOR_S = 0.01


@dataclass(slots=True)
class _Write:
    work: Work[Any]
    answer: Future[Any] = field(default_factory=Future)
    asked_at: float = field(default_factory=time.monotonic)


class Writer:
    """The thread that owns the writing connection. Answers are given only after their commit."""

    def __init__(self, engine: Engine, *, is_busy: Callable[[BaseException], bool], explain: Explain) -> None:
        self._engine = engine
        self._is_busy = is_busy
        self._explain = explain
        # A word for each write that waits, or None to end; the writes themselves wait in two lines.
        self._words: SimpleQueue[bool | None] = SimpleQueue()
        self._first: deque[_Write] = deque()
        self._bulk: deque[_Write] = deque()
        self._asking = threading.Lock()  # so that the word to end never comes between a write and its word
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T], *, is_bulk: bool = False) -> Future[T]:
        """Bulk is done when nothing else waits, and never in one transaction with what does."""
        write = _Write(work)
        with self._asking:
            (self._bulk if is_bulk else self._first).append(write)
            self._words.put(True)
        return write.answer

    def stop(self) -> None:
        """Finishes what was submitted, then lets go of the file."""
        with self._asking:
            self._words.put(None)
        self._thread.join()
        self._engine.dispose()

    def _serve(self) -> None:
        while self._words.get() is not None:
            line = self._first or self._bulk
            write = line.popleft()
            if not write.answer.set_running_or_notify_cancel():
                continue
            if line:
                self._together(write, line)
            else:
                self._alone(write)

    def _alone(self, write: _Write) -> None:
        while True:
            try:
                with self._engine.connect() as connection, connection.begin():
                    result = write.work(connection)
            except BaseException as error:  # noqa: BLE001 - every error belongs to the one who asked
                if self._is_busy(error) and time.monotonic() < write.asked_at + PATIENCE_S:
                    continue  # SQLite has waited inside that try
                write.answer.set_exception(self._explain(error))
            else:
                write.answer.set_result(result)
            return

    def _together(self, first: _Write, line: deque[_Write]) -> None:
        """One transaction for all in that line, each write in its own savepoint. If the whole fails, each alone."""
        writes: list[_Write] = []
        answers: list[Callable[[], None]] = []
        try:
            with self._engine.connect() as connection, connection.begin():
                for write in self._waiting(first, line):
                    writes.append(write)
                    answers.append(self._nested(connection, write))
        except Exception:  # noqa: BLE001 - nothing was saved and nobody answered: each finds out its own reason
            for write in writes or [first]:
                self._alone(write)
            return
        for answer in answers:
            answer()

    def _waiting(self, first: _Write, line: deque[_Write]) -> Iterator[_Write]:
        """The first, then what else is in its line, until the group is large or old enough, or others go first."""
        yield first
        closes_at = time.monotonic() + GROUP_FOR_S
        for _ in range(GROUP_WRITES - 1):
            if not line or (line is self._bulk and self._first) or time.monotonic() > closes_at:
                return
            write = line.popleft()
            self._words.get()  # that it waits was said before its place was looked at
            if write.answer.set_running_or_notify_cancel():
                yield write

    def _nested(self, connection: Connection, write: _Write) -> Callable[[], None]:
        """Does one write of a group; gives back how it is to be answered once the group is committed."""
        # Said to the driver itself: through SQLAlchemy it takes longer than many a write that it is around.
        driver: Any = connection.connection.driver_connection
        driver.execute("SAVEPOINT one")
        try:
            result = write.work(connection)
            driver.execute("RELEASE one")
        except BaseException as error:  # noqa: BLE001 - every error belongs to the one who asked
            driver.execute("ROLLBACK TO one")  # fails where SQLite gave up the whole transaction: each is done alone
            driver.execute("RELEASE one")
            reason = self._explain(error)
            return lambda: write.answer.set_exception(reason)
        return lambda: write.answer.set_result(result)
