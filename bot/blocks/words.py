"""The words for times, amounts, states and causes: plain text, not escaped."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from storage.records import PRIORITIES, Cause, Job, JobState, NodeSpan, Policy, Run, RunState

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
OFFSET = re.compile(r"(?:UTC|GMT)([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
CURRENCY = re.compile(r"[A-Z]{3}")
MINUTE, HOUR, DAY = 60, 3600, 86_400

STATES: Mapping[RunState, tuple[str, str]] = {
    RunState.PLANNED: ("🗓️", "planned"),
    RunState.QUEUED: ("⏳", "queued"),
    RunState.READY: ("🟡", "starting"),
    RunState.RUNNING: ("🔵", "running"),
    RunState.WAITING: ("✋", "waiting for a person"),
    RunState.SUCCEEDED: ("✅", "finished"),
    RunState.PARTIAL: ("⚠️", "finished with warnings"),
    RunState.FAILED: ("❌", "failed"),
    RunState.TIMED_OUT: ("⏱️", "timed out"),
    RunState.STOPPED: ("⏹️", "stopped"),
    RunState.LOST: ("❓", "lost"),
    RunState.SKIPPED: ("⏭️", "skipped"),
    RunState.MISSED: ("⏭️", "missed"),
    RunState.EXPIRED: ("⌛", "expired"),
    RunState.BLOCKED: ("🚫", "blocked"),
}
JOB_STATES: Mapping[JobState, tuple[str, str]] = {
    JobState.ACTIVE: ("🟢", "active"),
    JobState.PAUSED: ("⏸️", "paused"),
    JobState.HELD: ("⏳", "held"),
    JobState.COMPLETED: ("✅", "completed"),
    JobState.DELETED: ("🗑️", "deleted"),
}
NODE_STATES: Mapping[str, tuple[str, str]] = {
    "succeeded": ("✅", "succeeded"),
    "partial-succeeded": ("⚠️", "succeeded with warnings"),
    "failed": ("❌", "failed"),
    "exception": ("⚠️", "failed, handled by the workflow"),
    "stopped": ("⏹️", "stopped"),
    "paused": ("✋", "waiting for a person"),
    "running": ("🔵", "running"),
    "retry": ("🔁", "trying again"),
    "pending": ("🟡", "pending"),
    "unfinished": ("❔", "began and never ended"),
}


OVERLAPS: Mapping[str, str] = {
    "skip": "the new one is skipped",
    "queue": "the new one waits for it",
    "replace": "it is stopped for the new one",
    "allow": "both run",
}
CATCH_UPS: Mapping[str, str] = {
    "skip": "they are not made up",
    "latest": "the newest one is made up",
    "all": "all are made up",
}


def overlap(policy: Policy) -> str:
    """What happens when the run before is still going."""
    told = OVERLAPS.get(policy.overlap, policy.overlap)
    if policy.overlap == "queue" and policy.overlap_max > 1:
        return f"{told}, up to {policy.overlap_max}"
    return f"{told}, up to {policy.overlap_max} at once" if policy.overlap == "allow" else told


def catch_up(policy: Policy) -> str:
    """What happens with times that were missed."""
    told = CATCH_UPS.get(policy.catch_up, policy.catch_up)
    return told if policy.catch_up == "skip" else f"{told}, if not older than {duration(policy.catch_up_s)}"


def retry(policy: Policy) -> str:
    """What happens when a run fails."""
    if not policy.retries:
        return "it is not tried again"
    often = {1: "once", 2: "twice"}.get(policy.retries, f"{policy.retries} times")
    begun = ", also what had begun" if policy.retry_started else ""
    return f"tried again {often}, first after {duration(policy.retry_after_s)}{begun}"


def priority(policy: Policy) -> str:
    """Who starts first of those that wait for room."""
    return PRIORITIES[policy.priority]


def warn(policy: Policy) -> str:
    """How long a run should not take; empty where that is nobody's concern."""
    spans = (("less than", policy.warn_under_s), ("more than", policy.warn_over_s))
    return " or ".join(f"{name} {duration(seconds)}" for name, seconds in spans if seconds)


def state(run: Run) -> str:
    if run.state is RunState.READY and run.hold_by:
        return "held"
    return STATES[run.state][1]


def outcome(run: Run) -> str:
    """Its state, and what a person said of it."""
    return f"{state(run)}, marked as {run.mark}" if run.mark else state(run)


def icon(run: Run) -> str:
    """Only repeats what `state` says, never stands for it."""
    return STATES[run.state][0]


def job_state(job: Job) -> str:
    if job.state is JobState.ACTIVE and job.failures:
        return "failing"
    return JOB_STATES[job.state][1]


