"""Room: runs begin until an app, a host or the whole is full."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.room import NOWHERE, Limits, Place, Room, Way

HERE, THERE, ELSEWHERE = "https://a.example", "https://b.example", "https://c.example"


def at(*hosts: str, **said: Any) -> Place:
    """An app that answers at these hosts; its addresses end in /v1."""
    return Place({f"{host}/v1": host for host in hosts}, **said)


PLACES = {1: at(HERE), 2: at(HERE), 3: at(THERE)}


def ways(room: Room, times: int, app_id: int = 1) -> list[str | None]:
    """The hosts to which so many runs go, one after the other."""
    found = [room.take(app_id) for _ in range(times)]
    return [way.host if way else None for way in found]


def test_without_limits_there_is_room_for_all() -> None:
    room = Room(Limits(), PLACES, {(1, HERE): 1000, (9, HERE): 5})
    assert room.has(1)
    assert room.full() == frozenset()


def test_a_full_app_holds_up_nobody_but_its_own() -> None:
    room = Room(Limits(per_app=2), PLACES, {(1, HERE): 2, (2, HERE): 1})
    assert not room.has(1)
    assert room.has(2)
    way = room.take(2)
    assert way == Way(f"{HERE}/v1", HERE)
    assert room.full() == {1, 2}
    assert not room.take(2)
    room.leave(2, way)
    assert room.full() == {1}


def test_the_own_limit_of_an_app_stands_above_that_for_all_apps() -> None:
    places = {1: at(HERE, max_running=5), 2: at(HERE, max_running=1)}
    assert Room(Limits(per_app=2), places, {(1, HERE): 4, (2, HERE): 1}).full() == {2}


def test_the_apps_of_one_host_share_its_room() -> None:
    room = Room(Limits(per_host=3), PLACES, {(1, HERE): 1, (2, HERE): 2})
    assert room.full() == {1, 2}
    assert room.has(3)


def test_the_limit_of_all_counts_runs_of_apps_that_have_been_removed() -> None:
    room = Room(Limits(in_all=3), PLACES, {(9, ""): 2})
    assert room.take(1)
    assert room.full() == {1, 2, 3, 9}


@given(
    per_app=st.none() | st.integers(1, 5),
    per_host=st.none() | st.integers(1, 5),
    in_all=st.none() | st.integers(1, 8),
    asked=st.lists(st.integers(1, 3), max_size=40),
)
def test_whoever_takes_only_where_there_is_room_breaks_no_limit(
    per_app: int | None, per_host: int | None, in_all: int | None, asked: list[int]
) -> None:
    room, begun = Room(Limits(per_app, per_host, in_all), PLACES, {}), []
    for app_id in asked:
        if room.take(app_id):
            begun.append(app_id)
        else:
            assert app_id in room.full()
    assert max((begun.count(app_id) for app_id in PLACES), default=0) <= (per_app or 40)
    assert sum(1 for app_id in begun if f"{HERE}/v1" in PLACES[app_id].hosts) <= (per_host or 40)
    assert len(begun) <= (in_all or 40)


def test_an_app_that_dify_has_no_room_for_lets_in_as_many_as_have_found_room_and_one_that_tries() -> None:
    shut = Room(Limits(), {1: at(HERE, found=2)}, {(1, HERE): 1})
    assert ways(shut, 2) == [HERE, None]
    assert shut.tries() == frozenset()
    opened = Room(Limits(), {1: at(HERE, found=2, may_try=True)}, {(1, HERE): 3})
    assert ways(opened, 2) == [HERE, None]
    assert opened.tries() == {1}


def test_the_first_address_is_taken_and_the_others_only_while_nobody_asks_it() -> None:
    place = at(HERE, THERE, last_url=f"{THERE}/v1")
    assert ways(Room(Limits(), {1: place}, {}), 3) == [HERE] * 3
    assert ways(Room(Limits(), {1: place}, {}, shut={HERE}), 3) == [THERE] * 3
    assert Room(Limits(), {1: place}, {}, shut={HERE, THERE}).full() == {1}


def test_one_run_tries_a_host_and_the_others_go_elsewhere_or_wait() -> None:
    two = Room(Limits(), {1: at(HERE, THERE)}, {}, to_try={HERE})
    assert [two.take(1), two.take(1)] == [Way(f"{HERE}/v1", HERE, is_try=True), Way(f"{THERE}/v1", THERE)]
    one = Room(Limits(), {1: at(HERE), 2: at(HERE)}, {}, to_try={HERE})
    assert ways(one, 1) == [HERE]
    assert one.full() == {1, 2}


def test_a_full_host_is_waited_for_but_by_those_that_take_turns() -> None:
    running = {(9, HERE): 2}
    for routing, goes in (("first", None), ("failover", None), ("round", THERE)):
        room = Room(Limits(per_host=2), {1: at(HERE, THERE, routing=routing)}, running)
        assert ways(room, 1) == [goes]


def test_by_round_each_run_takes_the_address_after_the_last() -> None:
    place = at(HERE, THERE, ELSEWHERE, routing="round", last_url=f"{HERE}/v1")
    room = Room(Limits(), {1: place}, {})
    assert ways(room, 4) == [THERE, ELSEWHERE, HERE, THERE]
    assert room.turned() == {1: f"{THERE}/v1"}


def test_failover_stays_where_the_last_run_went() -> None:
    place = at(HERE, THERE, ELSEWHERE, routing="failover", last_url=f"{THERE}/v1")
    stays = Room(Limits(), {1: place}, {})
    assert ways(stays, 2) == [THERE] * 2
    assert stays.turned() == {}
    moves = Room(Limits(), {1: place}, {}, shut={THERE})
    assert ways(moves, 2) == [ELSEWHERE] * 2
    assert moves.turned() == {1: f"{ELSEWHERE}/v1"}


def test_where_a_run_of_a_single_address_went_need_not_be_kept() -> None:
    room = Room(Limits(), {1: at(HERE, routing="round"), 2: at(HERE, THERE)}, {})
    assert (ways(room, 1), ways(room, 1, app_id=2)) == ([HERE], [HERE])
    assert room.turned() == {}


def test_an_app_that_has_been_removed_leads_nowhere() -> None:
    assert Room(Limits(), PLACES, {}).take(9) == NOWHERE
