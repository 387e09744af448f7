"""The queues in which messages wait for their turn."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import DeliveryError
from bot.slack.bucket import Bucket, Rate
from bot.slack.pacing import LANES_KEPT, PATIENCE_S, Pacer

ONE_A_SECOND = Rate(60, burst=1)


class Time:
    """A clock that moves only when everybody waits for it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def pause(self, seconds: float) -> None:
        await settle()
        self.now += seconds


async def settle() -> None:
    for _ in range(9):
        await asyncio.sleep(0)


class Log:
    """What was sent, and when."""

    def __init__(self, time: Time) -> None:
        self._time = time
        self.sent: list[tuple[str, float]] = []

    def send(self, name: str, *failures: Exception) -> Callable[[], Awaitable[str]]:
        left = list(failures)

        async def send() -> str:
            self.sent.append((name, self._time.now - 1000))
            if left:
                raise left.pop(0)
            return f"{name} done"

        return send

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def log(time: Time) -> Log:
    return Log(time)


@pytest.fixture
async def pacer(time: Time) -> AsyncIterator[Pacer]:
    pacer = Pacer(time.monotonic, time.pause)
    yield pacer
    await pacer.close()


def slow_down(seconds: float) -> DeliveryError:
    return DeliveryError("slow down", permanent=False, code="ratelimited", retry_after_s=seconds)


async def gather(*waiting: Awaitable[Any]) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)


async def test_after_a_burst_calls_go_at_the_methods_pace(pacer: Pacer, log: Log) -> None:
    rate = Rate(60, burst=3)
    results = await gather(*(pacer.put("m", log.send(str(n)), rate=rate, rank=1) for n in range(5)))
    assert results == [f"{n} done" for n in range(5)]
    assert [at for _, at in log.sent] == pytest.approx([0, 0, 0, 1, 2])


async def test_a_lower_rank_goes_first_and_equals_in_the_order_in_which_they_came(pacer: Pacer, log: Log) -> None:
    ranks = {"live 1": 5, "final 1": 1, "alert": 0, "live 2": 5, "final 2": 1}
    await gather(*(pacer.put("m", log.send(name), rate=ONE_A_SECOND, rank=rank) for name, rank in ranks.items()))
    assert log.names == ["alert", "final 1", "final 2", "live 1", "live 2"]


async def test_of_several_edits_of_one_message_that_wait_only_the_newest_is_sent(pacer: Pacer, log: Log) -> None:
    waiting = [pacer.put("m", log.send("other"), rate=ONE_A_SECOND, rank=0)]
    waiting += [pacer.put("m", log.send(f"edit {n}"), rate=ONE_A_SECOND, rank=5, key=("C1", "1")) for n in range(4)]
    results = await gather(*waiting)
    assert log.names == ["other", "edit 3"]
    assert results == ["other done", *["edit 3 done"] * 4]


async def test_an_edit_that_replaces_another_keeps_its_place_and_the_better_rank(pacer: Pacer, log: Log) -> None:
    await gather(
        pacer.put("m", log.send("a"), rate=ONE_A_SECOND, rank=0),
        pacer.put("m", log.send("live"), rate=ONE_A_SECOND, rank=5, key="message"),
        pacer.put("m", log.send("b"), rate=ONE_A_SECOND, rank=1),
        pacer.put("m", log.send("final"), rate=ONE_A_SECOND, rank=1, key="message"),
    )
    assert log.names == ["a", "final", "b"]


async def test_an_edit_made_while_an_older_one_is_under_way_is_sent_after_it(pacer: Pacer, time: Time) -> None:
    sent: list[str] = []
    under_way, answer = asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        sent.append("older began")
        under_way.set()
        await answer.wait()
        sent.append("older ended")
        return "older"

    async def quick() -> str:
        sent.append("newer")
        return "newer"

    older = asyncio.create_task(pacer.put("m", slow, rate=Rate(60, 5), rank=1, key="message"))
    await under_way.wait()
    newer = asyncio.create_task(pacer.put("m", quick, rate=Rate(60, 5), rank=1, key="message"))
    await settle()
    answer.set()
    assert await gather(older, newer) == ["older", "newer"]
    assert sent == ["older began", "older ended", "newer"]


async def test_a_429_rests_its_own_queue_only_and_keeps_the_order(pacer: Pacer, log: Log) -> None:
    rate = Rate(6000, burst=9)
    results = await gather(
        pacer.put("m", log.send("first", slow_down(7)), rate=rate, rank=1),
        pacer.put("m", log.send("second"), rate=rate, rank=1),
        pacer.put("n", log.send("elsewhere"), rate=rate, rank=1),
    )
    assert results == ["first done", "second done", "elsewhere done"]
    assert log.sent[0] == ("first", 0)
    assert ("elsewhere", 0) in log.sent
    assert [name for name, at in log.sent if at >= 7] == ["first", "second"]


async def test_an_edit_that_met_a_429_gives_way_to_a_newer_one(pacer: Pacer, time: Time, log: Log) -> None:
    gate = asyncio.Event()
    refused = log.send("older", slow_down(3))

    async def older() -> str:
        await gate.wait()
        return await refused()

    first = asyncio.create_task(pacer.put("m", older, rate=Rate(6000, 9), rank=1, key="message"))
    await settle()
    second = asyncio.create_task(pacer.put("m", log.send("newer"), rate=Rate(6000, 9), rank=1, key="message"))
    await settle()
    gate.set()
    assert await gather(first, second) == ["newer done", "newer done"]
    assert log.names == ["older", "newer"]


