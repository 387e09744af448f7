"""Whether a run that failed is tried again, and when. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from storage.records import Cause, Policy, Run, RunState

LONGEST_S = 600.0
SPREAD = 0.2  # so that what failed together does not come back together
# Codes of a fault: Dify's log shows that it never began, and the answer or the bot itself was lost; the app at Dify
# runs as many requests as it may; this server could not send it, and leaves it to another.
UNBEGUN, CUT_OFF, FULL, ELSEWHERE = "never_started", "cut_off", "busy", "elsewhere"
# A start that Dify never began costs no retry, but an address that swallows every start must not be asked for ever.
MAX_UNBEGUN = 3
# Deaths of ours are no fault of the run, unless it is what kills us.
MAX_CUT_OFF = 20


@dataclass(frozen=True, slots=True)
class Again:
    """Another attempt is owed at `at`. `is_counted` where it uses up a retry, `is_sent` where the attempt that ended
    counts as one; where it does not, the run waits for room as if it had not been claimed."""

    at: datetime
    is_counted: bool = True
    is_sent: bool = True


def retry(run: Run, policy: Policy | None, *, now: datetime) -> Again | None:
    """What is owed to a run that ended as it says; None where that was its end. `policy` is its job's."""
    fault = run.fault
    if run.state is not RunState.FAILED or fault is None or fault.final or run.stop_by is not None:
        return None
    if fault.code == FULL and not fault.begun:
        return Again(now, is_counted=False, is_sent=False)
    if fault.code == ELSEWHERE:
        return Again(now, is_counted=False)
    if fault.code in (UNBEGUN, CUT_OFF):
        most = MAX_UNBEGUN if fault.code == UNBEGUN else MAX_CUT_OFF
        return Again(now, is_counted=False) if run.attempts < most else None
    if policy is None or run.cause is Cause.TEST or run.retries >= policy.retries:
        return None
    if fault.begun and not policy.retry_started:
        return None
    pause_s = min(policy.retry_after_s * 2.0**run.retries, LONGEST_S)
    return Again(now + timedelta(seconds=_spread(run, pause_s)))


def _spread(run: Run, pause_s: float) -> float:
    """Up to a fifth more or less, the same whenever it is asked for the same attempt."""
    digest = sha256(f"{run.key}/{run.attempts}/{run.retries}/{pause_s:.0f}".encode()).digest()
    return pause_s * (1 + SPREAD * (int.from_bytes(digest[:4], "big") / 2**31 - 1))
