"""Which address of an app comes first, by the three ways that there are."""

import pytest

from bot.rules.route import in_turn
from storage.records import ROUTINGS

THREE = ("a", "b", "c")


@pytest.mark.parametrize(
    ("routing", "last_url", "turns"),
    [
        ("first", None, "abc"),
        ("first", "c", "abc"),
        ("round", None, "abc"),
        ("round", "a", "bca"),
        ("round", "c", "abc"),
        ("failover", None, "abc"),
        ("failover", "b", "bca"),
        ("failover", "an address of before", "abc"),
    ],
)
def test_the_address_that_comes_first(routing: str, last_url: str | None, turns: str) -> None:
    assert in_turn(THREE, routing, last_url) == tuple(turns)


@pytest.mark.parametrize("routing", ROUTINGS)
def test_one_address_is_always_the_first(routing: str) -> None:
    assert in_turn(("a",), routing, "a") == ("a",)