async def test_who_would_wait_too_long_is_told_at_once_for_how_long(pacer: Pacer, time: Time, log: Log) -> None:
    rate = Rate(6000, burst=9)
    results = await gather(
        pacer.put("m", log.send("first", slow_down(90)), rate=rate, rank=1),
        pacer.put("m", log.send("second"), rate=rate, rank=1),
    )
    late = await gather(pacer.put("m", log.send("third"), rate=rate, rank=1))
    for error in results + late:
        assert isinstance(error, DeliveryError)
        assert (error.code, error.permanent, error.retry_after_s) == ("busy", False, pytest.approx(90))
    assert time.now == 1000
    time.now += 90
    assert await pacer.put("m", log.send("fourth"), rate=rate, rank=1) == "fourth done"


async def test_nobody_waits_longer_than_patience_lasts(pacer: Pacer, time: Time, log: Log) -> None:
    waiting = [pacer.put("m", log.send(str(n)), rate=ONE_A_SECOND, rank=1) for n in range(40)]
    results = await gather(*waiting)
    sent = [result for result in results if isinstance(result, str)]
    assert len(sent) == PATIENCE_S + 1
    assert {error.code for error in results if isinstance(error, DeliveryError)} == {"busy"}
    assert time.now <= 1000 + PATIENCE_S


async def test_what_nobody_waits_for_any_more_is_not_sent(pacer: Pacer, log: Log) -> None:
    rest = asyncio.create_task(pacer.put("m", log.send("a", slow_down(5)), rate=ONE_A_SECOND, rank=1))
    given_up = asyncio.create_task(pacer.put("m", log.send("b"), rate=ONE_A_SECOND, rank=1))
    await asyncio.sleep(0)
    given_up.cancel()
    await gather(rest, given_up)
    assert log.names == ["a", "a"]


async def test_a_refusal_goes_to_who_asked_and_the_queue_goes_on(pacer: Pacer, log: Log) -> None:
    gone = DeliveryError("gone", permanent=True, code="channel_not_found")
    results = await gather(
        pacer.put("m", log.send("a", gone), rate=ONE_A_SECOND, rank=1),
        pacer.put("m", log.send("b", ZeroDivisionError()), rate=ONE_A_SECOND, rank=1),
        pacer.put("m", log.send("c"), rate=ONE_A_SECOND, rank=1),
    )
    assert results[0] is gone
    assert isinstance(results[1], ZeroDivisionError)
    assert results[2] == "c done"


async def test_channels_have_queues_of_their_own_under_one_pace_for_all(pacer: Pacer, log: Log) -> None:
    waiting = [
        pacer.put("m", log.send(channel), rate=Rate(120, 2), rank=1, channel=channel, channel_rate=ONE_A_SECOND)
        for channel in ("C1", "C1", "C2", "C3")
    ]
    await gather(*waiting)
    at = dict(reversed(log.sent))
    assert at["C1"] == at["C2"] == 0
    assert at["C3"] >= 0.5
    assert max(when for name, when in log.sent if name == "C1") >= 1


async def test_closing_tells_everybody_who_waits(time: Time, log: Log) -> None:
    pacer = Pacer(time.monotonic, time.pause)
    hangs = asyncio.Event()

    async def hang() -> None:
        await hangs.wait()

    waiting = [asyncio.create_task(pacer.put("m", hang, rate=ONE_A_SECOND, rank=1))]
    await settle()
    waiting.append(asyncio.create_task(pacer.put("m", log.send("b"), rate=ONE_A_SECOND, rank=1)))
    await settle()
    await pacer.close()
    codes = [error.code for error in await gather(*waiting)]
    assert codes == ["unanswered", "stopping"]
    with pytest.raises(DeliveryError, match="stopping"):
        await pacer.put("m", log.send("c"), rate=ONE_A_SECOND, rank=1)
    assert log.sent == []


async def test_idle_queues_are_forgotten_when_there_are_many(pacer: Pacer, time: Time, log: Log) -> None:
    for number in range(LANES_KEPT + 5):
        time.now += 2
        await pacer.put("m", log.send("x"), rate=Rate(60, 1), rank=1, channel=f"C{number}", channel_rate=ONE_A_SECOND)
    assert len(pacer._lanes) <= LANES_KEPT


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1), st.floats(0, 40)), max_size=60),
    st.integers(1, 600),
    st.integers(1, 20),
)
def test_no_minute_ever_sees_more_calls_arrive_than_the_pace_and_a_burst(
    calls: list[tuple[float, float, float]], per_minute: int, burst: int
) -> None:
    now, arrived = 0.0, list[float]()
    bucket = Bucket(Rate(per_minute, burst), now)
    for gap, share, under_way in calls:
        now += gap
        now += bucket.delay(now)
        assert bucket.delay(now) <= 1e-6
        bucket.take()
        arrived.append(now + share * under_way)
        now += under_way
        bucket.answered(now)
    for start in arrived:
        assert sum(start <= at < start + 60 for at in arrived) <= per_minute + burst


async def test_a_call_that_arrives_late_leaves_room_for_one_less_at_once(pacer: Pacer, time: Time, log: Log) -> None:
    rate = Rate(60, burst=3)

    async def slow() -> str:
        time.now += 10
        return await log.send("slow")()

    await gather(
        pacer.put("m", slow, rate=rate, rank=0), *(pacer.put("m", log.send(n), rate=rate, rank=1) for n in "abc")
    )
    assert [at for _, at in log.sent] == pytest.approx([10, 10, 10, 11])
