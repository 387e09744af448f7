"""How a run ended, decided from what is known of it: the stream, the run detail, an error, or nothing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.dify import faults
from bot.dify.client import RunDetail, StreamLost
from bot.dify.codes import MENDS, Code
from bot.dify.facts import Facts
from bot.dify.spans import sum_costs
from bot.errors import DifyError
from bot.operations.line import REPLACE, REPLACED
from storage.records import Fault, NodeSpan, Run, RunState

UNCONFIRMED = "unconfirmed"
NOT_HEEDED = "Dify stops no run that waits for a person: it goes on there if its form is filled in."


class Wish(StrEnum):
    """Why we asked Dify to stop."""

    STOP = "stop"
    TIMEOUT = "timeout"
    REPLACE = "replace"

    @property
    def is_stop(self) -> bool:
        return self is not Wish.TIMEOUT


def read_wish(stop_by: str | None) -> Wish:
    """Why a run is to end, by who wants it: nobody does where its limit was reached."""
    if stop_by is None:
        return Wish.TIMEOUT
    return Wish.REPLACE if stop_by == REPLACE else Wish.STOP


@dataclass(frozen=True, slots=True)
class Ending:
    """The end state, why, and what the run brought; None where nobody knows."""

    state: RunState
    fault: Fault | None = None
    reason: str | None = None
    outputs: Mapping[str, Any] | None = None
    elapsed_s: float | None = None
    tokens: int | None = None
    steps: int | None = None

    @property
    def is_unreached(self) -> bool:
        """Whether the request could not be sent at all."""
        return self.fault is not None and self.fault.code == Code.UNREACHABLE and not self.fault.begun

    def elsewhere(self) -> "Ending":
        """The same, where it is no fault of Dify's before other servers have tried."""
        assert self.fault is not None
        return replace(self, fault=replace(self.fault, code=Code.ELSEWHERE))

    def apply(self, run: Run, spans: Sequence[NodeSpan], now: datetime) -> Run:
        """The run with its end written into it."""
        costs = sum_costs(spans)
        currency, price = next(iter(costs.items())) if len(costs) == 1 else (None, None)
        return replace(
            run,
            state=self.state,
            fault=self.fault,
            reason=self.reason,
            outputs=self.outputs,
            elapsed_s=self.elapsed_s,
            tokens=self.tokens,
            steps=self.steps,
            price=None if price is None else str(price),
            currency=currency,
            current_node=None,
            ended_at=now if self.state.has_ended else None,
        )


def end_by_stream(
    facts: Facts, spans: Sequence[NodeSpan], wish: Wish | None, detail: RunDetail | None = None
) -> Ending:
    """The stream brought its terminal event; the run detail, where it was asked, tells the truer error."""
    told = (detail.error if detail else None) or facts.error
    stop_asked = wish is not None and wish.is_stop
    state = faults.read_state(facts.status, told, stop_asked=stop_asked, timed_out=wish is Wish.TIMEOUT)
    fault = None
    # What we asked to end needs no other reason; Dify would only say that a user had wanted it.
    if wish is None and state not in (RunState.SUCCEEDED, RunState.PARTIAL, RunState.WAITING):
        fault = faults.from_run(facts, spans, detail_error=told)
    outputs = _outputs(facts.outputs)
    if facts.answer is not None and not outputs:
        outputs = {"answer": facts.answer}
    return Ending(
        state or RunState.LOST,
        fault=fault,
        reason=_reason(state, wish),
        outputs=outputs,
        elapsed_s=facts.elapsed_s,
        tokens=facts.total_tokens,
        steps=facts.total_steps,
    )


def end_by_detail(detail: RunDetail | None, wish: Wish | None) -> Ending:
    """The stream broke; this is what Dify says of the run afterwards."""
    state = None
    if detail is not None:
        state = faults.read_state(
            detail.status,
            detail.error,
            stop_asked=wish is not None and wish.is_stop,
            timed_out=wish is Wish.TIMEOUT,
        )
    if detail is None or state is None:
        return _unconfirmed(wish)
    if state is RunState.WAITING and wish is not None and wish.is_stop:
        return _unconfirmed(wish, NOT_HEEDED)
    fault = None
    if wish is None and not (state.is_success or state is RunState.WAITING):
        fault = Fault(code=Code.FAILED, message=faults.redact(detail.error or MENDS[Code.FAILED]))
    return Ending(
        state,
        fault=fault,
        reason=_reason(state, wish),
        outputs=_outputs(detail.outputs),
        elapsed_s=detail.elapsed_s,
        tokens=detail.tokens,
        steps=detail.steps,
    )


def tell_line(ending: Ending, heard: str, before: str, after: str) -> Ending:
    """With how the run was by the time its limit ended it, and with the versions of a Dify that became another."""
    return tell_upgrade(tell_limit(ending, heard), before, after)


