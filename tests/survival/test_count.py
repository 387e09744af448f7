"""The sentence at the end of the long tests says what was reached, and no more."""

from collections import Counter

import pytest

from tests.survival import count


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Nothing is counted yet."""
    none: Counter[str] = Counter()
    monkeypatch.setattr(count, "COUNTS", none)
    return none


def test_what_was_set_out_to_do_is_told_in_one_sentence(counts: Counter[str]) -> None:
    for kind, goal in count.GOALS.items():
        count.add(kind, goal)
    count.add("kill −9", 240)
    assert count.sentence() == (
        "1,000 kill −9, 300 freezes, 100 network cuts, 120 database restarts and 2,000 simulated worlds: "
        "every due time fired once, every result posted once, nothing lost."
    )
    assert count.exactly().startswith("1,240 kill −9, 300 freezes, ")


def test_what_fell_short_is_told_as_it_is(counts: Counter[str]) -> None:
    count.add("kill −9", 21)
    count.add("network cuts", 3)
    assert count.sentence().startswith("21 kill −9 and 3 network cuts: every due time")


def test_who_did_nothing_says_nothing(counts: Counter[str]) -> None:
    assert count.sentence() == ""


def test_what_is_no_kind_is_not_counted(counts: Counter[str]) -> None:
    with pytest.raises(AssertionError):
        count.add("naps", 1)
