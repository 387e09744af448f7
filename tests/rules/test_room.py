"""Room: runs begin until an app, a host or the whole is full."""

from hypothesis import given
from hypothesis import strategies as st

from bot.rules.room import Limits, Place, Room

HERE, THERE = "https://a.example", "https://b.example"
PLACES = {1: Place(HERE), 2: Place(HERE), 3: Place(THERE)}


def test_without_limits_there_is_room_for_all() -> None:
    room = Room(Limits(), PLACES, {1: 1000, 9: 5})
    assert room.has(1)
    assert room.full() == frozenset()


def test_a_full_app_holds_up_nobody_but_its_own() -> None:
    room = Room(Limits(per_app=2), PLACES, {1: 2, 2: 1})
    assert not room.has(1)
    assert room.has(2)
    assert room.take(2)
    assert room.full() == {1, 2}
    assert not room.take(2)
    room.leave(2)
    assert room.full() == {1}


def test_the_own_limit_of_an_app_stands_above_that_for_all_apps() -> None:
    places = {1: Place(HERE, 5), 2: Place(HERE, 1)}
    assert Room(Limits(per_app=2), places, {1: 4, 2: 1}).full() == {2}


def test_the_apps_of_one_host_share_its_room() -> None:
    room = Room(Limits(per_host=3), PLACES, {1: 1, 2: 2})
    assert room.full() == {1, 2}
    assert room.has(3)


def test_the_limit_of_all_counts_runs_of_apps_that_have_been_removed() -> None:
    room = Room(Limits(in_all=3), PLACES, {9: 2})
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
    assert sum(1 for app_id in begun if PLACES[app_id].host == HERE) <= (per_host or 40)
    assert len(begun) <= (in_all or 40)


def test_an_app_that_dify_has_no_room_for_lets_in_as_many_as_have_found_room_and_one_that_tries() -> None:
    shut = Room(Limits(), {1: Place(HERE, found=2)}, {1: 1})
    assert [shut.take(1), shut.take(1)] == [True, False]
    assert shut.tries() == frozenset()
    opened = Room(Limits(), {1: Place(HERE, found=2, may_try=True)}, {1: 3})
    assert [opened.take(1), opened.take(1)] == [True, False]
    assert opened.tries() == {1}
