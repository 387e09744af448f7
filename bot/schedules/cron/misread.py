"""What somebody may have meant by a value that no field takes: long names, clock times, 24 o'clock, stray signs."""

import difflib
import re
from collections.abc import Mapping
from typing import Protocol

from bot.schedules.cron.faults import WrongField

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LONG_NAMES = {
    long.upper(): long[:3].upper()
    for long in (
        *("January", "February", "March", "April", "June", "July", "August", "September", "October", "November"),
        *("December", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    )
}
SHOWN_OF_WORD = 12
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)", re.ASCII)
HALF_DAY = re.compile(r"(\d{1,2})(AM|PM)", re.ASCII)
RANGE_END = "a range needs two values, as in 9-17"
# Signs of other programs, each with what it means there and a text that says the same here.
FOREIGN = {"H": "H is a sign of Jenkins", "R": "R is a random value in croniter", "C": "C is a sign of old Quartz"}
# What people type for what cron writes: (pattern, replacement).
NEAR = (
    (r"\*(\d+)", r"*/\1"),
    (r"/(\d+)", r"*/\1"),
    (r"([*?])[*?]+", r"\1"),
    (r"(\d+)(?:~|\.\.|–|—)(\d+)", r"\1-\2"),
    (r"(\d+)(?:ST|ND|RD|TH)", r"\1"),
    (r"[(\[{](\d+(?:-\d+)?)[)\]}]", r"\1"),
    (r"(\d+)--(\d+)", r"\1-\2"),
)


class Rules(Protocol):
    """What is asked of a field here."""

    @property
    def name(self) -> str: ...
    @property
    def low(self) -> int: ...
    @property
    def high(self) -> int: ...
    @property
    def names(self) -> Mapping[str, int]: ...
    @property
    def rule(self) -> str: ...


def explain_text(rule: Rules, text: str, whole: str) -> WrongField:
    """The most telling sentence about a text that is neither a value nor a range nor a step."""
    if rule.name == "hour" and (clock := CLOCK.fullmatch(whole)):
        said = WrongField("hours and minutes stand in fields of their own")
        return said.or_mend({-1: str(int(clock[2])), 0: clock[1]})
    if rule.name == "hour" and (half := HALF_DAY.fullmatch(text)):
        hour = int(half[1]) % 12 + (12 if half[2] == "PM" else 0)
        return WrongField("hours run from 0 to 23, without am and pm", swap_word(whole, text, str(hour)))
    if better := _near(text):
        return WrongField(_explain_signs(rule, text), swap_word(whole, text, better))
    if ":" in text:
        return WrongField("hours and minutes stand in fields of their own")
    if re.fullmatch(r"[A-Z]+", text):
        return _explain_name(rule, text, whole)
    return WrongField(_explain_signs(rule, text))


def mend_number(rule: Rules, text: str, whole: str) -> tuple[str, ...]:
    """24 o'clock and minute 60 are the 0 of what follows; at the end of a range they mean the last value. A Quartz
    weekday 0 was counted as in Unix, so all the numbers beside it were too."""
    if rule.names:
        if rule.low == 1 and text == "0" and "SUN" in rule.names and not re.search(r"[7-9/]|\d\d", whole):
            return (re.sub(r"(?<!#)\d", lambda match: WEEKDAYS[int(match[0])], whole),)
        return ()
    if re.search(rf"\d-{text}\b", whole):
        return (re.sub(rf"(?<=-){text}\b", str(rule.high), whole),) if int(text[:9]) > rule.high else ()
    if text == "0" and rule.low == 1 and re.search(r"\b0-[1-9]", whole):
        return (re.sub(r"\b0-", "1-", whole),)
    return (swap_word(whole, text, "0"),) if rule.low == 0 and text == str(rule.high + 1) else ()


def swap_word(whole: str, word: str, other: str) -> str:
    """The text with a word replaced where it stands alone."""
    return re.sub(rf"(?<![A-Z0-9*]){re.escape(word)}(?![A-Z0-9])", lambda _: other, whole)


def _explain_name(rule: Rules, text: str, whole: str) -> WrongField:
    if not rule.names:
        return _explain_letters(rule, text, whole)
    short = LONG_NAMES.get(text)
    near = [short] if short in rule.names else difflib.get_close_matches(text[:3], rule.names, n=1, cutoff=0.6)
    known = f"names have three letters, {next(iter(rule.names))} to {list(rule.names)[-1]}"
    return WrongField(known, *(_shorten_names(swap_word(whole, text, name)) for name in near if name))


def _shorten_names(text: str) -> str:
    return re.sub(r"[A-Z]{4,}", lambda match: LONG_NAMES.get(match[0], match[0]), text)


def _explain_letters(rule: Rules, text: str, whole: str) -> WrongField:
    """Letters in a field that has numbers only."""
    kind = "weekday" if text[:3] in WEEKDAYS else "month" if text[:3] in MONTHS else ""
    said = f"“{text[:SHOWN_OF_WORD]}” is " + (f"the name of a {kind}" if kind else "no number")
    if text in ("L", "W", "LW"):
        said = f"{text} belongs to the day of the month, as in L, LW or 15W"
    wrong = WrongField(f"{FOREIGN.get(text, said)}; {rule.rule}" + (f", and {RANGE_END}" if "-" in whole else ""))
    return wrong.or_mend({0: "*", 2: whole}) if kind == "weekday" and rule.name == "day of the month" else wrong


def _explain_signs(rule: Rules, text: str) -> str:
    if "?" in text:
        return "? stands alone, for the day of the month or for the weekday"
    if "#" in text:
        return "# is only for the weekday, as in FRI#2"
    if "/" in text:
        return "the step after / must be a positive whole number, as in */5"
    if re.fullmatch(r"\d+[LW]", text):
        where = "the day of the month" if text.endswith("W") else "the day of the month or the weekday"
        return f"{text[-1]} is only for {where}; here {rule.rule}"
    if re.fullmatch(r"[A-Z0-9*]*-[A-Z0-9*-]*", text):
        return RANGE_END
    strange = next((sign for sign in text if not re.match(r"[\dA-Z*,/-]", sign, re.ASCII)), "")
    return f"the sign “{strange}” means nothing here; {rule.rule}" if strange.isprintable() and strange else rule.rule


def _near(text: str) -> str:
    for pattern, replacement in NEAR:
        if match := re.fullmatch(pattern, text, re.ASCII):
            return match.expand(replacement)
    return ""
