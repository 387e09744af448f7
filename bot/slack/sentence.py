"""The grammar of the sentence after `/dify schedule`: which words are the app, the time, the rest.

    <app> <when> [in <zone>] [to #channel] [as "name"] [overlap queue] [catch-up latest 2h] [retry 3 after 1m]
                 [priority high] [warn under 5s over 10m] [data -1d] [key=value …], the clauses in any order

What a time or a zone means is read elsewhere: a word is taken for a zone only by its looks. Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.errors import Refusal
from bot.slack.words import Kind, Word, quote, read_words

ZONE = re.compile(
    r"""(?: [a-z][a-z_]+ (?: / [a-z0-9_+-]+ ){1,2}           # Asia/Tokyo, America/Indiana/Knox, Etc/GMT+8
          | (?: utc | gmt ) (?: [+\-−] \d{1,2} (?: :? \d{2} )? )?    # UTC, UTC+8, GMT-05:30
          | z )$""",
    re.IGNORECASE | re.VERBOSE,
)
ABBREVIATION = re.compile(r"[A-Z]{3,5}$")  # JST, CEST
NO_ZONE = re.compile(  # "in MAY", "IN TEN MINUTES" from somebody whose keyboard shouts
    "JAN|FEB|MAR|APR|MAY|JUNE?|JULY?|AUG|SEP|OCT|NOV|DEC|MON|TUE|WED|THU|FRI|SAT|SUN|HALF|MINS?|HOURS?|DAYS?|WEEKS?"
    "|THE|ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN"
)
DATA_OFFSET = re.compile(r"[+\-−]\d{1,9}[a-z]?$", re.IGNORECASE)
MORE_POLICY = re.compile(  # overlap allow max 3, catch-up all within 2 hours
    r"(?:within|max|\d{1,6}[smhd]?|max=\d{1,4}|seconds?|minutes?|min|hours?|days?)$", re.IGNORECASE
)
MORE_RETRY = re.compile(  # retry 3 times after 1 minute started
    r"(?:times|after|started|\d{1,6}[smh]?|seconds?|sec|minutes?|min|hours?)$", re.IGNORECASE
)
FIRST_WARN = re.compile(r"(?:off|under|over)$", re.IGNORECASE)
MORE_WARN = re.compile(  # warn under 5s over 10 minutes
    r"(?:under|over|\d{1,6}[smhd]?|seconds?|sec|minutes?|min|hours?|days?)$", re.IGNORECASE
)
EXAMPLE = 'For example: /dify schedule "Daily news" every weekday at 9 in Asia/Tokyo to #ops topic="AI"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleWords:
    """`app` names it, `when` is the text of the time; `zone`, `channel_id` and `name` are None when not said."""

    app: str
    when: str
    zone: str | None = None
    channel_id: str | None = None
    name: str | None = None
    overlap: str | None = None
    catch_up: str | None = None
    retry: str | None = None
    priority: str | None = None
    warn: str | None = None
    data_offset: str | None = None
    inputs: dict[str, str] = field(default_factory=dict)

    @property
    def policy(self) -> dict[str, str | None]:
        """What was said of busy and missed times, of failures and so on, by the field of the policy."""
        return {
            "overlap": self.overlap,
            "catch_up": self.catch_up,
            "retry": self.retry,
            "priority": self.priority,
            "warn": self.warn,
            "data_offset": self.data_offset,
        }

    def typed(self, when: str) -> str:
        """The whole command with another time in it, ready to be typed."""
        parts = [f"/dify schedule {_quoted(self.app)} {when}"]
        parts += [f"in {self.zone}"] if self.zone else []
        parts += [f"to <#{self.channel_id}>"] if self.channel_id else []
        parts += [f"as {quote(self.name)}"] if self.name else []
        clause = {"catch_up": "catch-up", "data_offset": "data"}
        parts += [f"{clause.get(name, name)} {said}" for name, said in self.policy.items() if said]
        parts += [f"{name}={_quoted(value)}" for name, value in self.inputs.items()]
        return " ".join(parts)


def read_schedule(rest: str) -> ScheduleWords:
    words, inputs = part_inputs(_free_limits(read_words(rest)))
    if not words:
        raise Refusal("A schedule needs an app and a time, and none was given.", EXAMPLE, code="no_app")
    clauses, when = _part_clauses(words[1:])
    if not when:
        raise Refusal(f"When should “{words[0].text}” run? No time was given.", EXAMPLE, code="no_when")
    return ScheduleWords(
        app=words[0].text,
        when=" ".join(when),
        zone=clauses.get("in"),
        channel_id=clauses.get("to"),
        name=clauses.get("as"),
        overlap=clauses.get("overlap"),
        catch_up=clauses.get("catch-up"),
        retry=clauses.get("retry"),
        priority=clauses.get("priority"),
        warn=clauses.get("warn"),
        data_offset=clauses.get("data"),
        inputs=inputs,
    )


def read_name(rest: str) -> str:
    """The name of a job as it was meant: quotation marks are not a part of it."""
    words = read_words(rest)
    return " ".join(word.text if word.key is None else f"{word.key}={word.text}" for word in words)


def _quoted(text: str) -> str:
    words = read_words(text)
    return text if len(words) == 1 and words[0].kind is Kind.PLAIN else quote(text)


def _free_limits(words: Sequence[Word]) -> list[Word]:
    """`overlap allow max=3`: that pair is no input."""
    rules = ("allow", "queue")
    return [
        replace(word, key=None, text=f"max={word.text}")
        if word.key == "max" and at > 1 and words[at - 1].text.lower() in rules and is_plain(words[at - 2], "overlap")
        else word
        for at, word in enumerate(words)
    ]


def is_plain(word: Word, text: str) -> bool:
    """Whether it is that word of ours (in lower case), and stands in no quotation."""
    return word.kind is Kind.PLAIN and word.text.lower() == text


def part_inputs(words: Sequence[Word]) -> tuple[list[Word], dict[str, str]]:
    """The words that are no pairs, and the pairs. Raises Refusal where one is given twice."""
    inputs: dict[str, str] = {}
    for word in words:
        if word.key is not None and word.key in inputs:
            raise Refusal(f"The input “{word.key}” is given twice.", "Name each input once.", code="twice")
        if word.key is not None:
            inputs[word.key] = word.text
    return [word for word in words if word.key is None], inputs


def _part_clauses(words: Sequence[Word]) -> tuple[dict[str, str], list[str]]:
    clauses: dict[str, str] = {}
    when: list[str] = []
    at = 0
    while at < len(words):
        clause = _read_clause(words, at)
        if clause is None:
            when.append(words[at].text)
            at += 1
            continue
        name, said, length = clause
        if name in clauses:
            raise Refusal(f"“{name} …” is said twice.", "Say it once.", code="twice")
        clauses[name] = said
        at += length
    return clauses, when


def _read_clause(words: Sequence[Word], at: int) -> tuple[str, str, int] | None:
    """The clause that begins here, what it says and how many words it has; None where a word of the time stands."""
    if words[at].kind is not Kind.PLAIN or at + 1 == len(words):
        return None
    name, said = words[at].text.lower(), words[at + 1]
    if name == "in" and _looks_like_zone(said):
        return name, said.text, 2
    if name == "to" and _looks_like_channel(said):
        return name, _read_channel(said), 2
    if name == "as":
        _refuse_bare_name(words, at + 1)
        return name, said.text, 2
    if name in ("overlap", "catch-up", "catchup"):
        return _read_policy(words, at, name.replace("catchup", "catch-up"), MORE_POLICY)
    if name == "retry":
        return _read_policy(words, at, name, MORE_RETRY)
    if name == "warn" and FIRST_WARN.match(said.text):
        return _read_policy(words, at, name, MORE_WARN)
    if name == "priority":
        return name, said.text, 2
    if name == "data" and DATA_OFFSET.match(said.text):
        return name, said.text, 2
    return None


def _read_policy(words: Sequence[Word], at: int, name: str, more: re.Pattern[str]) -> tuple[str, str, int]:
    """`overlap queue 3`, `catch-up all within 2h`, `retry 3 after 1m`: as many words as belong to it."""
    length = 2
    while at + length < len(words) and more.match(words[at + length].text):
        length += 1
    return name, " ".join(word.text for word in words[at + 1 : at + length]), length


def _looks_like_zone(word: Word) -> bool:
    if word.kind not in (Kind.PLAIN, Kind.QUOTED):
        return False
    return bool(ZONE.match(word.text)) or (bool(ABBREVIATION.match(word.text)) and NO_ZONE.match(word.text) is None)


def _looks_like_channel(word: Word) -> bool:
    return word.kind in (Kind.CHANNEL, Kind.USER) or (word.kind is Kind.PLAIN and word.text[:1] in ("#", "@"))


def _read_channel(word: Word) -> str:
    if word.kind is Kind.CHANNEL:
        return word.text
    if word.kind is Kind.USER or word.text.startswith("@"):
        raise Refusal("Results go to a channel, not to a person.", "Name one: to #ops", code="no_channel")
    message = f"Slack did not say which channel {word.text} is."
    raise Refusal(message, "Type # and pick it from the list that Slack offers.", code="no_channel")


def _refuse_bare_name(words: Sequence[Word], at: int) -> None:
    """`as Nightly digest` would leave a word to the time: only a quotation can have several words."""
    name, after = words[at], words[at + 1 : at + 2]
    if name.kind is Kind.QUOTED or not after or _read_clause(words, at + 1) is not None:
        return
    if at > 1 and after[0].kind is Kind.PLAIN:
        hint = f'Put it in quotation marks: as "{name.text} {after[0].text}"'
        raise Refusal("A name of several words needs quotation marks.", hint, code="bare_name")