def tell_limit(ending: Ending, heard: str) -> Ending:
    """A run that was ended at its job's limit says how it was by then."""
    if ending.state is not RunState.TIMED_OUT:
        return ending
    if ending.fault is None:
        return replace(ending, fault=Fault(code=Code.RUN_LIMIT, message=heard))
    if ending.reason != UNCONFIRMED:
        return ending  # it was a limit of Dify's
    return replace(ending, fault=replace(ending.fault, message=f"{heard} {ending.fault.message}"))


def tell_upgrade(ending: Ending, before: str, after: str) -> Ending:
    """A run that went wrong says whether its Dify became another meanwhile."""
    if ending.fault is None or not before or before == after:
        return ending
    message = f"{ending.fault.message} Dify was changed from {before} to {after} while it ran."
    return replace(ending, fault=replace(ending.fault, message=message))


def end_by_error(facts: Facts, error: DifyError | None, addresses: int = 1) -> Ending | None:
    """No run was ever named. A refusal of Dify is a failure; silence may still become a run: None. `addresses` tells
    how many were tried."""
    if error is not None and not isinstance(error, StreamLost):
        fault = faults.to_fault(error)
        if addresses > 1:
            fault = replace(fault, message=f"Dify was asked at {addresses} addresses. {fault.message}")
        return Ending(RunState.FAILED, fault)
    if facts.said is not None:
        return Ending(RunState.FAILED, faults.to_fault(faults.from_event(facts.said)))
    return None


def end_before_asking(stop_by: str | None) -> Ending | None:
    """It was to leave for Dify and had no leave: somebody wants it to end, or it is somebody else's."""
    if stop_by is None:
        return None
    return Ending(RunState.STOPPED, reason=_reason(RunState.STOPPED, read_wish(stop_by)) or "before it began")


def end_unheard(detail: RunDetail | None) -> Ending:
    """Its stream had broken, and at the run's limit Dify had not told its end (None: nothing at all)."""
    message = MENDS[Code.WORKER_LOST] if detail is not None else "Its stream broke, and Dify tells no more of it."
    return Ending(RunState.LOST, Fault(code=Code.WORKER_LOST, message=message))


def end_after_all(run: Run, detail: RunDetail) -> Ending:
    """What Dify tells later of a run that was lost; who was lost at the limit was asked to stop."""
    was_asked = run.fault is not None and run.fault.code == Code.WORKER_LOST and detail.status == "stopped"
    return end_by_detail(detail, Wish.TIMEOUT if was_asked else None)


def end_by_search(run: Run, is_certain: bool, wish: Wish | None, *, is_orphan: bool = False) -> Ending:
    """No run of this name was found at Dify. What its log never showed, and what was never taken, may be started
    again, and Dify is not to blame where the owner died in between (`is_orphan`). Anything else is lost."""
    if wish is not None:
        return _unconfirmed(wish)
    if is_certain and run.heard_at is None:
        if is_orphan:
            return Ending(RunState.FAILED, Fault(code=Code.CUT_OFF, message=MENDS[Code.CUT_OFF], final=False))
        message = "Dify's answer to the start was lost, and Dify's log shows that it never began."
        return Ending(RunState.FAILED, Fault(code=Code.NEVER_STARTED, message=message, final=False))
    why = "Dify has taken it and has not begun it yet" if run.heard_at else "the answer to its start was lost"
    known = "" if is_certain else ", and Dify cannot be asked what became of it"
    message = f"It may or may not have run at Dify: {why}{known}. Look into Dify's logs before you run it again."
    return Ending(RunState.LOST, Fault(code=Code.NEVER_STARTED, message=message))


def end_poisoned() -> Ending:
    """Its owners died of it."""
    return Ending(RunState.LOST, Fault(code=Code.POISONED, message=MENDS[Code.POISONED]), reason="poisoned")


def _unconfirmed(wish: Wish | None, message: str = "") -> Ending:
    if wish is None:
        return end_unheard(None)
    if wish is Wish.REPLACE:
        message = message or "Dify has not confirmed that it stopped: the old run may still be spending tokens."
        return Ending(RunState.STOPPED, Fault(code=Code.STOPPED_BY_USER, message=message), reason=REPLACED)
    state = RunState.STOPPED if wish is Wish.STOP else RunState.TIMED_OUT
    message = message or "Dify was asked to stop it and has not confirmed; it may still be spending tokens."
    return Ending(state, Fault(code=Code.STOPPED_BY_USER, message=message), reason=UNCONFIRMED)


def _reason(state: RunState | None, wish: Wish | None) -> str | None:
    return REPLACED if state is RunState.STOPPED and wish is Wish.REPLACE else None


def _outputs(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, Mapping) else None
