"""The search for the next fire time: its memo, its horizon and its budget."""

from datetime import UTC, datetime

import pytest

from bot.errors import Refusal
from bot.schedules.cron import search
from bot.schedules.cron.parse import parse
from bot.schedules.shifts import moment_of, stamp_of

START = stamp_of(datetime(2026, 11, 23, 8, tzinfo=UTC))


def test_a_fire_time_is_found_once_for_all_jobs_of_one_expression_zone_and_slot() -> None:
    search.next_stamp.cache_clear()
    found = {search.next_stamp("0 9 * * 1-5", "Asia/Tokyo", START) for _ in range(50)}
    assert len(found) == 1
    assert search.next_stamp.cache_info().misses == 1
    assert search.next_stamp("0 9 * * 1-5", "Europe/London", START) not in found
    assert search.next_stamp.cache_info().misses == 2


def test_the_memo_is_bounded() -> None:
    search.next_stamp.cache_clear()
    for ahead in range(search.REMEMBERED + 10):
        search.next_stamp("0 0 1 1 *", "UTC", START + ahead)
    assert search.next_stamp.cache_info().currsize == search.REMEMBERED


def test_the_memo_and_the_search_agree() -> None:
    for expression in ("*/7 1-3 * * *", "0 0 8 L-3 * ?", "30 2 * * *"):
        assert search.next_stamp(expression, "Australia/Lord_Howe", START) == search.find_next(
            parse(expression), "Australia/Lord_Howe", START
        )


def test_a_search_that_would_hold_its_thread_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "BUDGET_S", 0.0)
    with pytest.raises(Refusal) as refused:
        search.find_next(parse("0 0 0 ? 2 MON#5"), "UTC", START)
    assert refused.value.code == "never"


@pytest.mark.parametrize(
    ("expression", "fire"),
    [
        ("0 0 0 29 2 ?", datetime(2028, 2, 29, tzinfo=UTC)),
        ("0 0 0 ? 2 MON#5", datetime(2044, 2, 29, tzinfo=UTC)),
        ("59 59 23 31 12 ? 2126", datetime(2126, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("*/5 * 29 2 *", datetime(2028, 2, 29, tzinfo=UTC)),
    ],
)
def test_a_rare_date_is_found_however_far_it_is(expression: str, fire: datetime) -> None:
    stamp = search.find_next(parse(expression), "UTC", START)
    assert stamp is not None
    assert moment_of(stamp) == fire


@pytest.mark.parametrize("expression", ["0 0 0 30 2 ?", "* * 31 4,6,9,11 *", "0 0 0 29 2 ? 2100", "* * * 31W 2 ?"])
def test_a_date_that_never_comes_ends_the_search(expression: str) -> None:
    assert search.find_next(parse(expression), "America/New_York", START) is None


def test_nothing_comes_after_the_last_year() -> None:
    assert search.find_next(parse("* * * * *"), "UTC", search.LAST_STAMP) is None
