"""Runs in flight: claimed once, started once, saved as they go, stopped when somebody wishes, and ended in truth."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.dify.codes import Code
from bot.loops import flight, halt, pursuit
from bot.loops.runner import LEASE_S
from bot.operations.launch import launch_job
from bot.operations.stop import stop
from bot.rules.access import system
from storage import apps, claims, deliveries
from storage.database import Store
from storage.errors import Busy
from storage.records import DeliveryKind, Run, RunState
from storage.tag import tag_of
from storage.vault import Secret, Vault
from tests.loops.house import OPS, TEAM, House, open_house
from tests.makers import NOW, fresh_job, save_job

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
ENDS = {
    "daily-report": (RunState.SUCCEEDED, None, None),
    "digest": (RunState.SUCCEEDED, None, None),
    "branch": (RunState.SUCCEEDED, None, None),
    "chat": (RunState.SUCCEEDED, None, None),
    "loops": (RunState.SUCCEEDED, None, None),
    "parallel": (RunState.SUCCEEDED, None, None),
    "huge-output": (RunState.SUCCEEDED, None, None),
    "odd-text": (RunState.SUCCEEDED, None, None),
    "fan-out": (RunState.SUCCEEDED, None, None),
    "counter": (RunState.SUCCEEDED, None, None),
    "partial": (RunState.PARTIAL, None, None),
    "fallback": (RunState.PARTIAL, None, None),
    "broken": (RunState.FAILED, Code.HTTP_NODE, "Fetch the price list"),
    "bad-code": (RunState.FAILED, Code.CODE_NODE, "Code that fails"),
    "quota": (RunState.FAILED, Code.LLM_NODE, "Ask the model"),
    "no-model": (RunState.FAILED, Code.PROVIDER, None),
    "unpublished": (RunState.FAILED, Code.NOT_PUBLISHED, None),
    "time-limit": (RunState.TIMED_OUT, Code.TIME_LIMIT, None),
    "approval": (RunState.WAITING, None, None),
}


def code_of(run: Run) -> str | None:
    return run.fault.code if run.fault else None


@pytest.mark.parametrize("name", ENDS)
async def test_every_app_ends_as_it_should(house: House, name: str) -> None:
    run = await house.fly(name)
    state, code, where = ENDS[name]
    assert (run.state, code_of(run), run.fault.where if run.fault else None) == (state, code, where)
    assert (run.attempts, run.started_at) == (1, NOW)
    assert (run.ended_at is None) is (state is RunState.WAITING)
    assert len(house.dify.starts(name)) == (name != "unpublished")
    if run.nodes:
        spans = await house.spans(run)
        assert len(spans) == run.nodes
        assert run.current_node is None


@BOTH
async def test_an_ended_run_holds_all_that_dify_told(house: House) -> None:
    run = await house.fly("daily-report")
    (at_dify,) = house.dify.starts()
    assert (run.dify_run_id, run.task_id, run.workflow_id) == (at_dify.id, at_dify.task_id, at_dify.workflow_id)
    assert (run.tag, at_dify.user) == (at_dify.user, run.tag)
    assert (run.outputs, run.tokens, run.steps) == (at_dify.outputs, at_dify.tokens, at_dify.steps)
    assert (run.price, run.currency) == ("0.0073200", "USD")
    assert (run.lease_until, run.ended_at) == (None, NOW)
    (told,) = await house.store.read(lambda c: deliveries.of_run(c, run.id))
    assert (told.target, told.rank, told.due_at) == (OPS, 1, NOW)
    assert {"saver", "courier", "clock", "runner"} <= set(house.bell.rung)


async def test_a_waiting_run_is_looked_at_again_after_a_minute(house: House) -> None:
    run = await house.fly("approval")
    assert run.lease_until == NOW + timedelta(seconds=60)


# refusals and silences


async def revoke(house: House) -> None:
    house.dify.mischief.revoke("digest")


async def fill_up(house: House) -> None:
    house.dify.mischief.too_many_next()


async def crash(house: House) -> None:
    house.dify.mischief.fail_next()


async def shut(house: House) -> None:
    house.dify.close_door()


async def swallow(house: House) -> None:
    house.dify.mischief.drop_answer_next()


async def hang_up(house: House) -> None:
    house.dify.mischief.hang_up_next()


async def cut(house: House) -> None:
    house.dify.mischief.cut_next(5)


async def cut_cleanly(house: House) -> None:
    house.dify.mischief.cut_next(5, is_clean=True)


async def cut_at_the_first_byte(house: House) -> None:
    house.dify.mischief.cut_next(0, is_clean=True)


async def lose_the_key(house: House) -> None:
    other = Vault([Secret("kq3Zt0cWqYxv5m1oPzR8uJ7sK2dL4aHnB6eFgTiVwXy")])
    app = await house.app("digest")
    sealed = other.seal(house.dify.keys["digest"], about=apps.key_about(app))
    await house.store.run(lambda c: apps.set_key(c, app, sealed, ""))


async def disconnect(house: House) -> None:
    app = await house.app("digest")
    await house.store.run(lambda c: apps.remove(c, TEAM, app.id))


@pytest.mark.parametrize(
    ("trouble", "state", "code", "starts"),
    [
        (revoke, RunState.FAILED, Code.BAD_KEY, 0),
        (fill_up, RunState.READY, Code.BUSY, 0),
        (crash, RunState.FAILED, Code.SERVER, 0),
        (shut, RunState.FAILED, Code.UNREACHABLE, 0),
        (lose_the_key, RunState.FAILED, "needs_key", 0),
        (disconnect, RunState.FAILED, "no_app", 0),
        # it may have begun: Dify's log tells whether it has
        (hang_up, RunState.READY, Code.NEVER_STARTED, 0),
        (swallow, RunState.SUCCEEDED, None, 1),
        (cut_at_the_first_byte, RunState.SUCCEEDED, None, 1),
        # it has begun: Dify itself tells how it ended
        (cut, RunState.SUCCEEDED, None, 1),
        (cut_cleanly, RunState.SUCCEEDED, None, 1),
    ],
)
async def test_trouble_with_dify_ends_in_what_is_known_and_starts_nothing_twice(
    house: House, trouble: Any, state: RunState, code: str | None, starts: int
) -> None:
    await house.app("digest")
    await trouble(house)
    run = await house.fly("digest")
    assert (run.state, code_of(run)) == (state, code)
    assert len(house.dify.starts()) == starts
    assert house.dify.keys["digest"] not in repr(run)


async def test_fmea_e4_inputs_that_dify_refuses_fail_the_run_with_its_words(house: House) -> None:
    run = await house.fly("digest", inputs={})
    assert (run.state, code_of(run)) == (RunState.FAILED, Code.BAD_INPUTS)
    assert run.fault is not None
    assert "topic is required" in run.fault.message


async def test_fmea_e9_a_stream_that_falls_silent_is_left_and_the_run_is_finished_from_its_detail(
    store: Store, tmp_path: Path
) -> None:
    async with open_house(store, tmp_path, silence_s=0.2) as house:
        house.dify.mischief.silence_next(4)
        run = await house.fly("digest")
        (at_dify,) = house.dify.starts()
    assert (run.state, run.outputs) == (RunState.SUCCEEDED, at_dify.outputs)
    assert run.nodes_done < run.nodes  # what was not heard of is not made up


async def test_a_cut_stream_keeps_the_trace_as_far_as_it_came(house: House) -> None:
    house.dify.mischief.cut_next(7)
    run = await house.fly("digest")
    assert {span.state for span in await house.spans(run)} >= {"unfinished"}


async def test_dify_that_is_away_while_a_run_is_looked_up_is_asked_again(house: House) -> None:
    house.dify.mischief.cut_next(5)
    house.dify.mischief.fail_next(2, on="detail", status=502)
    assert (await house.fly("digest")).state is RunState.SUCCEEDED


# claims


@BOTH
async def test_fmea_f7_two_processes_start_each_run_once(house: House) -> None:
    ready = [await house.ready("digest") for _ in range(12)]
    other = house.another("other")
    await asyncio.gather(house.runner.once(), other.runner.once(), house.runner.once(), other.runner.once())
    for one in (house, other):
        await one.services.tasks.idle()
    assert len(house.dify.starts()) == len(ready)
    assert {(await house.run(run)).state for run in ready} == {RunState.SUCCEEDED}


async def test_no_more_runs_are_in_flight_than_this_process_may_hold(store: Store, tmp_path: Path) -> None:
    async with open_house(store, tmp_path, max_streams=2) as house:
        ready = [await house.ready("never-ending") for _ in range(3)]
        starts = asyncio.create_task(house.bell.hear("saver"))
        await asyncio.sleep(0)
        assert await house.runner.once() == 2
        await starts
        assert await house.runner.once() == 0
        assert [(await house.run(run)).state for run in ready] == [RunState.RUNNING, RunState.RUNNING, RunState.READY]
        lands = asyncio.create_task(house.bell.hear("runner"))
        await house.store.run(lambda c: stop(c, system(TEAM), ready[0].id, now=NOW))
        await house.until(lambda: _has_started(house, 2))
        await house.runner.beat()
        await lands
        assert await house.runner.once() == 1


async def test_a_start_is_kept_at_once_and_the_others_in_flight_wait_for_their_beat(house: House) -> None:
    first, second = [await house.takeoff("never-ending") for _ in range(2)]
    await house.runner.beat([second.id])
    assert (await house.run(first)).dify_run_id is None
    assert (await house.run(second)).dify_run_id is not None
    await house.runner.beat()
    assert (await house.run(first)).dify_run_id is not None
    await house.runner.close()


async def test_a_name_that_comes_while_it_is_saved_that_dify_was_reached_is_saved_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.dify.mischief.drip_next(0.01, 16)
    run, save = await house.ready("never-ending"), house.store.run
    named = asyncio.create_task(house.bell.hear("saver"))
    await asyncio.sleep(0)
    await house.runner.once()

    async def save_until_named(work: Any, **more: Any) -> Any:
        saved = await save(work, **more)
        await named
        return saved

    while not named.done():
        with monkeypatch.context() as slow:
            slow.setattr(house.store, "run", save_until_named)
            await house.runner.beat([run.id])
        await asyncio.sleep(0)
    assert (await house.run(run)).dify_run_id is None
    await house.runner.beat([run.id])
    assert (await house.run(run)).dify_run_id is not None


async def test_a_name_that_could_not_be_saved_is_saved_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(work: Any, **more: Any) -> Any:
        raise Busy("Another process holds the database; nothing was saved. Please try again.")

    run = await house.takeoff("never-ending")
    with monkeypatch.context() as away:
        away.setattr(house.store, "run", refuse)
        with pytest.raises(Busy):
            await house.runner.beat([run.id])
    await house.runner.beat([run.id])
    assert (await house.run(run)).dify_run_id is not None


async def _has_started(house: House, count: int) -> bool:
    return len(house.dify.starts()) >= count


async def test_the_oldest_waits_the_shortest(house: House) -> None:
    late = await house.ready("digest", due_at=NOW)
    early = await house.ready("digest", due_at=NOW - timedelta(minutes=1))
    assert await house.store.run(lambda c: claims.ready_runs(c, NOW, 1)) == [(early.id, early.app_id)]
    assert late.id < early.id


async def test_a_claimed_run_is_held_by_name_and_lease_and_its_tag_is_its_own(house: House) -> None:
    first, second = await house.takeoff("never-ending"), await house.takeoff("never-ending")
    assert (first.owner, first.fence, first.lease_until) == ("me", 1, NOW + timedelta(seconds=LEASE_S))
    assert first.tag is not None
    assert first.tag == tag_of(house.services.installation, first.key, 1)
    assert first.tag != second.tag
    assert house.runner.holds(first.id)


# saving


@BOTH
async def test_a_beat_saves_how_far_a_run_has_come_and_renews_its_lease(house: House) -> None:
    run = await house.takeoff("never-ending")
    house.hand.turn(seconds=10)

    async def has_come() -> bool:
        return (await house.run(run)).nodes >= 2

    await house.until(has_come)
    saved = await house.run(run)
    (at_dify,) = house.dify.starts()
    assert (saved.state, saved.dify_run_id, saved.task_id) == (RunState.RUNNING, at_dify.id, at_dify.task_id)
    assert saved.lease_until == house.hand.now + timedelta(seconds=LEASE_S)
    assert saved.current_node == "Watch the queue"
    assert [span.state for span in await house.spans(run)] == ["succeeded", "running"]


async def test_a_message_is_edited_while_its_run_goes_on_but_not_more_often_than_worth_it(house: House) -> None:
    run = await house.takeoff("never-ending")

    async def wanted() -> int:
        (told,) = await house.store.read(lambda c: deliveries.of_run(c, run.id))
        return told.wanted

    async def has_come() -> bool:
        return (await house.run(run)).nodes >= 2

    await house.until(has_come)
    before = await wanted()  # a run this young is told by its result
    for _ in range(5):
        house.hand.turn(seconds=1)
        await house.runner.beat()
    assert await wanted() == before  # nothing new was done


async def test_what_is_learned_after_the_first_message_is_shown_even_if_it_is_the_last_for_long(house: House) -> None:
    run = await house.takeoff("never-ending")
    house.hand.turn(seconds=10)

    async def has_come() -> bool:
        return (await house.run(run)).nodes_done == 1

    await house.until(has_come)
    for _ in range(3):
        await house.runner.beat()
        (told,) = await house.store.read(lambda c: deliveries.of_run(c, run.id))
        assert told.wanted == 2


async def test_a_beat_with_nothing_in_flight_does_nothing(house: House) -> None:
    await house.runner.beat()
    assert house.bell.rung == []


# wishes


@BOTH
async def test_a_run_is_stopped_at_dify_when_somebody_wishes_it(house: House) -> None:
    run = await house.takeoff("never-ending")
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
    await house.runner.beat()
    ended = await house.landed(run)
    assert (ended.state, ended.stop_by, ended.reason) == (RunState.STOPPED, "system", None)
    assert house.dify.starts()[0].status == "stopped"
    (told,) = await house.store.read(lambda c: deliveries.of_run(c, run.id))
    assert told.kind is DeliveryKind.RUN


async def test_a_run_that_is_stopped_before_it_began_is_never_started(house: House) -> None:
    run = await house.ready("digest")
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
    await house.runner.once()
    ended = await house.landed(run)
    assert (ended.state, ended.lease_until) == (RunState.STOPPED, None)
    assert house.dify.starts() == []


async def test_a_stop_that_comes_before_dify_has_answered_is_passed_on_as_soon_as_it_has(house: House) -> None:
    house.dify.mischief.stall_next(0.2)
    run = await house.ready("never-ending")
    await house.runner.once()

    async def has_left() -> bool:
        return (await house.run(run)).asked_at is not None

    await house.until(has_left)
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
    await house.runner.beat()
    ended = await house.landed(run)
    assert (ended.state, ended.reason) == (RunState.STOPPED, None)
    assert house.dify.starts()[0].status == "stopped"


async def test_fmea_e21_a_run_that_heeds_no_stop_is_given_up_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "STOP_PATIENCE_S", 0.05)
    monkeypatch.setattr(pursuit, "STOP_PATIENCE_S", 0.05)
    monkeypatch.setattr(pursuit, "FOLLOWED_FOR_S", 0.05)
    house.dify.mischief.ignore_stops()
    run = await house.takeoff("never-ending")
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
    await house.runner.beat()
    ended = await house.landed(run)
    assert (ended.state, ended.reason) == (RunState.STOPPED, "unconfirmed")
    assert ended.fault is not None
    assert "may still be spending tokens" in ended.fault.message


async def test_a_stop_is_waited_for_also_where_the_stream_is_gone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a stop the run detail of Dify reads `running` for a while."""
    monkeypatch.setattr(flight, "STOP_PATIENCE_S", 0.05)
    monkeypatch.setattr(pursuit, "STOP_PATIENCE_S", 0.05)
    async with open_house(store, tmp_path, settle_s=0.2) as house:
        house.dify.mischief.silence_next(2)
        run = await house.takeoff("never-ending")
        await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
        await house.runner.beat()
        ended = await house.landed(run)
    assert (ended.state, ended.reason) == (RunState.STOPPED, None)


