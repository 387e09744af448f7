"""Streams that go wrong: each way is told apart, in words that a person understands, and none costs the result."""

from functools import partial
from typing import Any

import pytest

from bot.blocks.story import story
from bot.demo.dify import server
from bot.dify import client, hearing
from bot.dify.client import LEFT_OUT
from bot.dify.sse import Splitter
from bot.loops import flight, pursuit
from storage.records import Run, RunState
from tests.loops.house import House


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is silence after a moment."""
    monkeypatch.setattr(hearing, "LIVELY_S", 0.3)
    for room in (flight, pursuit):
        monkeypatch.setattr(room, "STOP_PATIENCE_S", 0.1)
    monkeypatch.setattr(pursuit, "FOLLOWED_FOR_S", 0.1)


@pytest.fixture
def until_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dify is given the time to stop what has no stream any more."""
    monkeypatch.setattr(pursuit, "STOP_PATIENCE_S", 10.0)


def told(run: Run) -> str:
    assert run.state is RunState.TIMED_OUT
    return story(run)


async def test_a_run_that_only_pings_until_its_limit_says_so(house: House) -> None:
    house.dify.mischief.ping_only_next()
    words = told(await house.fly("never-ending", timeout_s=1))
    assert "stopped after 1 s, its limit" in words
    assert "nothing but pings: a node hangs, or waits for something" in words


async def test_a_run_that_falls_silent_until_its_limit_says_so(house: House) -> None:
    house.dify.mischief.silence_next(2)
    assert "Dify had sent nothing at all" in told(await house.fly("never-ending", timeout_s=1))
    assert house.dify.starts()[0].status == "stopped"


@pytest.mark.usefixtures("until_stopped")
async def test_a_run_whose_line_broke_before_its_limit_says_why(house: House) -> None:
    house.dify.mischief.cut_next(2)
    assert "The connection to 127.0.0.1 broke" in told(await house.fly("never-ending", timeout_s=1))


@pytest.mark.usefixtures("until_stopped")
async def test_a_run_whose_stream_ended_before_its_limit_says_so(house: House) -> None:
    house.dify.mischief.cut_next(2, is_clean=True)
    assert "The stream had ended without a result" in told(await house.fly("never-ending", timeout_s=1))


async def test_a_run_whose_bytes_drip_until_its_limit_says_so(house: House) -> None:
    house.dify.mischief.drip_next(0.02, size=4)
    assert "made no whole event: the line is very slow" in told(await house.fly("never-ending", timeout_s=1))


async def test_a_lively_run_that_never_ends_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "LIVELY_S", 60.0)
    assert "Dify was still telling of its work" in told(await house.fly("never-ending", timeout_s=1))


async def test_a_stream_that_is_too_long_is_left_and_the_result_comes_from_the_detail(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MAX_STREAM", 50_000)
    run = await house.fly("huge-output")
    assert (run.state, run.outputs) == (RunState.SUCCEEDED, house.dify.starts()[0].outputs)


async def test_an_event_that_is_too_large_is_left_out_and_the_result_comes_from_the_detail(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "Splitter", partial(Splitter, limit=20_000))
    run = await house.fly("huge-output")
    assert (run.state, run.outputs) == (RunState.SUCCEEDED, house.dify.starts()[0].outputs)


async def test_a_result_that_is_too_long_to_be_read_leaves_a_mark_and_the_run_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "Splitter", partial(Splitter, limit=20_000))
    monkeypatch.setattr("bot.dify.wire.MAX_BODY", 20_000)
    run = await house.fly("huge-output")
    assert (run.state, run.outputs) == (RunState.SUCCEEDED, LEFT_OUT)
    assert "larger than 8 MB" in str(run.outputs)


async def test_fmea_e26_a_dify_that_is_changed_while_a_run_goes_on_is_noted(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    run = await house.takeoff("never-ending", timeout_s=1)
    monkeypatch.setattr(server, "VERSION", "1.99.0")
    run = await house.landed(run)
    assert run.fault is not None
    assert "Dify was changed from 1.16.1 to 1.99.0 while it ran." in run.fault.message
    assert "is now version 1.99.0; it was 1.16.1" in caplog.text
