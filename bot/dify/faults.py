"""What went wrong at Dify, in plain words: an answer or an ended run becomes a class and a sentence.

Dify's own texts mislead in known ways (a full app answers 400, a time limit says that a user stopped the run), so
the text is read as well as the code. No sentence that leaves this file carries a key.
"""

import re
from collections.abc import Iterable, Mapping

import orjson

from bot.dify.codes import BY_CODE, BY_KIND, BY_STATUS, BY_TEXT, MENDS, PASSING, PASSING_IN_RUN, Code
from bot.dify.events import mapping, text
from bot.dify.facts import Facts
from bot.dify.spans import find_culprit
from bot.errors import DifyError
from storage.records import Fault, NodeSpan, RunState

MAX_QUOTE_CHARS = 600
"""How much of Dify's own words a sentence quotes; the rest stays in the trace."""


_SECRETS = tuple(
    (re.compile(pattern, re.IGNORECASE), shown)
    for pattern, shown in (
        (r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", r"\1 …"),
        (r"\b(app|sk|dataset|xox[a-z]|xapp)-[\w-]{8,}", r"\1-…"),
        (r"(://)[^/\s@]{1,200}@", r"\1…@"),
    )
)
_ROUTE_HINT = re.compile(r"\s*You have requested this URI \[.*", re.DOTALL)


def from_http(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> DifyError:
    """The meaning of an answer that is not a success. `body` is whatever came: Dify's envelope, HTML or nothing."""
    answer = _read_body(body)
    code, told = text(answer.get("code")), _read_message(answer)
    if not answer and _is_foreign(status, body, headers or {}):
        return _error(Code.WRONG_ADDRESS, f"HTTP {status}", status)
    return _error(_classify(status, code, told), told, status)


def from_event(said: Mapping[str, object]) -> DifyError:
    """The meaning of an `error` event, as `Facts.said` keeps it."""
    status = said.get("status")
    told = text(said.get("message"))
    known = status if isinstance(status, int) else 500
    return _error(_classify(known, text(said.get("code")), told), told, known)


def from_run(
    facts: Facts,
    spans: Iterable[NodeSpan],
    *,
    detail_error: str | None = None,
    stop_asked: bool = False,
) -> Fault | None:
    """Why the run of this stream ended as it did, or None when it succeeded, even in part.

    `detail_error` is what the run detail says, which is truer for a stopped run. Of a run that had begun more can be
    gone at another attempt, for those who accept its side effects twice.
    """
    status, told = facts.status, detail_error or facts.error
    if status in ("succeeded", "partial-succeeded"):
        return None
    culprit = find_culprit(spans) if status == "failed" else None
    code = _classify_run(status, told, culprit, facts, stop_asked=stop_asked)
    if culprit is not None and told in (None, "") and culprit.error:
        told = culprit.error
    begun = _has_begun(facts)
    return Fault(
        code=code.value,
        message=_say(code, told),
        where=None if culprit is None else redact(culprit.title),
        node_id=None if culprit is None else culprit.node_id,
        final=code not in (PASSING_IN_RUN if begun else PASSING),
        begun=begun,
    )


def to_fault(error: DifyError, where: str | None = None) -> Fault:
    """The record of an error; its message has been made safe already."""
    return Fault(code=error.code, message=error.message, where=where, final=error.final)


def read_state(
    status: str | None, error: str | None = None, *, stop_asked: bool = False, timed_out: bool = False
) -> RunState | None:
    """Dify's run status in our words; None while it goes on or is unknown.

    After our own stop a `failed` is a stop too, and a stop for our deadline is a timeout. A limit of the server is
    no wish of anybody: it is a timeout or a failure, so that somebody hears of it.
    """
    if status == "succeeded":
        return RunState.SUCCEEDED
    if status == "partial-succeeded":
        return RunState.PARTIAL
    if status == "paused":
        return RunState.WAITING
    if status not in ("failed", "stopped"):
        return None
    if timed_out:
        return RunState.TIMED_OUT
    if stop_asked:
        return RunState.STOPPED
    if status == "failed":
        return RunState.FAILED
    return {
        Code.TIME_LIMIT: RunState.TIMED_OUT,
        Code.APP_LIMIT: RunState.TIMED_OUT,
        Code.STEP_LIMIT: RunState.FAILED,
    }.get(_classify_stop(error), RunState.STOPPED)


def redact(words: str) -> str:
    """The words without anything that looks like a key, a bearer token or a password in an address."""
    for pattern, shown in _SECRETS:
        words = pattern.sub(shown, words)
    return words


def _has_begun(facts: Facts) -> bool:
    """Dify has started the run, which may have done something. A run that it only tells of has no steps."""
    only_told = facts.complete and facts.status == "failed" and not facts.total_steps
    return facts.nodes > 0 or (facts.run_id is not None and not only_told)


def _classify(status: int, code: str | None, told: str | None) -> Code:
    by_text = _match_text(told)
    if code is None or code in ("invalid_param", "unknown", "bad_request"):
        if by_text is not None and status < 500:
            return by_text
        if status == 400 and code != "bad_request":
            return Code.BAD_INPUTS
    elif code in BY_CODE:
        return BY_CODE[code]
    if status >= 500:
        return BY_STATUS.get(status, Code.SERVER)
    return BY_STATUS.get(status, Code.WRONG_ADDRESS if 300 <= status < 400 else Code.BAD_REQUEST)


def _classify_run(
    status: str | None, told: str | None, culprit: NodeSpan | None, facts: Facts, *, stop_asked: bool
) -> Code:
    if status == "paused":
        return Code.HUMAN_INPUT
    if status == "stopped" or (status == "failed" and stop_asked):
        return Code.STOPPED_BY_USER if stop_asked else _classify_stop(told)
    if status == "failed":
        return _classify_failure(told, culprit, facts)
    if facts.said is not None:
        return Code(from_event(facts.said).code)
    return Code.WORKER_LOST if facts.run_id is not None else Code.NEVER_STARTED


def _classify_failure(told: str | None, culprit: NodeSpan | None, facts: Facts) -> Code:
    if culprit is not None:
        return _classify_node(culprit)
    if facts.nodes:
        return Code.FAILED
    if facts.said is not None:
        return Code(from_event(facts.said).code)
    return _match_text(told) or Code.FAILED


def _classify_node(span: NodeSpan) -> Code:
    code = BY_KIND.get(span.kind, Code.NODE)
    if code is Code.LLM_NODE:
        by_text = _match_text(span.error)
        return by_text if by_text in (Code.QUOTA, Code.PROVIDER) else code
    return code


def _classify_stop(told: str | None) -> Code:
    words = (told or "").lower()
    if "maximum execution time" in words:
        return Code.TIME_LIMIT
    if "maximum execution steps" in words or "steps exceeded" in words:
        return Code.STEP_LIMIT
    if "app execution exceeded" in words:
        return Code.APP_LIMIT
    return Code.STOPPED_BY_USER


def _match_text(told: str | None) -> Code | None:
    return next((code for pattern, code in BY_TEXT if told is not None and pattern.search(told)), None)


def _read_body(body: bytes) -> Mapping[str, object]:
    try:
        return mapping(orjson.loads(body))
    except orjson.JSONDecodeError:
        return {}


def _read_message(answer: Mapping[str, object]) -> str | None:
    """Dify's words; before 1.11 the fields that were refused stand beside them."""
    told = text(answer.get("message"))
    fields = mapping(answer.get("errors"))
    if fields:
        told = "; ".join([told or "", *(f"{name}: {why}" for name, why in fields.items())]).strip("; ")
    return _ROUTE_HINT.sub("", told) if told else None


def _is_foreign(status: int, body: bytes, headers: Mapping[str, str]) -> bool:
    """A page for people where an API should be. A proxy's page with 5xx says nothing about the address."""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return status in (404, 405) and (any(one in kind.lower() for one in ("html", "text/plain")) or _is_page(body))


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"<", b"")


def _error(code: Code, told: str | None, status: int | None) -> DifyError:
    return DifyError(code.value, _say(code, told), final=code not in PASSING, status=status)


def _find_exception(trace: str) -> str:
    """The line of a traceback that says what happened: the last one that is not indented and names no exit."""
    lines = [line for line in trace.splitlines()[1:] if line.strip() and not line.startswith((" ", "error: exit"))]
    return lines[-1] if lines else trace.splitlines()[-1]


def _say(code: Code, told: str | None) -> str:
    """What it means and how to mend it, then Dify's own words."""
    words = redact(told or "").strip()
    if words.startswith("Traceback"):
        words = f"{_find_exception(words)}\n{words}" if len(words) <= MAX_QUOTE_CHARS else _find_exception(words)
    if len(words) > MAX_QUOTE_CHARS:
        words = f"{words[:MAX_QUOTE_CHARS]}…"
    return f"{MENDS[code]} Dify says: {words}" if words else MENDS[code]