async def test_a_wish_that_is_told_at_each_beat_takes_no_patience_away(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flight, "STOP_PATIENCE_S", 0.05)
    async with open_house(store, tmp_path, settle_s=0.2) as house:
        house.dify.mischief.silence_next(2)
        run = await house.takeoff("never-ending")
        await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))

        async def has_ended() -> bool:
            return (await house.run(run)).state.has_ended

        await house.until(has_ended)
        assert (await house.run(run)).reason is None


@pytest.mark.parametrize("spoil", ["fail_next", "hang_up_next"])
async def test_a_stop_that_dify_did_not_hear_is_given_again(
    house: House, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    monkeypatch.setattr(halt, "FIRST_PAUSE_S", 0.0)
    run = await house.takeoff("never-ending")
    getattr(house.dify.mischief, spoil)(halt.TRIES - 1, on="stop")
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
    await house.runner.beat()
    ended = await house.landed(run)
    assert (ended.state, ended.reason) == (RunState.STOPPED, None)
    assert house.dify.starts()[0].status == "stopped"


async def test_a_run_that_ended_before_the_stop_came_keeps_its_end(house: House) -> None:
    run = await house.fly("digest")
    assert await house.store.run(lambda c: claims.ask_stop(c, run.id, "U1")) is False
    assert (await house.run(run)).stop_by is None


async def test_fmea_e11_a_run_is_stopped_at_its_limit_and_the_limit_counts_from_when_it_was_sent(
    house: House,
) -> None:
    run = await house.fly("never-ending", started_at=NOW - timedelta(hours=1), timeout_s=1)
    assert (run.state, run.reason) == (RunState.TIMED_OUT, None)
    assert house.dify.starts()[0].status == "stopped"


async def test_a_run_whose_worker_died_is_lost_at_the_limit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pursuit, "STOP_PATIENCE_S", 0.05)
    run = await house.fly("worker-killed", timeout_s=1)
    assert (run.state, run.fault and run.fault.code) == (RunState.LOST, Code.WORKER_LOST)


