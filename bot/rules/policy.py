"""What happens when a time is busy or missed, or a run fails, as people write it: `queue 3`, `latest within 2h`,
`3 after 1m`. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.errors import Refusal
from bot.rules.macros import read_offset, write_offset
from storage.records import PRIORITIES, Policy

OVERLAPS = ("skip", "queue", "replace", "allow")
CATCH_UPS = ("skip", "latest", "all")
LONGEST_QUEUE = 10
MOST_AT_ONCE = 50
USUALLY_AT_ONCE = 3
LONGEST_CATCH_UP_S = 7 * 86_400
MOST_RETRIES = 10
LONGEST_RETRY_S = 600
LONGEST_WARN_S = 86_400
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

OVERLAP = re.compile(r"(skip|queue|replace|allow)\s*(?:(?:max\s*)?=?\s*(\d{1,4}))?", re.IGNORECASE | re.ASCII)
CATCH_UP = re.compile(r"(skip|latest|all)(?:\s+(?:within\s+)?(\d{1,6})\s*([smhd])[a-z]*)?", re.IGNORECASE | re.ASCII)
RETRY = re.compile(
    r"(?:(?P<none>off|no|none)|(?P<count>\d{1,4})(?:\s*(?:x|times))?(?:\s+after\s+(?P<span>\d{1,6})\s*(?P<unit>[smhd])[a-z]*)?"
    r"(?P<started>\s+started)?)",
    re.IGNORECASE | re.ASCII,
)
WARN = re.compile(
    r"off|(?:under\s*(?P<under>\d{1,6})\s*(?P<under_unit>[smhd])[a-z]*)?\s*(?:over\s*(?P<over>\d{1,6})\s*(?P<over_unit>[smhd])[a-z]*)?",
    re.IGNORECASE | re.ASCII,
)


def read_policy(said: Mapping[str, str | None]) -> Policy:
    """What was said of each, by its name among the READERS; what was not said is as usual. Raises Refusal."""
    policy = Policy()
    for field, read in READERS.items():
        text = said.get(field)
        policy = read(text, policy) if text else policy
    return policy


def read_overlap(text: str, policy: Policy) -> Policy:
    """`skip`, `queue`, `queue 3`, `replace`, `allow`, `allow 5`, put into the policy. Raises Refusal."""
    found = OVERLAP.fullmatch(text.strip())
    if found is None:
        raise Refusal(
            f"I do not know “{text.strip()[:80]}” for a run whose predecessor still goes.",
            "It is skip, queue, queue 3, replace or allow 3.",
            code="bad_overlap",
            field="overlap",
            choices=("skip", "queue", "replace", "allow 3"),
        )
    name = found[1].lower()
    count = int(found[2]) if found[2] else USUALLY_AT_ONCE if name == "allow" else 1
    most = {"queue": LONGEST_QUEUE, "allow": MOST_AT_ONCE}.get(name, 1)
    if not 1 <= count <= most:
        raise Refusal(
            f"“{name} {count}” is out of bounds.",
            f"The number goes from 1 to {most}." if most > 1 else f"“{name}” takes no number.",
            code="bad_overlap",
            field="overlap",
        )
    return replace(policy, overlap=name, overlap_max=count)


def read_catch_up(text: str, policy: Policy) -> Policy:
    """`skip`, `latest`, `all`, with how far back (`all within 2h`), put into the policy. Raises Refusal."""
    found = CATCH_UP.fullmatch(text.strip())
    if found is None:
        raise Refusal(
            f"I do not know “{text.strip()[:80]}” for times that were missed.",
            "It is skip, latest or all, and how far back if you like: latest within 2h.",
            code="bad_catch_up",
            field="catch_up",
            choices=("skip", "latest", "all within 2h"),
        )
    seconds = int(found[2]) * UNITS_S[found[3].lower()] if found[2] else policy.catch_up_s
    if not 60 <= seconds <= LONGEST_CATCH_UP_S:
        raise Refusal(
            "Missed times can be made up for at least a minute and at most 7 days.",
            "For example “latest within 2h”.",
            code="bad_catch_up",
            field="catch_up",
        )
    return replace(policy, catch_up=found[1].lower(), catch_up_s=seconds)


def read_retry(text: str, policy: Policy) -> Policy:
    """`off`, `2`, `3 after 1m`, `3 after 1m started`, put into the policy. Raises Refusal."""
    found = RETRY.fullmatch(" ".join(text.split()))
    if found is None:
        raise Refusal(
            f"I do not know “{text.strip()[:80]}” for a run that fails.",
            "It is off, 2, or 3 after 1m; with “started” at the end also a run that had begun is tried again.",
            code="bad_retry",
            field="retry",
            choices=("off", "2 after 30s"),
        )
    count = 0 if found["none"] else int(found["count"])
    seconds = int(found["span"]) * UNITS_S[found["unit"].lower()] if found["span"] else Policy().retry_after_s
    if count > MOST_RETRIES or not 1 <= seconds <= LONGEST_RETRY_S:
        raise Refusal(
            f"“{text.strip()[:80]}” is out of bounds.",
            f"A run is tried again up to {MOST_RETRIES} times, first after 1 s to {LONGEST_RETRY_S // 60} minutes.",
            code="bad_retry",
            field="retry",
        )
    return replace(policy, retries=count, retry_after_s=seconds, retry_started=bool(found["started"]))


def read_priority(text: str, policy: Policy) -> Policy:
    """`low`, `normal`, `high`, `urgent`, put into the policy. Raises Refusal."""
    word = text.strip().lower()
    if word not in PRIORITIES:
        raise Refusal(
            f"I do not know the priority “{text.strip()[:80]}”.",
            "It is low, normal, high or urgent, and tells who starts first of those that wait for room.",
            code="bad_priority",
            field="priority",
            choices=PRIORITIES,
        )
    return replace(policy, priority=PRIORITIES.index(word))


def read_warn(text: str, policy: Policy) -> Policy:
    """`over 10m`, `under 5s`, `under 5s over 10m`, `off`, put into the policy. Raises Refusal."""
    found = WARN.fullmatch(" ".join(text.split()))
    if found is None or not found.group():
        raise Refusal(
            f"I do not know when “{text.strip()[:80]}” is.",
            "Say how long a run should take: over 10m, under 5s, or under 5s over 10m; off warns of nothing.",
            code="bad_warn",
            field="warn",
            choices=("over 10m", "under 5s", "off"),
        )
    over_s, under_s = (_span(found, name) for name in ("over", "under"))
    if max(over_s, under_s) > LONGEST_WARN_S or (over_s and under_s >= over_s):
        raise Refusal(
            f"No run can take “{text.strip()[:80]}”.",
            "The shorter time comes after under, the longer one, up to a day, after over.",
            code="bad_warn",
            field="warn",
        )
    return replace(policy, warn_over_s=over_s, warn_under_s=under_s)


def _span(found: re.Match[str], name: str) -> int:
    return int(found[name]) * UNITS_S[found[f"{name}_unit"].lower()] if found[name] else 0


def write_warn(policy: Policy) -> str:
    """As it can be typed: `under 5s over 10m`; empty where nothing is warned of."""
    spans = (("under", policy.warn_under_s), ("over", policy.warn_over_s))
    return " ".join(f"{name} {_shortest(seconds)}" for name, seconds in spans if seconds)


def _shortest(seconds: int) -> str:
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % UNITS_S[unit] == 0)
    return f"{seconds // UNITS_S[unit]}{unit}"


def read_data_offset(text: str, policy: Policy) -> Policy:
    """`-1d`, `+2h`, `-1M`, put into the policy in its strict form. Raises Refusal."""
    return replace(policy, data_offset=write_offset(read_offset(text)))


def write_overlap(policy: Policy) -> str:
    """As it can be typed: `queue 3`."""
    if policy.overlap == "allow" or (policy.overlap == "queue" and policy.overlap_max > 1):
        return f"{policy.overlap} {policy.overlap_max}"
    return policy.overlap


def write_catch_up(policy: Policy) -> str:
    """As it can be typed: `latest within 2h`."""
    if policy.catch_up == "skip":
        return "skip"
    return f"{policy.catch_up} within {_shortest(policy.catch_up_s)}"


def write_retry(policy: Policy) -> str:
    """As it can be typed: `2 after 30s`."""
    if not policy.retries:
        return "off"
    started = " started" if policy.retry_started else ""
    return f"{policy.retries} after {_shortest(policy.retry_after_s)}{started}"


def write_priority(policy: Policy) -> str:
    """As it can be typed: `high`."""
    return PRIORITIES[policy.priority]


READERS: Mapping[str, Callable[[str, Policy], Policy]] = {
    "data_offset": read_data_offset,
    "overlap": read_overlap,
    "catch_up": read_catch_up,
    "retry": read_retry,
    "priority": read_priority,
    "warn": read_warn,
}
