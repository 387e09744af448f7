"""Schedules in Japanese words."""

from typing import Any

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.schedules.words.languages import languages_of
from tests.schedules.phrases import instants_of, read_row, refusal_of, right_answers
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T10:30:00+09:00")  # a Wednesday
ZONE = "Asia/Tokyo"


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("row", rows_of("recurring_phrases", lang="ja"), ids=lambda row: row["phrase"])
def test_what_comes_again_comes_at_the_right_instants(row: dict[str, Any], lang: str) -> None:
    assert instants_of(row, lang) in right_answers(row)


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("row", rows_of("onetime_phrases", lang="ja"), ids=lambda row: row["phrase"])
def test_one_instant_is_the_right_one(row: dict[str, Any], lang: str) -> None:
    assert read_row(row, lang).spec == row["value"]


@pytest.mark.parametrize("row", rows_of("recurring_refuse", lang="ja"), ids=lambda row: row["phrase"])
def test_what_is_no_schedule_is_refused_with_a_hint_in_japanese(row: dict[str, Any]) -> None:
    refusal = refusal_of(row["phrase"], row["tz"], instant(row["now"]), "ja")
    assert any("\u3041" <= sign <= "\u3096" for sign in refusal.hint)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("毎日９時３０分", "every day at 9:30"),
        ("毎日正午", "every day at 12:00"),
        ("毎日午後0時", "every day at 12:00"),
        ("毎朝8時", "every day at 8:00"),
        ("毎日朝9時と夜9時", "every day at 9:00 and 21:00"),
        ("毎日24時", "every day at 0:00"),
        ("毎日深夜2時", "every day at 2:00"),
        ("平日9時", "every weekday at 9:00"),
        ("営業日9時", "every weekday at 9:00"),
        ("土日を除く毎日9時", "every weekday at 9:00"),
        ("毎週月・水・金9時", "every Monday, Wednesday and Friday at 9:00"),
        ("月水金の9時", "every Monday, Wednesday and Friday at 9:00"),
        ("月〜金の9時", "every weekday at 9:00"),
        ("毎週月曜から金曜の9時", "every weekday at 9:00"),
        ("毎月曜9時", "every Monday at 9:00"),
        ("毎週日9時", "every Sunday at 9:00"),
        ("隔週の月曜9時", "every 2 weeks on Monday at 9:00"),
        ("2週間ごとの月曜日9時", "every 2 weeks on Monday at 9:00"),
        ("1日おきに9時", "every 2 days at 9:00"),
        ("3日に1回9時", "every 3 days at 9:00"),
        ("毎月1日と15日9時", "on the 1st and 15th of every month at 9:00"),
        ("毎月末18時", "on the last day of every month at 18:00"),
        ("毎月最終日18時", "on the last day of every month at 18:00"),
        ("毎月最終営業日18時", "on the last weekday of every month at 18:00"),
        ("毎月最終日曜18時", "on the last Sunday of every month at 18:00"),
        ("毎月第1・第3月曜10時", "on the 1st Monday and 3rd Monday of every month at 10:00"),
        ("毎年12月1日14時", "every year on the 1st of December at 14:00"),
        ("四半期ごとの最終日18時", "every year on the last day of March, June, September and December at 18:00"),
        ("3ヶ月ごとの1日9時", "every 3 months on the 1st at 9:00"),
        ("1時間半ごと", "every 90 minutes"),
        ("毎時", "every hour"),
        ("毎時0分と30分", "every hour at :00 and :30"),
        ("9時から18時まで30分ごと", "every 30 minutes from 9:00 to 18:00"),
        ("平日の9時〜18時30分ごと", "every 30 minutes from 9:00 to 18:00, every weekday"),
        ("実行終了後10秒", "10 seconds after each run"),
        ("前回の終了から30秒後", "30 seconds after each run"),
        ("1日2回、9時と17時", "every day at 9:00 and 17:00"),
        ("毎週月曜9時と毎週金曜16時", "every Monday at 9:00 and every Friday at 16:00"),
        ("毎週金曜日の午後5時に実行してください", "every Friday at 17:00"),
    ],
)
def test_a_phrase_means_its_canonical_text(typed: str, text: str) -> None:
    assert schedules.read(typed, ZONE, NOW, lang="ja").text.startswith(text)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("今夜12時", "2026-03-12 0:00"),
        ("明日の夜9時", "2026-03-12 21:00"),
        ("来週の月曜10時", "2026-03-16 10:00"),
        ("次の月曜10時", "2026-03-16 10:00"),
        ("来月1日10時", "2026-04-01 10:00"),
        ("今月末18時", "2026-03-31 18:00"),
        ("11日9時", "2026-04-11 9:00"),
        ("12月1日の14時", "2026-12-01 14:00"),
        ("1時間半後", "in 90 minutes"),
        ("3日後", "in 3 days"),
        ("1か月後", "in 1 month"),
    ],
)
def test_one_instant_is_given_back_as_a_date_or_a_distance(typed: str, text: str) -> None:
    assert schedules.read(typed, ZONE, NOW, lang="ja").text == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("12月1日から毎日9時", "every day at 9:00, from 2026-12-01"),
        ("毎日9時、12月31日まで", "every day at 9:00, until 2026-12-31"),
        ("4月1日から4月30日まで毎日9時", "every day at 9:00, from 2026-04-01, until 2026-04-30"),
        ("毎日9時、10回", "every day at 9:00, 10 times"),
        ("祝日以外の平日9時", "every weekday at 9:00, except holiday:JP"),
        ("毎日9時、祝日なら翌営業日", "every day at 9:00, except holiday:JP rolling next"),
        ("東証の取引日9時", "every day at 9:00, only on trading:XTKS"),
    ],
)
def test_clauses_bind_the_rhythm(typed: str, text: str) -> None:
    assert schedules.read(typed, ZONE, NOW, lang="ja").text == text


@pytest.mark.parametrize(
    "typed",
    [
        "毎日午前12時",
        "毎日午後12時",
        "2日おき9時",
        "1週間おきの月曜9時",
        "毎週金曜深夜2時",
        "来週の日曜10時",
        "来週",
        "9時頃",
    ],
)
def test_what_has_two_meanings_or_none_is_refused(typed: str) -> None:
    assert refusal_of(typed, ZONE, NOW, "ja").code == "ambiguous"


def test_a_zone_is_named_in_words() -> None:
    found = schedules.read("ニューヨーク時間で毎日9時", ZONE, NOW, lang="ja")
    assert (found.zone, found.text) == ("America/New_York", "every day at 9:00")


@pytest.mark.parametrize(
    ("phrase", "lang", "order"),
    [
        ("毎日9時", "zh", ("ja",)),
        ("5分ごと", "en", ("ja",)),
        ("月末18時", "ja", ("ja", "zh")),
        ("月末18時", "zh-TW", ("zh", "ja")),
        ("月末18時", "de", ("zh", "ja")),
    ],
)
def test_kana_tells_the_language_and_else_the_person_does(phrase: str, lang: str, order: tuple[str, ...]) -> None:
    assert languages_of(phrase, lang) == order


def test_a_refusal_in_the_persons_language_is_not_read_in_another() -> None:
    with pytest.raises(Refusal):
        schedules.read("来週日曜10時", ZONE, NOW, lang="ja")
