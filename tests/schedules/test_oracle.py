"""Fire times around every clock change of three years, against a scan of all minutes."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.schedules.cron.parse import parse
from bot.schedules.cron.search import find_next
from tests.schedules.oracle import (
    DAY_S,
    HOUR_S,
    ZONES,
    Change,
    Minutes,
    Rule,
    find_changes,
    last_of_month,
    nearest_weekday,
    show_wall,
)

FIRST_YEAR, LAST_YEAR = 2025, 2027
AROUND_S = 25 * HOUR_S  # compared on both sides of a change: a whole local day
TRIPLES = 20_000
NAMES = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
DAY = timedelta(days=1)


def every(step: int, first: int = 0, hours: range = range(24)) -> frozenset[int]:
    """Minutes of the day: every so many minutes of these hours."""
    return frozenset(hour % 24 * 60 + minute for hour in hours for minute in range(first, 60, step))


def at(*minutes: int) -> frozenset[int]:
    return frozenset(minute % 1440 for minute in minutes)


def shapes_of(change: Change) -> Iterator[Rule]:
    """Times of day inside what is skipped or doubled and at its edges, rhythms through it, all rules for dates."""
    on, middle = change.on, (change.first + change.last) // 2
    hour, minute = divmod(middle, 60)
    before, after = (hour - 1) % 24, (hour + 1) % 24
    near = range(hour - 1, hour + 2)
    yield Rule(f"{minute} {hour} * * *", at(middle), repeats=False)
    yield Rule(f"{change.first % 60} {change.first // 60} * * *", at(change.first), repeats=False)
    end = (change.last + 1) % 1440
    yield Rule(f"0 {end % 60} {end // 60} * * ?", at(end), repeats=False)
    yield Rule(f"{minute} {hour},{after},13 * * *", at(middle, middle + 60, 13 * 60 + minute), repeats=False)
    yield Rule(f"1-59/2 {hour} * * *", every(2, 1, range(hour, hour + 1)), repeats=False)
    yield Rule("*/15 * * * *", every(15), repeats=True)
    yield Rule(f"{minute} */2 * * *", frozenset(h * 60 + minute for h in range(0, 24, 2)), repeats=True)
    yield Rule("0 0 0/3 * * ?", frozenset(h * 60 for h in range(0, 24, 3)), repeats=True)
    yield Rule(f"30 0/20 {before}-{after} * * ?", every(20, 0, near), repeats=True, second=30)
    yield Rule(f"*/7 {hour} * * *", every(7, 0, range(hour, hour + 1)), repeats=True)
    back = (last_of_month(on) - on).days
    from_end = f"L-{back}" if back else "L"
    yield Rule(
        f"0 {minute} {hour} {from_end} * ?", at(middle), False, lambda day: (last_of_month(day) - day).days == back
    )
    wanted = on.day
    yield Rule(
        f"0 {minute} {hour} {wanted}W * ?",
        at(middle),
        False,
        lambda day: wanted <= last_of_month(day).day and nearest_weekday(day.replace(day=wanted)) == day,
    )
    weekday, count = on.weekday(), (on.day - 1) // 7 + 1
    yield Rule(
        f"0 {minute} {hour} ? * {NAMES[weekday]}#{count}",
        at(middle),
        False,
        lambda day: day.weekday() == weekday and (day.day - 1) // 7 + 1 == count,
    )
    other = (on + DAY).day
    yield Rule(
        f"{minute} {hour} {other} * {NAMES[weekday]}",
        at(middle),
        False,
        lambda day: day.day == other or day.weekday() == weekday,
    )


def fires_between(expression: str, zone: str, start: int, end: int) -> list[int]:
    cron, found, fire = parse(expression), [], find_next(parse(expression), zone, start)
    while fire is not None and fire < end:
        found.append(fire)
        fire = find_next(cron, zone, fire)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_every_fire_time_around_a_clock_change_is_where_a_scan_of_all_minutes_finds_it(zone: str) -> None:
    for change in find_changes(zone, FIRST_YEAR, LAST_YEAR):
        start, end = change.at - AROUND_S, change.at + AROUND_S
        minutes = Minutes(zone, start - HOUR_S, end + HOUR_S)
        for rule in shapes_of(change):
            right = sorted(fire for fire in minutes.fires(rule) if start < fire < end)
            assert fires_between(rule.expression, zone, start, end) == right, (rule.expression, change)


def test_the_oracle_looks_at_forty_zones_and_at_times_inside_their_changes() -> None:
    assert len(set(ZONES)) == 40
    changes = list(find_changes("America/New_York", 2026, 2026))
    assert [(change.on, change.first, change.last) for change in changes] == [
        (date(2026, 3, 8), 120, 179),
        (date(2026, 11, 1), 60, 119),
    ]
    assert all(len(list(shapes_of(change))) >= 12 for change in changes)


def make_rule(dice: random.Random) -> Rule:
    """Any of the forms, with what it means."""
    minute, hour = dice.randrange(60), dice.choice((0, 1, 2, 3, dice.randrange(24)))
    allows, days = make_dates(dice)
    shape = dice.randrange(7)
    if shape == 0:
        step = dice.choice((5, 10, 15, 20, 30))
        return Rule(f"0 */{step} * {days}", every(step), True, allows)
    if shape == 1:
        step = dice.choice((2, 3, 4, 6))
        return Rule(f"0 {minute} 0/{step} {days}", at(*(h * 60 + minute for h in range(0, 24, step))), True, allows)
    if shape == 2:
        last = dice.randrange(hour, 24)
        return Rule(
            f"0 {minute} {hour}-{last} {days}", at(*(h * 60 + minute for h in range(hour, last + 1))), False, allows
        )
    if shape == 3:
        minutes = sorted(dice.sample(range(60), 3))
        text = ",".join(map(str, minutes))
        return Rule(f"0 {text} {hour} {days}", at(*(hour * 60 + m for m in minutes)), False, allows)
    if shape == 4:
        return Rule(f"0 {minute}/15 {hour} {days}", every(15, minute, range(hour, hour + 1)), True, allows)
    return Rule(f"0 {minute} {hour} {days}", at(hour * 60 + minute), False, allows)


def make_dates(dice: random.Random) -> tuple[Callable[[date], bool], str]:
    """A question about a date, and the fields for day, month and weekday."""
    number, weekday, count = dice.randint(1, 28), dice.randrange(7), dice.randint(1, 4)
    months = sorted(dice.sample(range(1, 13), 4))
    named = ",".join(map(str, months))
    return dice.choice(
        (
            (lambda day: True, "* * ?"),
            (lambda day: True, "* * ?"),
            (lambda day: day.weekday() < 5, "? * MON-FRI"),
            (lambda day: day.weekday() in (5, 6, 0), "? * SAT-MON"),
            (lambda day: day.day == number, f"{number} * ?"),
            (lambda day: day.month in months, f"* {named} ?"),
            (lambda day: day == last_of_month(day), "L * ?"),
            (lambda day: (last_of_month(day) - day).days == count, f"L-{count} * ?"),
            (lambda day: day == _last_weekday(day), "LW * ?"),
            (lambda day: nearest_weekday(day.replace(day=number)) == day, f"{number}W * ?"),
            (
                lambda day: day.weekday() == weekday and (day.day - 1) // 7 + 1 == count,
                f"? * {NAMES[weekday]}#{count}",
            ),
            (lambda day: day.weekday() == weekday and (day + 7 * DAY).month != day.month, f"? * {NAMES[weekday]}L"),
        )
    )


def _last_weekday(day: date) -> date:
    last = last_of_month(day)
    return last - max(0, last.weekday() - 4) * DAY


def scan_first(rule: Rule, zone: str, stamp: int) -> int:
    """The first fire time later than a stamp: all minutes around the local dates that come into question."""
    day = show_wall(zone, stamp).date()
    while True:
        if rule.allows(day):
            midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
            minutes = Minutes(zone, midnight - 15 * HOUR_S, midnight + DAY_S + 15 * HOUR_S)
            of_day = Rule(rule.expression, rule.times, rule.repeats, day.__eq__)
            if later := [fire for fire in minutes.fires(of_day) if fire > stamp]:
                return min(later)
        day += DAY


@pytest.mark.long
def test_random_expressions_fire_next_where_a_scan_of_all_minutes_finds_it() -> None:
    dice = random.Random(20261101)
    changes = {zone: [change.at for change in find_changes(zone, FIRST_YEAR, LAST_YEAR)] for zone in ZONES}
    for _ in range(TRIPLES):
        zone, rule = dice.choice(ZONES), make_rule(dice)
        stamp = (
            dice.choice(changes[zone])
            + dice.randrange(-2 * DAY_S, DAY_S)
            + dice.choice((0, 0, dice.randrange(300 * DAY_S)))
        )
        assert find_next(parse(rule.expression), zone, stamp) == scan_first(rule, zone, stamp), (
            rule.expression,
            zone,
            stamp,
        )