# losing and handing over


@BOTH
async def test_fmea_f4_a_run_that_another_process_took_over_is_let_go_without_a_word(house: House) -> None:
    run = await house.takeoff("never-ending")
    later = NOW + timedelta(seconds=LEASE_S + 1)
    taken = await house.store.run(lambda c: claims.rescue_run(c, run.id, "other", later, 60))
    owed = await house.store.read(lambda c: deliveries.of_run(c, run.id))
    await house.runner.beat()
    assert await house.landed(run) == taken
    assert not house.runner.holds(run.id)
    assert await house.store.read(lambda c: deliveries.of_run(c, run.id)) == owed
    assert house.dify.starts()[0].status == "running"


async def test_an_end_that_is_seen_by_who_lost_the_run_is_not_written(house: House) -> None:
    run = await house.takeoff("never-ending")
    later = NOW + timedelta(seconds=LEASE_S + 1)
    taken = await house.store.run(lambda c: claims.rescue_run(c, run.id, "other", later, 60))
    house.dify.starts()[0].stop_asked.set()
    assert await house.landed(run) == taken
    assert await house.spans(run) == ()


@BOTH
async def test_a_closing_process_gives_its_runs_back_as_far_as_they_came(house: House) -> None:
    run = await house.takeoff("never-ending")

    async def has_come() -> bool:
        await asyncio.sleep(0)
        return len(house.dify.starts()[0].sent) >= 2

    await house.until(has_come)
    await house.runner.close()
    given_back = await house.landed(run)
    assert given_back.state is RunState.RUNNING
    assert given_back.dify_run_id == house.dify.starts()[0].id
    assert given_back.lease_until is not None
    assert given_back.lease_until <= house.hand.now
    assert house.dify.starts()[0].status == "running"
    assert not house.runner.holds(run.id)


