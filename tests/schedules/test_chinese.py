"""Schedules in Chinese words."""

import random
import time
from typing import Any

import pytest

from bot import schedules
from bot.errors import Refusal
from bot.schedules.words import languages
from tests.schedules.phrases import instants_of, read_row, refusal_of, right_answers
from tests.schedules.rows import instant, rows_of

NOW = instant("2026-03-11T10:30:00+08:00")  # a Wednesday
ZONE = "Asia/Shanghai"
BUDGET_S = 0.25
WORDS = (
    *"每天日周一二三十点时分半月号隔到至从起共次和、，。个明間９〇两（）・〜-にの後",
    *(
        "为止",
        "跳过",
        "节假日",
        "交易日",
        "除",
        "外",
        "除外",
        "工作日",
        "最后",
        "第",
        "小时",
        "后",
        "今晚",
        "早上",
        "下午",
    ),
    *(
        "毎",
        "週",
        "曜",
        "時",
        "ごと",
        "おき",
        "から",
        "まで",
        "を除く",
        "祝日",
        "取引日",
        "営業日",
        "午前",
        "午後",
        "第2",
    ),
    *("末", "12", "30", ":", "12月1日", "2026年", "北京时间", "UTC+8", "99999999"),
)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("row", rows_of("recurring_phrases", lang="zh"), ids=lambda row: row["phrase"])
def test_what_comes_again_comes_at_the_right_instants(row: dict[str, Any], lang: str) -> None:
    assert instants_of(row, lang) in right_answers(row)


@pytest.mark.parametrize("row", rows_of("onetime_phrases", lang="zh"), ids=lambda row: row["phrase"])
def test_one_instant_is_the_right_one_or_refused(row: dict[str, Any]) -> None:
    if row["expect"] == "refuse":
        with pytest.raises(Refusal):
            read_row(row, "zh")
    else:
        assert read_row(row, "zh").spec == row["value"]


