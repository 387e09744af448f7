"""Hostile texts: a Refusal or a schedule, quickly, and nothing else."""

import random
import subprocess
import sys
import time

import dateparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import schedules
from bot.errors import Refusal
from tests.schedules.rows import instant

NOW = instant("2026-03-11T14:30:00Z")
LIMIT_S = 0.25
VOCABULARY = (
    "every each day daily weekday monday mondays fri 9 9am 9:30 25:00 at on in the of month last first 2nd 31st "
    "and or , - / * ? L W # 15W MON-FRI */5 0 8 1-5 minutes 5m 2h hour seconds next this tomorrow today noon "
    "midnight from to between until UTC+8 Asia/Tokyo CST EST London time 2026-12-01 03/04 2026-13-45 99999999999 "
    "year january may feb 29 30 half an a couple weeks months after run api 每天 早上 ？ ， \u202e \x00 0.5 -5 12:60 "
    ": :05 h 1h30m T Z +08:00 '' \" ( ) ٣ ½ ² １２ 9：00 except quarter yearly evening"
)
WORDS = VOCABULARY.split(" ")


def make_text(dice: random.Random) -> str:
    shape = dice.random()
    if shape < 0.5:
        return " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, 9)))
    if shape < 0.65:
        return "".join(
            chr(dice.choice((dice.randint(0, 0x7F), dice.randint(0x80, 0x9FFF)))) for _ in range(dice.randint(0, 60))
        )
    if shape < 0.8:
        fields = ("".join(dice.choice("0123456789*/,-?LW#") for _ in range(dice.randint(1, 5))) for _ in range(7))
        return " ".join(list(fields)[: dice.randint(3, 7)])
    if shape < 0.9:
        return (dice.choice(WORDS) + dice.choice(("", " ", ","))) * dice.randint(1, 300)
    text = dice.choice(
        ("every day at 9", "0 0 8 * * ?", "tomorrow at 9:00", "in 5 minutes", "every month on the 1st")
    )
    place = dice.randint(0, len(text))
    return text[:place] + dice.choice(WORDS) + text[place + dice.randint(0, 2) :]


def read_quickly(text: str, zone: str = "America/New_York") -> None:
    started = time.thread_time()
    try:
        schedule = schedules.read(text, zone, NOW)
        schedules.preview(schedule, NOW, 3)
        assert schedules.read(schedule.text, schedule.zone, NOW) == schedule
    except Refusal as refusal:
        complaint = refusal
    else:
        complaint = None
    assert complaint is None or complaint.message
    assert time.thread_time() - started < LIMIT_S, text


def test_ten_thousand_hostile_texts_are_refused_or_read_quickly() -> None:
    dateparser.parse("tomorrow", languages=["en"])
    dice = random.Random(20260311)
    for _ in range(10_000):
        read_quickly(make_text(dice))


@settings(max_examples=500, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_is_refused_or_read(text: str) -> None:
    read_quickly(text)


@pytest.mark.parametrize(
    "text",
    [
        "_" * 499,
        "," * 499,
        "a/" * 249,
        "1-" * 249,
        "1," * 249,
        "0 0 8 " + "1," * 200 + "1 * ?",
        "0/" * 249,
        "every " * 80,
        "9 and " * 80,
        "in " + "1 second " * 50,
        "every year on the " + "1st and " * 50,
        "monday to " * 49,
        "0 0 0 29 2 ? 1999-2126/4",
        "0 0 0 ? 2 MON#5",
        "* * * 31 2,4,6 ?",
        "2026-12-01T14:00:00+99:99",
        "9999-12-31 23:59",
        "in 999999 hours",
        "x" * 501,
    ],
)
def test_texts_made_to_hang_do_not(text: str) -> None:
    read_quickly(text)


def test_a_text_over_the_limit_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(Refusal, match="is too long"):
        schedules.read("every day at 9" + " " * 500, "UTC", NOW)


def test_importing_the_room_does_not_import_dateparser() -> None:
    program = (
        "import sys, datetime; from bot import schedules;"
        " schedules.read('tomorrow at 9', 'UTC', datetime.datetime.now(datetime.UTC));"
        " print('dateparser' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
