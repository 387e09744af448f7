"""The splitter: what is an event, whatever the chunks; and what it costs."""

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dify.sse import MAX_EVENT_BYTES, Splitter
from tests.dify.streams import ALL, RECORDINGS, load, name_of


def split(*chunks: bytes, **options: int) -> list[bytes]:
    splitter = Splitter(**options)
    return [payload for chunk in chunks for payload in splitter.feed(chunk)]


def test_an_event_is_one_data_line_and_an_empty_line() -> None:
    assert split(b'data: {"a":1}\n\ndata:{"b":2}\n\n') == [b'{"a":1}', b'{"b":2}']


def test_one_carriage_return_is_stripped_from_each_line() -> None:
    assert split(b"data: x\r\n\r\ndata: y\r\r\n\n") == [b"x", b"y\r"]
    assert split(b"data: x\r\n\n") == [b"x"]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_other_line_separators_stay_inside_the_line(mark: str) -> None:
    line = f'{{"text":"a{mark}b"}}'.encode()
    assert split(b"data: " + line + b"\n\n") == [line]


def test_a_ping_is_counted_and_is_no_event() -> None:
    splitter = Splitter()
    assert splitter.feed(b"event: ping\n\nevent: ping\r\n\r\ndata: x\n\n") == [b"x"]
    assert splitter.pings == 2


def test_an_event_of_another_name_without_data_is_no_ping() -> None:
    splitter = Splitter()
    assert splitter.feed(b"event: pong\n\n\n\n") == []
    assert splitter.pings == 0


def test_several_data_lines_are_joined_by_newlines() -> None:
    assert split(b"data: a\ndata:b\ndata\ndata:  c\n\n") == [b"a\nb\n\n c"]


def test_comments_and_other_fields_are_ignored() -> None:
    assert split(b": hello\nid: 7\nretry: 10\nevent: message\ndata: x\nfoo\n\n") == [b"x"]


def test_a_byte_order_mark_is_ignored_at_the_start_only() -> None:
    bom = b"\xef\xbb\xbf"
    assert split(bom[:1], bom[1:2], bom[2:] + b"data: x\n\n") == [b"x"]
    assert split(b"data: x\n\n" + bom + b"data: y\n\n") == [b"x"]


@pytest.mark.parametrize("rest", [b"data: y", b"data: y\n", b"event: ping\n", b"data: y\n: c"])
def test_an_event_that_never_ended_is_no_event(rest: bytes) -> None:
    splitter = Splitter()
    assert splitter.feed(b"data: x\n\n" + rest) == [b"x"]
    assert splitter.close() is True
    assert (splitter.pings, splitter.close()) == (0, False)


def test_a_whole_stream_is_not_cut() -> None:
    splitter = Splitter()
    splitter.feed(b"data: x\n\n")
    assert splitter.close() is False


@pytest.mark.parametrize("step", [1, 7, 64, 10_000])
def test_an_oversized_event_is_dropped_and_the_stream_goes_on(step: int) -> None:
    stream = b"data: a\n\ndata: " + b"x" * 500 + b"\ndata: more\n\ndata: b\n\nevent: ping\n\n"
    splitter = Splitter(limit=100)
    found = [p for at in range(0, len(stream), step) for p in splitter.feed(stream[at : at + step])]
    assert found == [b"a", b"b"]
    assert (splitter.oversized, splitter.pings) == (1, 1)


def test_many_small_lines_of_one_event_are_oversized_together() -> None:
    splitter = Splitter(limit=100)
    assert splitter.feed(b"data: 12345678\n" * 50 + b"\ndata: b\n\n") == [b"b"]
    assert splitter.oversized == 1


def test_an_event_of_the_limit_is_kept_and_one_byte_more_is_not() -> None:
    assert split(b"data: " + b"x" * 100 + b"\n\n", limit=100) == [b"x" * 100]
    assert split(b"data: " + b"x" * 101 + b"\n\n", limit=100) == []


def test_memory_stays_bounded_by_an_endless_line() -> None:
    splitter, chunk = Splitter(limit=1_000_000), b"x" * 65_536
    tracemalloc.start()
    splitter.feed(b"data: ")
    for _ in range(400):
        splitter.feed(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert splitter.feed(b"\n\ndata: y\n\n") == [b"y"]
    assert splitter.oversized == 1


def test_a_large_event_costs_time_in_proportion() -> None:
    def cost(size: int) -> float:
        body, splitter, begun = b"x" * size, Splitter(), time.process_time()
        for at in range(0, size, 512):
            splitter.feed(body[at : at + 512])
        assert splitter.feed(b"\n\n") == []
        return time.process_time() - begun

    assert min(cost(8_000_000) for _ in range(3)) < 40 * min(cost(1_000_000) for _ in range(3))


def test_a_run_of_many_megabytes_is_far_below_the_limit() -> None:
    payload = json.dumps({"event": "workflow_finished", "text": "é" * 4_000_000}, ensure_ascii=False).encode()
    assert len(payload) < MAX_EVENT_BYTES
    assert split(b"data: " + payload + b"\n\n") == [payload]


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_every_recording_splits_into_its_lines(path: object) -> None:
    raw = load(path)  # type: ignore[arg-type]
    lines = [line for line in raw.split(b"\n") if line]
    splitter = Splitter()
    assert splitter.feed(raw) == [line[6:] for line in lines if line.startswith(b"data: ")]
    assert splitter.pings == lines.count(b"event: ping")
    assert splitter.close() is not raw.endswith(b"\n\n")


@pytest.mark.parametrize("name", ["simple", "multiline", "iteration_seq"])
def test_the_chunks_of_the_wire_give_what_the_body_gives(name: str) -> None:
    folder = RECORDINGS / "1.16.1" / "streams"
    rest = (folder / f"{name}.wire.bin").read_bytes().partition(b"\r\n\r\n")[2]
    chunks = []
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        chunks.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]
    assert split(*chunks) == split(b"".join(chunks))
    assert len(split(*chunks)) > 5


LINES = st.sampled_from(
    [b"data: x", b"data:y", b"event: ping", b"", b"", b": c", b"data: \xe2\x80\xa8", b"\xef\xbb\xbf"]
)


@given(st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n"])), max_size=30), st.data())
def test_the_borders_of_the_chunks_never_matter(lines: list[tuple[bytes, bytes]], data: st.DataObject) -> None:
    stream = b"".join(line + end for line, end in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, pieces = Splitter(), Splitter()
    assert whole.feed(stream) == [p for chunk in chunks for p in pieces.feed(chunk)]
    assert (whole.pings, whole.close()) == (pieces.pings, pieces.close())


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_make_it_raise(chunks: list[bytes]) -> None:
    splitter = Splitter(limit=32)
    for chunk in chunks:
        assert all(len(payload) <= 32 for payload in splitter.feed(chunk))
    splitter.close()
