"""How far our clock and Slack's are apart: read from its answers, told when it matters, at most once an hour."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.demo.slack import LocalSlack
from bot.settings import Settings
from bot.slack.client import Slack
from bot.slack.skew import MOST, TOLD_EVERY_S, Skew, read_skew
from storage.vault import Secret

AT = datetime(2026, 9, 1, 7, 0, tzinfo=UTC)
DATE = {"date": "Tue, 01 Sep 2026 07:00:00 GMT"}


@pytest.mark.parametrize(
    "headers", [{}, {"date": ""}, {"date": "yesterday"}, {"date": "Tue, 99 Sep 2026 07:00:00 GMT"}]
)
def test_an_answer_without_a_date_tells_nothing(headers: dict[str, str]) -> None:
    assert read_skew(headers, AT) is None


@pytest.mark.parametrize("ahead_s", [-400.0, 0.0, 400.0])
def test_a_date_tells_how_far_we_are_ahead(ahead_s: float) -> None:
    assert read_skew(DATE, AT + timedelta(seconds=ahead_s)) == ahead_s


@pytest.mark.parametrize(("ahead_s", "words"), [(312, "312 s ahead of Slack's"), (-4000, "4000 s behind Slack's")])
async def test_fmea_c15_a_clock_that_is_far_off_is_told_with_its_seconds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, ahead_s: int, words: str
) -> None:
    async with LocalSlack(manifest=LocalSlack.load_manifest()) as local:
        settings = Settings(
            data_folder=tmp_path, slack_bot_token=Secret(local.bot_token), slack_api_url=local.api_url
        )
        slack = Slack(settings, now=lambda: datetime.now(UTC) + timedelta(seconds=ahead_s + 0.5))
        try:
            with caplog.at_level(logging.WARNING):
                for _ in range(3):
                    await slack.check()
        finally:
            await slack.close()
    (told,) = [record.getMessage() for record in caplog.records if "The clock of this machine" in record.getMessage()]
    seconds = int(told.partition(" is ")[2].split()[0])
    assert abs(seconds - abs(ahead_s)) <= 2
    assert words.partition(" s ")[2] in told


def test_it_is_told_once_an_hour_and_within_the_bound_not_at_all(caplog: pytest.LogCaptureFixture) -> None:
    passed_s = [0.0]
    ahead = [MOST]
    skew = Skew(lambda: passed_s[0], lambda: AT + ahead[0])
    with caplog.at_level(logging.WARNING):
        skew.look(DATE)
        assert caplog.records == []
        ahead[0] = MOST + timedelta(seconds=1)
        for passed_s[0], count in ((1.0, 1), (TOLD_EVERY_S, 1), (TOLD_EVERY_S + 1.0, 2)):
            skew.look(DATE)
            assert len(caplog.records) == count
    assert skew.ahead_s == 301.0
