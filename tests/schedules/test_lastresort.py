"""dateparser behind its guards, and the languages that are told word by word."""

import random
import time
from datetime import datetime

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.schedules.words.lastresort import guess_moment, warm
from bot.schedules.words.translate import translate
from tests.schedules.rows import instant, rows_of

NOW = datetime.fromisoformat("2026-03-11T10:30")
BUDGET_S = 0.2
WORDS = "in at tomorrow 3 12 march 10:30 9pm 2026 the day week est utc ، ١٢ . - / 明天 é now last"


@pytest.mark.parametrize(
    ("lang", "phrase", "meant"),
    [
        ("it", "15 aprile 2026 alle 14:00", "2026-04-15T14:00"),
        ("pt", "15 de abril de 2026 às 14:00", "2026-04-15T14:00"),
        ("ru", "15 апреля 2026 14:00", "2026-04-15T14:00"),
        ("nl", "over 3 dagen", "2026-03-14T10:30"),
        ("it", "tra 2 ore", "2026-03-11T12:30"),
        ("it", "mercoledì 15 aprile 2026 14:00", "2026-04-15T14:00"),
    ],
)
def test_a_date_in_another_language_is_guessed(lang: str, phrase: str, meant: str) -> None:
    assert guess_moment(phrase, NOW, lang) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("lang", "phrase"),
    [
        ("en", "may"),
        ("en", "1"),
        ("en", "10 11 12:00"),
        ("en", "april 14:00"),
        ("en", "10-11-12 14:00"),
        ("en", "3 hours"),
        ("en", "tomorrow at 13pm"),
        ("it", "aprile 14:00"),
        ("it", "15 aprile"),
        ("it", "lunedì 15 aprile 2026 14:00"),
        ("it", "domani 15 aprile 14:00"),
        ("it", "15 aprile 2046 14:00"),
        ("it", "15 aprile 2020 14:00"),
        ("it", "15 maggio 25:00"),
        ("it", "15 aprile 14:00 15:00"),
        ("nl", "ieder 3 dagen"),
        ("xx", "15 april 14:00"),
    ],
)
def test_what_is_not_wholly_accounted_for_is_not_guessed(lang: str, phrase: str) -> None:
    assert guess_moment(phrase, NOW, lang) is None


def test_no_text_takes_longer_than_its_budget() -> None:
    seed = random.Random(5)
    words = WORDS.split()
    for lang in ("en", "fr", "ru"):
        warm(lang)
        for _ in range(150):
            text = " ".join(seed.choices(words, k=seed.randint(1, 14)))
            started = time.thread_time()
            guess_moment(text, NOW, lang)
            assert time.thread_time() - started < BUDGET_S, text
    for text in ("1 " * 5000, "a" * 100_000, "10:00 " + "jan " * 4000):
        started = time.thread_time()
        assert guess_moment(text, NOW, "en") is None
        assert time.thread_time() - started < BUDGET_S


@pytest.mark.parametrize("lang", ["de", "fr", "es"])
def test_phrases_of_the_ground_truth_in_other_languages_are_right_or_asked_back(lang: str) -> None:
    for row in rows_of("onetime_phrases", lang=lang):
        meant = {row["value"], *(row.get("tolerable") or [])}
        try:
            schedule = schedules.read(row["phrase"], row["tz"], instant(row["now"]), lang=lang)
        except Refusal as refusal:
            assert "ambiguous" in row["tags"], row["phrase"]
            specs = {schedules.read(text, row["tz"], instant(row["now"])).spec for text in refusal.choices}
            assert specs == meant
            continue
        assert schedule.spec in meant, row["phrase"]


@pytest.mark.parametrize(
    ("lang", "phrase", "english"),
    [
        ("de", "übermorgen um 9 Uhr", "day after tomorrow at 9:00"),
        ("de", "in 2 Stunden", "in 2 hour"),
        ("de", "am 3.4. um 10:30", "on 3 april at 10:30"),
        ("fr", "vendredi prochain à 17h", "next friday at 17:00"),
        ("fr", "04/05/2026 09:00", "2026-05-04 09:00"),
        ("es", "mañana a las 9 de la mañana", "tomorrow at 9 in the morning"),
        ("it", "domani alle 9", "domani alle 9"),
    ],
)
def test_words_are_told_in_english_and_what_is_unknown_stays(lang: str, phrase: str, english: str) -> None:
    assert translate(phrase, lang) == english


def test_a_word_without_a_counterpart_is_not_skipped() -> None:
    with pytest.raises(Refusal):
        schedules.read("morgen um 9 Uhr oder so", "Europe/Berlin", instant("2026-03-11T10:30:00+01:00"), lang="de")


@pytest.mark.parametrize(
    ("phrase", "zone", "at"),
    [
        ("morgen um 9 Uhr", "Europe/Berlin", "2026-03-12T08:00:00Z"),
        ("demain à 9h30", "Europe/Paris", "2026-03-12T08:30:00Z"),
        ("mañana a las 9", "Europe/Madrid", "2026-03-12T08:00:00Z"),
        ("15. März 2026 um 14 Uhr", "Europe/Berlin", "2026-03-15T13:00:00Z"),
    ],
)
def test_people_may_type_in_their_own_language_in_an_english_slack(phrase: str, zone: str, at: str) -> None:
    for lang in ("en", "ja", "de"):
        found = schedules.read(phrase, zone, instant("2026-03-11T10:30:00+01:00"), lang=lang)
        assert found.spec == at


def test_what_can_mean_two_dates_is_not_settled_by_another_language() -> None:
    for phrase in ("04/05/2026 09:00", "vendredi prochain à 17h"):
        with pytest.raises(Refusal) as refused:
            schedules.read(phrase, "Europe/Paris", instant("2026-03-11T10:30:00+01:00"))
        assert refused.value.code == "ambiguous"
