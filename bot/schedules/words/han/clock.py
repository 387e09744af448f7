"""Times of day: 上午9点半, 下午三点一刻, 午後3時半, 9:30, 正午; and spans of them."""

import re
from dataclasses import dataclass

from bot.errors import Refusal
from bot.schedules.cron.write import Time
from bot.schedules.words.han.numerals import NUMBER, value_of
from bot.schedules.words.han.scan import Scan
from bot.schedules.words.han.tongue import Part, Tongue, any_of

NOON = 12
NOT_MINUTES = r"(?![0-9〇零一二两三四五六七八九十百廿卅]|[次回天日月周个小点时時年号分秒度])"


@dataclass(frozen=True, slots=True)
class Told:
    """A time as it was told. `time` has hours of 24 and more for what comes after midnight of the day named."""

    time: Time
    part: Part | None = None
    is_bare: bool = False

    @property
    def is_after_midnight(self) -> bool:
        return self.time[0] >= 24

    @property
    def clock(self) -> Time:
        """The time on the clock, whatever its day."""
        hour, minute, second = self.time
        return hour % 24, minute, second


def read_times(scan: Scan, tongue: Tongue, part: Part | None = None) -> list[Told] | None:
    """One or more times. A part of the day holds for the times behind it, too: 下午3点和5点. Raises Refusal."""
    found: list[Told] = []
    while True:
        place = scan.at
        if found and not scan.take(tongue.joint) and not scan.sees(_pattern(tongue, "part")):
            return found
        told = read_time(scan, tongue, found[-1].part if found else part, listed=True)
        if told is None:
            scan.at = place
            return found or None
        if found and told.is_bare and told.time <= found[-1].time:
            raise _refuse_half(told, tongue)
        found.append(told)


def read_time(scan: Scan, tongue: Tongue, part: Part | None = None, *, listed: bool = False) -> Told | None:
    """One time of day. `part` is one that was named before; `listed` allows 9、12、18点. Raises Refusal."""
    place = scan.at
    if match := scan.take(_pattern(tongue, "named")):
        return _at_named(match[0], tongue)
    own = scan.take(_pattern(tongue, "part"))
    match = scan.take(_pattern(tongue, "time")) or (scan.take(_pattern(tongue, "listed")) if listed else None)
    if match is None:
        scan.at = place
        return None
    hour, minute, second = _figures(match)
    shown = scan.text[place : scan.at].strip()
    if hour is None or minute is None or second is None or hour > 24 or minute > 59 or second > 59:
        raise _refuse_time(shown, tongue)
    if hour == 24 and (minute or second):
        raise _refuse_time(shown, tongue)
    said = tongue.parts[own[0].rstrip("の的")] if own else None
    if said is None and (part is None or (hour > NOON and part.hours.get(hour) is None)):
        return Told((hour, minute, second))
    spoken = said or part
    inside = spoken.hours.get(hour) if spoken else None
    if inside is None:
        raise _refuse_part(shown, tongue)
    if said is None and inside != hour and match.groupdict().get("clock"):
        raise _refuse_part(shown, tongue)  # 下午3点和9:00
    return Told((inside, minute, second), part=spoken, is_bare=said is None)


def read_span(scan: Scan, tongue: Tongue, part: Part | None = None) -> tuple[Told, Told] | None:
    """Two times with the sign for a span between them; the first may be an hour alone (9-18点)."""
    own = scan.take(_pattern(tongue, "part"))
    said = tongue.parts[own[0].rstrip("の的")] if own else part
    first = read_time(scan, tongue, said)
    if first is None:
        bare = scan.take(_pattern(tongue, "hour_alone"))
        hour = value_of(bare[1]) if bare else None
        if hour is None or hour > 23:
            return None
        first = Told((said.hours.get(hour, hour) if said else hour, 0, 0), part=said)
    if not scan.take(tongue.until):
        return None
    last = read_time(scan, tongue)
    if last is None:
        return None
    scan.take(tongue.behind)
    return first, _same_part(first, last)


def read_part(scan: Scan, tongue: Tongue) -> Part | None:
    """A part of the day with no time behind it."""
    match = scan.take(_pattern(tongue, "part"))
    return tongue.parts[match[0].rstrip("の的")] if match else None


def _same_part(first: Told, last: Told) -> Told:
    """下午1点到5点: the 5 is in the afternoon, too."""
    if first.part is None or last.part is not None or last.time > first.time:
        return last
    hour = first.part.hours.get(last.time[0])
    return last if hour is None else Told((hour, *last.time[1:]), part=first.part)


def _at_named(word: str, tongue: Tongue) -> Told:
    return Told((tongue.named[word], 0, 0))


def _figures(match: re.Match[str]) -> tuple[int | None, int | None, int | None]:
    found = match.groupdict()
    if clock := found.get("clock"):
        figures = [*map(int, clock.split(":")), 0]
        return figures[0], figures[1], figures[2]
    minute: int | None = 0
    if found.get("half"):
        minute = 30
    elif quarter := found.get("quarter"):
        minute = 15 * (value_of(quarter) or 0)
    elif told := found.get("minute"):
        minute = value_of(told)
    second_told = found.get("second")
    return value_of(found["hour"] or ""), minute, value_of(second_told) if second_told else 0


def _pattern(tongue: Tongue, name: str) -> re.Pattern[str]:
    if not tongue.patterns:
        tongue.patterns.update(_write_patterns(tongue))
    return tongue.patterns[name]


def _write_patterns(tongue: Tongue) -> dict[str, re.Pattern[str]]:
    minutes = (
        rf"(?:过|零)?(?P<minute>{NUMBER})(?:分(?![钟后後前間毎]|ごと|おき)|{NOT_MINUTES})(?:(?P<second>{NUMBER})秒)?"
    )
    tail = rf"(?:整|钟|ちょうど|(?P<half>半)|(?P<quarter>[一三13])刻|{minutes})?"
    figures = r"(?P<clock>[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?![0-9:])"
    hour = rf"(?P<hour>{NUMBER})(?:{tongue.hour})"
    more = rf"(?:(?:{tongue.joint.pattern}){NUMBER})*(?:{tongue.joint.pattern}){NUMBER}(?:{tongue.hour})"
    part = rf"(?:{any_of(tongue.parts)})[の的]?"
    named = rf"(?:{any_of(tongue.named)})(?!{NUMBER}(?:{tongue.hour}|:)|[0-9])"
    return {
        "part": re.compile(part),
        "named": re.compile(named),
        "time": re.compile(rf"{figures}|{hour}{tail}"),
        "listed": re.compile(rf"(?P<hour>{NUMBER})(?={more})"),
        "hour_alone": re.compile(rf"({NUMBER})"),
    }


def _refuse_time(shown: str, tongue: Tongue) -> Refusal:
    return Refusal(
        f"There is no time “{shown}”.",
        f"{tongue.hints['hours']} (Hours go from 0 to 23, minutes to 59.)",
        code="unreadable",
    )


def _refuse_part(shown: str, tongue: Tongue) -> Refusal:
    return Refusal(
        f"It is unclear which time “{shown}” is.",
        f"{tongue.hints['part']} (Write the hour on the 24-hour clock.)",
        code="ambiguous",
    )


def _refuse_half(told: Told, tongue: Tongue) -> Refusal:
    hour = told.time[0]
    return Refusal(
        f"It is unclear whether the later time is at {hour % 12}:00 or {hour % 12 + 12}:00.",
        f"{tongue.hints['part']} (Write the hour on the 24-hour clock.)",
        code="ambiguous",
    )