@pytest.mark.parametrize("row", rows_of("recurring_refuse", lang="zh"), ids=lambda row: row["phrase"])
def test_what_is_no_schedule_is_refused_with_a_hint_in_chinese(row: dict[str, Any]) -> None:
    refusal = refusal_of(row["phrase"], row["tz"], instant(row["now"]), "zh")
    assert refusal.message.isprintable()
    assert any("\u4e00" <= sign <= "\u9fff" for sign in refusal.hint)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("每天早上9点", "every day at 9:00"),
        ("每天9、12、18点", "every day at 9:00, 12:00 and 18:00"),
        ("每天下午3点和5点", "every day at 15:00 and 17:00"),
        ("每天早9点晚6点", "every day at 9:00 and 18:00"),
        ("每天九点零五", "every day at 9:05"),
        ("每天三点三刻", "every day at 3:45"),
        ("每天中午", "every day at 12:00"),
        ("每天晚上12点", "every day at 0:00"),
        ("每天２３：３０", "every day at 23:30"),
        ("每 天 9 点", ""),
        ("天天 9 点", "every day at 9:00"),
        ("工作日早上九点半", "every weekday at 9:30"),
        ("除周末外每天9点", "every weekday at 9:00"),
        ("每周末10点", "every Saturday and Sunday at 10:00"),
        ("每周一三五9点", "every Monday, Wednesday and Friday at 9:00"),
        ("每周一三五八点", "every Monday, Wednesday and Friday at 8:00"),
        ("每周一三点", "every Monday at 3:00"),
        ("每週一、三、五 9點", "every Monday, Wednesday and Friday at 9:00"),
        ("每逢周五17点", "every Friday at 17:00"),
        ("每星期二和星期四上午10点", "every Tuesday and Thursday at 10:00"),
        ("每月1号和15号９：３０", "on the 1st and 15th of every month at 9:30"),
        ("每月1、15号9点", "on the 1st and 15th of every month at 9:00"),
        ("每月二十号8点", "on the 20th of every month at 8:00"),
        ("每月倒数第3天9点", "2 days before the last day of every month at 9:00"),
        ("每月最后一个工作日18点", "on the last weekday of every month at 18:00"),
        ("每个月最后一个周五17点", "on the last Friday of every month at 17:00"),
        ("每季度最后一天18点", "every year on the last day of March, June, September and December at 18:00"),
        ("每年12月1日14点", "every year on the 1st of December at 14:00"),
        ("6月到9月每天9点", "every day in June, July, August and September at 9:00"),
        ("隔天9点", "every 2 days at 9:00"),
        ("每3天9点", "every 3 days at 9:00"),
        ("隔周一9点", "every 2 weeks on Monday at 9:00"),
        ("每两周周一9点", "every 2 weeks on Monday at 9:00"),
        ("每3个月1号9点", "every 3 months on the 1st at 9:00"),
        ("每5分钟", "every 5 minutes"),
        ("每一个半小时", "every 90 minutes"),
        ("半小时一次", "every 30 minutes"),
        ("每小时的第15分钟", "every hour at :15"),
        ("每小时整点", "every hour at :00"),
        ("9点到18点每小时", "every hour from 9:00 to 18:00"),
        ("9-18点每半小时", "every 30 minutes from 9:00 to 18:00"),
        ("每周一到周五下午1点到5点每30分钟", "every 30 minutes from 13:00 to 17:00, every weekday"),
        ("每次运行结束后10秒", "10 seconds after each run"),
        ("上个任务完成5分钟后", "5 minutes after each run"),
        ("每周一9点，每周五16点", "every Monday at 9:00 and every Friday at 16:00"),
        ("每周一9点和每周五16点", "every Monday at 9:00 and every Friday at 16:00"),
    ],
)
def test_a_phrase_means_its_canonical_text(typed: str, text: str) -> None:
    if text:
        assert schedules.read(typed, ZONE, NOW, lang="zh").text.startswith(text)
    else:
        refusal_of(typed, ZONE, NOW, "zh")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("今晚12点", "2026-03-12 0:00"),
        ("明天", ""),
        ("大后天14:30", "2026-03-14 14:30"),
        ("下周三14:30", "2026-03-18 14:30"),
        ("下下周一9点", "2026-03-23 9:00"),
        ("本周五17点", "2026-03-13 17:00"),
        ("周五二十点", "2026-03-13 20:00"),
        ("11号9点", "2026-04-11 9:00"),
        ("月底18点", "2026-03-31 18:00"),
        ("二〇二六年十二月一日十四点", "2026-12-01 14:00"),
        ("2月29日9点", "2028-02-29 9:00"),
        ("半小时后", "in 30 minutes"),
        ("一个半小时后", "in 90 minutes"),
        ("1小时30分钟后", "in 90 minutes"),
        ("3天后", "in 3 days"),
        ("半年后", "in 6 months"),
    ],
)
def test_one_instant_is_given_back_as_a_date_or_a_distance(typed: str, text: str) -> None:
    if text:
        assert schedules.read(typed, ZONE, NOW, lang="zh").text == text
    else:
        assert refusal_of(typed, ZONE, NOW, "zh").choices == ("2026-03-12 9:00",)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("从12月1日起每天9点", "every day at 9:00, from 2026-12-01"),
        ("每天9点，到12月31日为止", "every day at 9:00, until 2026-12-31"),
        ("从4月1日到4月30日每天9点", "every day at 9:00, from 2026-04-01, until 2026-04-30"),
        ("每天9点，共10次", "every day at 9:00, 10 times"),
        ("每天9点执行10次后停止", "every day at 9:00, 10 times"),
        ("每天9点，节假日和周末除外", "every day at 9:00, except holiday:CN, except on sat,sun"),
        ("除12月24日到12月26日外每天9点", "every day at 9:00, except on 2026-12-24 to 2026-12-26"),
        ("每天9点遇节假日顺延", "every day at 9:00, except holiday:CN rolling next"),
        ("法定工作日9点", "every day at 9:00, only on workday:CN"),
        ("跳过美国节假日每天9点", "every day at 9:00, except holiday:US"),
        ("每天9点随机延迟5分钟内", "every day at 9:00, jitter 5 minutes"),
    ],
)
def test_clauses_bind_the_rhythm(typed: str, text: str) -> None:
    assert schedules.read(typed, ZONE, NOW, lang="zh").text == text


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("每天北京时间9点", "Asia/Shanghai"),
        ("每天9点（东京时间）", "Asia/Tokyo"),
        ("纽约时间每天9点", "America/New_York"),
        ("每天9点UTC+8", "UTC+8"),
    ],
)
def test_a_zone_is_named_in_words(typed: str, zone: str) -> None:
    found = schedules.read(typed, "Europe/Berlin", NOW, lang="zh")
    assert (found.zone, found.text) == (zone, "every day at 9:00")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("每隔两天9点", "ambiguous"),  # every 2 or every 3 days
        ("每周一二十点", "ambiguous"),  # Monday at 20:00, or Monday and Tuesday at 10:00
        ("每周一、三、五点", "ambiguous"),
        ("每周五晚上12点", "ambiguous"),
        ("每天上午12点", "ambiguous"),
        ("每周9点", "ambiguous"),
        ("每周一次", "ambiguous"),
        ("每天两次", "ambiguous"),
        ("每天9点或10点", "ambiguous"),
        ("每天9点左右", "ambiguous"),
        ("下周", "ambiguous"),
        ("周末10点", "ambiguous"),
        ("3/4 9点", "ambiguous"),
        ("昨天9点", "past"),
        ("每月32号9点", "unreadable"),
        ("每月第三个工作日9点", "unreadable"),
        ("每月第一个交易日9点", "unknown_calendar"),
        ("每天9点和每周五", "unreadable"),
        ("每年12月1日到12月5日9点", "unreadable"),
    ],
)
def test_what_has_two_meanings_or_none_is_refused(typed: str, code: str) -> None:
    assert refusal_of(typed, ZONE, NOW, "zh").code == code


