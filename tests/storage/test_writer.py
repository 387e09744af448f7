"""The one writer of a file: people's wishes go before a herd, and all that was asked is answered."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import pytest
from sqlalchemy import Connection, create_engine

from storage.writer import Writer


@pytest.fixture
def writer() -> Iterator[Writer]:
    opened = Writer(create_engine("sqlite://"), is_busy=lambda error: False, explain=lambda error: error)
    yield opened
    opened.stop()


class Order:
    """Writes that note when they are done; `gate` is one that holds the writer until it is opened."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._open, self._holds = threading.Event(), threading.Event()

    def note(self, name: str) -> Callable[[Connection], None]:
        return lambda c: self.done.append(name)

    def gate(self, c: Connection) -> None:
        self._holds.set()
        assert self._open.wait(10)

    def close(self, writer: Writer) -> Future[None]:
        held = writer.submit(self.gate, is_bulk=True)
        assert self._holds.wait(10)
        return held

    def open(self) -> None:
        self._open.set()


def test_what_a_person_wishes_goes_before_bulk_that_has_waited_longer(writer: Writer) -> None:
    order = Order()
    order.close(writer)
    late = [writer.submit(order.note(f"run {number}"), is_bulk=True) for number in range(3)]
    early = [writer.submit(order.note(f"wish {number}")) for number in range(2)]
    order.open()
    for answer in (*late, *early):
        answer.result(10)
    assert order.done == ["wish 0", "wish 1", "run 0", "run 1", "run 2"]


def test_a_wish_that_comes_while_bulk_is_written_waits_for_no_more_than_one_of_it(writer: Writer) -> None:
    order, wished = Order(), []
    order.close(writer)

    def first(c: Connection) -> None:
        wished.append(writer.submit(order.note("wish")))

    late = [writer.submit(first, is_bulk=True), writer.submit(order.note("run"), is_bulk=True)]
    order.open()
    for answer in late:
        answer.result(10)
    wished[0].result(10)
    assert order.done == ["wish", "run"]


def test_whoever_ends_the_writer_waits_for_all_that_was_asked_before() -> None:
    writer = Writer(create_engine("sqlite://"), is_busy=lambda error: False, explain=lambda error: error)
    order = Order()
    order.close(writer)
    for number in range(100):
        writer.submit(order.note(str(number)), is_bulk=number % 2 == 0)
    ending = threading.Thread(target=writer.stop)
    ending.start()
    order.open()
    ending.join(10)
    assert sorted(order.done) == sorted(str(number) for number in range(100))


def test_a_write_that_nobody_waits_for_any_more_is_not_done(writer: Writer) -> None:
    order = Order()
    order.close(writer)
    given_up, kept = writer.submit(order.note("given up")), writer.submit(order.note("kept"))
    assert given_up.cancel()
    order.open()
    kept.result(10)
    assert order.done == ["kept"]