@BOTH
async def test_what_dify_has_not_heard_of_yet_goes_back_to_the_runs_that_wait(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = [await house.ready("digest") for _ in range(3)]
    save, is_claimed, asks, is_closed = house.store.run, asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def leave_is_slow(work: Any, **more: Any) -> Any:
        if is_claimed.is_set() and not asks.is_set():
            asks.set()
            await is_closed.wait()
        is_claimed.set()
        return await save(work, **more)

    monkeypatch.setattr(house.store, "run", leave_is_slow)
    await house.runner.once()
    await asks.wait()
    await house.runner.close()
    is_closed.set()
    await house.services.tasks.idle()
    assert house.dify.starts() == []
    for run in ready:
        back = await house.run(run)
        assert (back.state, back.attempts, back.started_at) == (RunState.READY, 0, None)
        assert (back.owner, back.lease_until, back.tag) == (None, None, None)
    other = house.another("other")
    assert await other.runner.once() == 3
    await other.services.tasks.idle()
    assert {(await house.run(run)).state for run in ready} == {RunState.SUCCEEDED}


async def test_a_closed_runner_takes_nothing_more(house: House) -> None:
    await house.runner.close()
    await house.ready("digest")
    assert await house.runner.once() == 0
    house.runner.rejoin(await house.ready("digest"), on_landed=lambda: None)
    assert house.dify.starts() == []


# a job around it


async def test_the_end_of_a_run_is_judged_and_told_with_its_job(house: House) -> None:
    app = await house.app("broken")
    by = system(TEAM)
    job = (await house.store.run(lambda c: save_job(c, by=by, app=app, channel_id=OPS, inputs={}))).job
    run = await house.store.run(lambda c: launch_job(c, by, job.id, None, key="typed:1", now=NOW))
    await house.runner.once()
    await house.landed(run)
    kinds = [one.kind for one in await house.store.read(lambda c: deliveries.of_run(c, run.id))]
    assert kinds == [DeliveryKind.RUN, DeliveryKind.ALERT]
    assert (await house.store.read(lambda c: fresh_job(c, job))).failures == 1
