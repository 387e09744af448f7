"""Saboteurs in the simulation: each guard is taken away, and the worlds must go wrong for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from bot.loops import pursuit
from bot.loops.courier import Courier
from bot.loops.leave import Leave
from bot.loops.look import Sought
from bot.operations import finish, tick
from bot.slack.history import History
from storage import herd
from storage.errors import Busy
from tests.simulation.judge import judge
from tests.simulation.life import open_world
from tests.simulation.swarm import PLAIN, Faults, Swarm

TRIES = 8


@dataclass(frozen=True)
class Saboteur:
    """Takes a guard away; in worlds with these faults that is a violation of `invariant`."""

    guard: str
    invariant: str
    faults: Faults
    take_away: Callable[[pytest.MonkeyPatch], None]
    processes: int = 1


def search_by_name(patch: pytest.MonkeyPatch) -> None:
    async def find_nothing(*_: Any) -> Sought:
        return Sought((), is_certain=True)

    patch.setattr(pursuit, "seek", find_nothing)


def grace(patch: pytest.MonkeyPatch) -> None:
    seek = pursuit.seek
    patch.setattr(pursuit, "seek", lambda dify, endpoint, user, _, *more: seek(dify, endpoint, user, 0.0, *more))


def leave_to_ask(patch: pytest.MonkeyPatch) -> None:
    async def always(_: Leave, __: Any) -> bool:
        return True

    patch.setattr(Leave, "ask", always)


def one_transaction_for_a_tick(patch: pytest.MonkeyPatch) -> None:
    """The next slots are planned in a second one, which now and then does not come about."""
    dice = Random(0)

    def split(plan: Callable[..., Any]) -> Callable[..., Any]:
        def planned(c: Connection, found: Any, *told: Any, **named: Any) -> Any:
            raw: Any = c.connection.driver_connection
            raw.execute("COMMIT")
            raw.execute("BEGIN")
            if found and dice.random() < 0.4:
                raise Busy("Others hold the database; nothing was saved.")
            return plan(c, found, *told, **named)

        return planned

    patch.setattr(tick, "plan_many", split(tick.plan_many))
    patch.setattr(herd, "plan", split(herd.plan))


def mark_of_a_message(patch: pytest.MonkeyPatch) -> None:
    async def find_nothing(*_: Any, **__: Any) -> None:
        return None

    patch.setattr(History, "find", find_nothing)


def message_owed_with_the_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(finish, "show", lambda *_, **__: None)


def alert_owed_with_the_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(finish, "owe_alert", lambda *_, **__: None)


def note_before_a_post(patch: pytest.MonkeyPatch) -> None:
    async def always(_: Courier, __: int) -> bool:
        return True

    patch.setattr(Courier, "_ask_leave", always)


SABOTEURS = (
    Saboteur("search by name", "I2", Faults(dify_lost_after=0.4, crash=0.02), search_by_name),
    Saboteur("grace", "I2", Faults(dify_lost_after=0.4, dify_log_lag_s=20.0), grace),
    Saboteur("leave to ask Dify", "I2", Faults(freeze=0.05), leave_to_ask, processes=3),
    Saboteur("one transaction for a tick", "I1", Faults(), one_transaction_for_a_tick),
    Saboteur("mark of a message", "I3", Faults(slack_lost_after=0.4), mark_of_a_message),
    Saboteur("message owed with the end", "I3", Faults(), message_owed_with_the_end),
    Saboteur("alert owed with the end", "I4", Faults(dify_fails=0.5), alert_owed_with_the_end),
    Saboteur("note before a post", "I3", Faults(slack_lost_after=0.4), note_before_a_post),
)


@pytest.mark.long
@pytest.mark.parametrize("saboteur", SABOTEURS, ids=lambda one: one.guard.replace(" ", "-"))
def test_a_guard_that_is_taken_away_is_missed_in_the_simulation(
    saboteur: Saboteur, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(TRIES):
        swarm = replace(PLAIN, seed=seed, processes=saboteur.processes, faults=saboteur.faults)
        with monkeypatch.context() as patch:
            saboteur.take_away(patch)
            found = live(swarm)
        if any(wrong.startswith(saboteur.invariant) for wrong in found):
            assert live(swarm) == []  # and with the guard in its place all is well in the very same world
            return
    pytest.fail(f"{TRIES} worlds went well without: {saboteur.guard}")


def live(swarm: Swarm) -> list[str]:
    with open_world(swarm) as world:
        return judge(world)
