"""Starts in doubt: looked for by name, adopted, begun again only where Dify says that nothing began; never two."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.dify.codes import Code
from bot.loops import flight, leave
from bot.loops.janitor import MAX_DEATHS, PROVED_AFTER_S, SUSPECT_DEATHS, Janitor
from bot.loops.look import LAST_TRIES
from bot.loops.runner import LEASE_S, Runner
from bot.operations.endpoint import open_endpoint
from bot.operations.stop import stop
from bot.rules.access import system
from bot.rules.retry import MAX_UNBEGUN
from storage import claims
from storage.database import Store
from storage.errors import Busy
from storage.records import Run, RunState
from storage.tables import runs as runs_table
from storage.tag import tag_of
from tests.loops.house import PATIENCE_S, TEAM, House, open_house
from tests.makers import NOW, claim_run, list_entries

BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


@BOTH
async def test_fmea_a4_a_run_that_was_claimed_and_not_sent_waits_again_and_needs_no_search(house: House) -> None:
    run = await house.claimed("digest", asked=False)
    assert await house.janitor.once() == 0
    back = await house.run(run)
    assert (back.state, back.attempts, back.tag, back.owner, back.started_at) == (RunState.READY, 0, None, None, None)
    await house.runner.once()
    assert (await house.landed(run)).state is RunState.SUCCEEDED
    assert len(house.dify.starts()) == 1


async def test_fmea_e20_of_two_runs_of_one_name_the_earliest_is_followed_and_the_other_is_told(house: House) -> None:
    first = await house.fly("digest")
    endpoint = open_endpoint(house.services.vault, await house.app("digest"), first.base_url)
    async with house.services.dify.start(endpoint, first.inputs, first.tag or "") as events:
        async for _ in events:
            pass
    await house.store.run(lambda c: forget(c, first))
    house.hand.turn(seconds=LEASE_S + 1)
    await house.janitor.once()
    ended = await house.landed(first)
    ours, other = house.dify.starts()
    assert (ended.state, ended.dify_run_id) == (RunState.SUCCEEDED, ours.id)
    (entry, *_) = await house.store.read(lambda c: list_entries(c, TEAM, about=f"run:{first.id}"))
    assert (entry.action, entry.detail["dify_run_id"], entry.detail["stopped"]) == ("stray", other.id, False)


@BOTH
async def test_fmea_a5_a_run_that_was_sent_is_found_by_its_name_and_joined(house: House) -> None:
    first = await house.fly("digest")  # what Dify has under this name, the row will have forgotten
    (at_dify,) = house.dify.starts()
    await house.store.run(lambda c: forget(c, first))
    house.hand.turn(seconds=LEASE_S + 1)
    assert await house.janitor.once() == 1
    ended = await house.landed(first)
    assert (ended.state, ended.dify_run_id, ended.outputs) == (RunState.SUCCEEDED, at_dify.id, at_dify.outputs)
    assert (ended.attempts, len(house.dify.starts())) == (1, 1)


async def test_one_search_that_fails_after_the_grace_is_no_verdict(house: House) -> None:
    """As when the process stood still while it waited for the answer."""
    house.dify.mischief.drop_answer_next()
    house.dify.mischief.fail_next(LAST_TRIES - 1, status=504, on="logs")
    assert (await house.fly("digest")).state is RunState.SUCCEEDED
    assert len(house.dify.starts()) == 1


async def test_a_run_is_begun_however_often_the_bot_was_cut_off_before_it_could_ask(house: House) -> None:
    run = await house.claimed("digest")
    for _ in range(MAX_UNBEGUN + 1):
        house.hand.turn(seconds=LEASE_S + 1)
        assert await house.janitor.once() == 1
        assert (await house.landed(run)).state is RunState.READY
        await house.store.run(lambda c: sent_by_one_that_dies(c, house, run))
    house.hand.turn(seconds=LEASE_S + 1)
    await house.janitor.once()
    await house.landed(run)
    await house.runner.once()
    assert (await house.landed(run)).state is RunState.SUCCEEDED
    assert len(house.dify.starts()) == 1


def sent_by_one_that_dies(c: Connection, house: House, run: Run) -> None:
    claimed = claim_run(c, run.id, "dead", house.hand.now, LEASE_S)
    assert claimed is not None
    tag = tag_of(house.services.installation, claimed.key, claimed.attempts)
    assert claims.save_run(c, replace(claimed, tag=tag, base_url=house.dify.url, asked_at=house.hand.now)) is not None


def forget(c: Connection, run: Run) -> None:
    """The row as it was when the request had just left."""
    told = {"state": RunState.RUNNING, "owner": "dead", "ended_at": None, "outputs": None, "dify_run_id": None}
    told |= {"task_id": None, "heard_at": None, "asked_at": NOW, "lease_until": NOW}
    c.execute(runs_table.update().where(runs_table.c.id == run.id).values(told))


async def test_fmea_e19_a_log_that_is_late_is_waited_for_and_nothing_is_started_twice(
    store: Store, tmp_path: Path
) -> None:
    async with open_house(store, tmp_path, start_grace_s=30) as house:
        house.dify.mischief.delay_logs(0.6)
        house.dify.mischief.drop_answer_next()
        run = await house.fly("digest")
        (at_dify,) = house.dify.starts()
    assert (run.state, run.dify_run_id, run.attempts) == (RunState.SUCCEEDED, at_dify.id, 1)


async def test_fmea_c6_a_clock_that_was_set_shortens_no_wait_for_a_log_that_is_late(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_house(store, tmp_path, start_grace_s=30) as house:
        run, dify = await house.fly("digest"), house.services.dify
        await house.store.run(lambda c: forget(c, run))
        find, answers = dify.find_by_user, [()]

        async def find_nothing_at_first(*told: Any) -> Any:
            return answers.pop() if answers else await find(*told)

        monkeypatch.setattr(dify, "find_by_user", find_nothing_at_first)
        house.hand.turn(hours=1)
        await house.janitor.once()
        ended = await house.landed(run)
        assert len(house.dify.starts()) == 1
    assert (ended.state, ended.attempts) == (RunState.SUCCEEDED, 1)


async def test_a_log_that_cannot_be_read_leaves_the_run_lost(house: House) -> None:
    house.dify.mischief.drop_answer_next()
    house.dify.mischief.fail_next(LAST_TRIES, on="logs", status=403)
    run = await house.fly("digest")
    assert (run.state, run.fault.code if run.fault else None) == (RunState.LOST, Code.NEVER_STARTED)
    assert len(house.dify.starts()) == 1


async def test_a_chatflow_has_no_log_so_a_start_in_doubt_is_lost(house: House) -> None:
    house.dify.mischief.drop_answer_next()
    assert (await house.fly("chat")).state is RunState.LOST


async def die(house: House, run: Run, times: int) -> None:
    """So many owners take the run over and die."""
    for _ in range(times):
        house.hand.turn(seconds=LEASE_S + 1)
        taken = await house.store.run(lambda c: claims.rescue_run(c, run.id, "heir", house.hand.now, LEASE_S))
        assert taken is not None
    house.hand.turn(seconds=LEASE_S + 1)


async def test_a_run_with_which_owners_die_is_joined_alone_and_by_one_that_lives_without_it(house: House) -> None:
    suspects = [await house.takeoff("never-ending") for _ in range(2)]
    await house.runner.beat()
    for run in suspects:
        await die(house, run, SUSPECT_DEATHS)
    heir, time = house.another("last"), [0.0]
    janitor = Janitor(heir.services, heir.runner, monotonic=lambda: time[0])
    assert await janitor.once() == 0
    time[0] = PROVED_AFTER_S
    assert await janitor.once() == 1
    assert await janitor.once() == 0
    assert "janitor" not in heir.bell.rung
    for at_dify in house.dify.starts():
        at_dify.stop_asked.set()
    await heir.services.tasks.idle()
    assert "janitor" in heir.bell.rung  # the next is joined at once
    assert await janitor.once() == 1
    await heir.services.tasks.idle()


async def test_fmea_g2_a_run_of_which_its_owners_die_is_let_go_and_told(house: House) -> None:
    run = await house.takeoff("never-ending")
    await house.runner.beat()
    await die(house, run, MAX_DEATHS)
    heir = house.another("last")
    assert await heir.janitor.once() == 0
    ended = await house.run(run)
    assert (ended.state, ended.reason) == (RunState.LOST, "poisoned")


async def test_an_owner_that_hands_over_has_not_died(house: House) -> None:
    run = await house.takeoff("never-ending")
    await house.runner.close()
    house.hand.turn(seconds=1)
    taken = await house.store.run(lambda c: claims.rescue_run(c, run.id, "heir", house.hand.now, LEASE_S))
    assert taken is not None
    assert taken.deaths == 0


async def test_fmea_b16_what_ran_before_the_database_was_put_back_is_followed_and_not_run_again(house: House) -> None:
    first = await house.fly("digest")
    (at_dify,) = house.dify.starts()
    told = {
        "state": RunState.READY,
        "attempts": 0,
        "ended_at": None,
        "outputs": None,
        "dify_run_id": None,
        "tag": None,
    }
    await house.store.run(
        lambda c: c.execute(runs_table.update().where(runs_table.c.id == first.id).values(**told)) and None
    )
    restored = Runner(replace(house.services, restored_at=house.hand.now))
    await restored.once()
    ended = await house.landed(first)
    assert (ended.state, ended.dify_run_id) == (RunState.SUCCEEDED, at_dify.id)
    assert len(house.dify.starts()) == 1
    house.hand.turn(seconds=1)
    later = await house.ready("digest", due_at=house.hand.now)
    await restored.once()
    assert (await house.landed(later)).state is RunState.SUCCEEDED
    assert len(house.dify.starts()) == 2


# leave


@BOTH
async def test_a_run_that_was_taken_over_before_it_left_is_not_sent(house: House) -> None:
    run = await house.ready("digest")
    mine = await house.store.run(lambda c: claim_run(c, run.id, "me", NOW, LEASE_S))
    assert mine is not None
    house.hand.turn(seconds=LEASE_S + 1)
    heir = await house.store.run(lambda c: claims.rescue_run(c, run.id, "heir", house.hand.now, LEASE_S))
    assert heir is not None
    gate = leave.Leave(house.services, LEASE_S)
    assert await gate.ask(mine) is False
    assert (await house.run(run)).asked_at is None


async def test_a_run_that_somebody_wants_to_end_is_not_sent_any_more(house: House) -> None:
    run = await house.ready("digest")
    mine = await house.store.run(lambda c: claim_run(c, run.id, "me", NOW, LEASE_S))
    assert mine is not None
    await house.store.run(lambda c: stop(c, system(TEAM), run.id, now=NOW))
    assert await leave.Leave(house.services, LEASE_S).ask(mine) is False


async def test_who_was_frozen_after_the_answer_asks_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await house.ready("digest")
    mine = await house.store.run(lambda c: claim_run(c, run.id, "me", NOW, LEASE_S))
    assert mine is not None
    ticks = iter((0.0, leave.SELF_FENCE_S + 1, 20.0, 20.1))
    monkeypatch.setattr(leave, "monotonic", lambda: next(ticks))
    assert await leave.Leave(house.services, LEASE_S).ask(mine) is True
    assert next(ticks, None) is None


async def test_many_that_leave_at_once_ask_in_one_transaction(house: House) -> None:
    ready = [await house.ready("digest") for _ in range(20)]
    mine = [
        run
        for one in ready
        if (run := await house.store.run(lambda c, one=one: claim_run(c, one.id, "me", NOW, LEASE_S)))
    ]
    gate = leave.Leave(house.services, LEASE_S)
    assert await asyncio.gather(*(gate.ask(run) for run in mine)) == [True] * 20
    assert {(await house.run(run)).asked_at for run in ready} == {NOW}


async def test_who_stood_still_while_connecting_asks_for_leave_again_and_sends_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, gate = await house.ready("digest"), house.runner._leave
    ask = gate.ask

    async def ask_and_stand_still(asking: Run) -> bool:
        has_leave = await ask(asking)
        later = house.hand.now + timedelta(seconds=LEASE_S + 1)
        await house.store.run(lambda c: claims.rescue_run(c, asking.id, "heir", later, LEASE_S))
        monkeypatch.setattr(flight, "is_fresh", lambda since: False)
        return has_leave

    monkeypatch.setattr(gate, "ask", ask_and_stand_still)
    monkeypatch.setattr(flight, "NEWS_PATIENCE_S", 0.05)
    await house.runner.once()
    kept = await house.landed(run)
    assert (kept.owner, kept.state, house.dify.starts()) == ("heir", RunState.RUNNING, [])


async def test_no_database_is_no_leave(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    run, ways = await house.ready("digest"), [house.store.run]

    async def away_after_the_claim(work: Any, **more: Any) -> Any:
        if ways:
            return await ways.pop()(work, **more)
        raise Busy("Another process holds the database; nothing was saved. Please try again.")

    monkeypatch.setattr(house.store, "run", away_after_the_claim)
    await house.runner.once()
    kept = await house.landed(run)
    assert (kept.state, kept.asked_at, house.dify.starts()) == (RunState.RUNNING, None, [])


# zombies


async def test_fmea_a15_a_frozen_owner_stops_its_own_second_run_and_tells_it(house: House) -> None:
    run = await house.takeoff("never-ending")
    (ours,) = house.dify.starts()
    house.hand.turn(seconds=LEASE_S + 1)

    def take_over(c: Connection) -> None:
        heir = claims.rescue_run(c, run.id, "heir", house.hand.now, LEASE_S)
        assert heir is not None
        c.execute(runs_table.update().where(runs_table.c.id == run.id).values(dify_run_id="another"))

    await house.store.run(take_over)
    await house.runner.beat()
    kept = await house.landed(run)
    async with asyncio.timeout(PATIENCE_S):
        await ours.ended.wait()
    assert (ours.status, kept.owner, kept.state) == ("stopped", "heir", RunState.RUNNING)
    (entry, *_) = await house.store.read(lambda c: list_entries(c, TEAM, about=f"run:{run.id}"))
    assert (entry.action, entry.detail["dify_run_id"], entry.detail["stopped"]) == ("stray", ours.id, True)


async def test_a_frozen_owner_leaves_the_run_alone_that_its_heir_follows(house: House) -> None:
    run = await house.takeoff("never-ending")
    await house.runner.beat()
    (ours,) = house.dify.starts()
    house.hand.turn(seconds=LEASE_S + 1)
    await house.store.run(lambda c: claims.rescue_run(c, run.id, "heir", house.hand.now, LEASE_S))
    await house.runner.beat()
    await house.landed(run)
    assert ours.status == "running"
    ours.stop_asked.set()