def test_the_part_that_was_not_read_is_named() -> None:
    assert "跳舞" in refusal_of("每天9点跳舞", ZONE, NOW, "zh").message


def test_a_gap_that_can_be_counted_in_two_ways_offers_both() -> None:
    choices = refusal_of("每隔两天9点", ZONE, NOW, "zh").choices
    assert choices == ("every 2 days at 9:00", "every 3 days at 9:00")
    assert all(schedules.read(choice, ZONE, NOW) for choice in choices)


def test_hostile_texts_are_refused_in_time() -> None:
    languages.warm()
    for warming in ("12月1日到9点以外", "每天9点，跳过节假日", "毎日9時、祝日を除く"):
        for lang in ("zh", "ja", "en"):
            _try(warming, lang)
    chance = random.Random(7)
    for turn in range(2000):
        length = chance.choice((3, 8, 20, 60, 240))
        if turn % 4 == 3:
            signs = (
                chance.choice((chance.randint(0x3041, 0x30FF), chance.randint(0x4E00, 0x9FFF))) for _ in range(length)
            )
            text = "".join(map(chr, signs))
        elif turn % 4 == 2:
            text = chance.choice(WORDS) * length
        else:
            text = "".join(chance.choice(WORDS) for _ in range(length))
        started = time.thread_time()
        _try(text[:500], chance.choice(("zh", "ja", "en")))
        assert time.thread_time() - started < BUDGET_S, text


def _try(text: str, lang: str) -> None:
    try:
        schedules.read(text, ZONE, NOW, lang=lang)
    except Refusal as refusal:
        if not refusal.message:
            pytest.fail(text)