def job_icon(job: Job) -> str:
    if job.state is JobState.ACTIVE and job.failures:
        return "❌"
    return JOB_STATES[job.state][0]


def node_state(span: NodeSpan) -> str:
    return NODE_STATES.get(span.state, ("", span.state))[1] or "unknown"


def node_icon(span: NodeSpan) -> str:
    return NODE_STATES.get(span.state, ("❔", ""))[0]


def plural(count: int, word: str, words: str | None = None) -> str:
    """ "1 round", "5 rounds", "12,345 tokens"."""
    return f"{count:,} {word if count == 1 else words or word + 's'}"


def failed_in_a_row(failures: int) -> str:
    """ "its last run failed", "its last 3 runs failed"."""
    return "its last run failed" if failures == 1 else f"its last {failures:,} runs failed"


def duration(seconds: float) -> str:
    """Seconds in words, two units at most: "320 ms", "4.2 s", "42 s", "3 min 12 s", "2 h 5 min", "3 d 4 h"."""
    seconds = max(seconds, 0.0)
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    for unit, name, lower, lower_name in ((DAY, "d", HOUR, "h"), (HOUR, "h", MINUTE, "min"), (MINUTE, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // lower
            return f"{whole // unit} {name} {rest} {lower_name}" if rest else f"{whole // unit} {name}"
    return f"{whole} s"


def until(seconds: float) -> str:
    """ "in 12 min", or "now"."""
    return f"in {duration(max(MINUTE, seconds // MINUTE * MINUTE))}" if seconds >= MINUTE else "now"


def tokens(count: int) -> str:
    return plural(count, "token")


def price(amount: str | None, currency: str | None) -> str | None:
    """ "≈ $0.12" or "≈ 0.12 EUR"; None when the amount is unknown or is no number."""
    try:
        value = Decimal(amount or "")
    except InvalidOperation:
        return None
    if not value.is_finite() or value < 0 or value.adjusted() > 12 or value.adjusted() < -12:
        return None
    figures = f"{value:.2f}" if value >= 1 or not value else f"{value:.{1 - value.adjusted()}f}"
    if (currency or "USD").upper() == "USD":
        return f"≈ ${figures}"
    return f"≈ {figures} {currency}" if CURRENCY.fullmatch(currency or "") else f"≈ {figures}"


def zone_of(name: str) -> tuple[tzinfo, str]:
    """The zone and the name to show beside a time in it. An unknown name gives UTC, and says so."""
    if fixed := OFFSET.fullmatch(name.strip()):
        minutes = int(fixed[2]) * 60 + int(fixed[3] or 0)
        if minutes < 24 * 60:
            return timezone(timedelta(minutes=minutes if fixed[1] == "+" else -minutes)), name.strip()
    try:
        return ZoneInfo(name), name
    except (KeyError, ValueError, OSError):
        return UTC, "UTC"


def zone_label(name: str) -> str:
    """A zone beside a schedule: a fixed offset says that it follows no clock changes."""
    return f"{name}, no clock changes" if OFFSET.fullmatch(name.strip()) else name


def local(at: datetime, zone: str, *, now: datetime | None = None) -> str:
    """ "Tue 24 Nov 09:00 Asia/Tokyo"; with the seconds when there are any, with the year when it is not now's."""
    where, name = zone_of(zone)
    return f"{moment(at, where, now)} {name}"


def moment(at: datetime, zone: tzinfo, now: datetime | None = None) -> str:
    there = at.astimezone(zone)
    year = f" {there.year}" if now and now.astimezone(zone).year != there.year else ""
    clock = f"{there:%H:%M:%S}" if there.second else f"{there:%H:%M}"
    return f"{WEEKDAYS[there.weekday()]} {there.day} {MONTHS[there.month - 1]}{year} {clock}"


def cause(run: Run, names: Mapping[str, str] | None = None) -> str:
    """Why the run exists: "by schedule", "by Ana", "run 380 again, by Ana", "a test", "by the API"."""
    who = (names or {}).get(run.asked_by or "")
    by = f", by {who}" if who else ""
    match run.cause:
        case Cause.SCHEDULE:
            return "by schedule"
        case Cause.RERUN:
            return f"run {run.rerun_of} again{by}" if run.rerun_of else f"a run again{by}"
        case Cause.TEST:
            return f"a test{by}"
        case Cause.API:
            return "by the API"
        case Cause.BACKFILL:
            return f"a backfill{by}"
        case Cause.MANUAL:
            return f"by {who}" if who else "by hand"


def taken(run: Run) -> float | None:
    """How long the run took, in seconds: what Dify said, else by our own clock; None when it is not known."""
    if run.elapsed_s:
        return run.elapsed_s
    if run.started_at and run.ended_at:
        return max((run.ended_at - run.started_at).total_seconds(), 0.0)
    return None
