"""What one stream tells about one run: events are folded into facts of the run and a tree of its nodes."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.dify.events import Event, ident, mapping, number, shallow, text, whole
from bot.dify.facts import Facts
from bot.dify.node import VAGUE
from bot.dify.spans import GOING_ON, UNFINISHED, find_culprit, freeze
from bot.dify.tree import MAX_SPANS, Tree
from storage.records import NodeSpan

MAX_ANSWER_CHARS = 1024 * 1024
"""The answer of a chatflow that is put together from its deltas; what is longer loses its tail."""

MAX_FORMS = 100
"""Forms of human input that are kept of one run."""

_EMPTY_ERRORS = VAGUE | {"Internal Server Error, please contact support."}


class Trace:
    """Folds the events of one run, in any order, each in constant time. A reconnect may go on with the same trace.

    Nothing that an event holds makes it raise. What it cannot use is counted in `ignored_events`.
    """

    def __init__(self, max_spans: int = MAX_SPANS) -> None:
        self._tree = Tree(max_spans)
        self._run_id: str | None = None
        self._task_id: str | None = None
        self._workflow_id: str | None = None
        self._started = False
        self._closed = False
        self._ending: Mapping[str, Any] | None = None
        self._paused = False
        self._said: Mapping[str, Any] | None = None
        self._answer: list[str] = []
        self._answer_chars = 0
        self._usage: Mapping[str, Any] = {}
        self._forms: list[Mapping[str, Any]] = []
        self._events = 0
        self._ignored = 0

    @property
    def started(self) -> bool:
        """Dify has begun to run the workflow, so that starting it again would do its work twice."""
        return self._started

    @property
    def complete(self) -> bool:
        """A terminal event has been seen."""
        return self._ending is not None

    @property
    def run_id(self) -> str | None:
        return self._run_id

    @property
    def task_id(self) -> str | None:
        return self._task_id

    @property
    def workflow_id(self) -> str | None:
        return self._workflow_id

    def fold(self, event: Event) -> None:
        """Takes one event; an unreadable or unknown one is counted as ignored."""
        self._events += 1
        if event.task_id != self._task_id or event.run_id != self._run_id:
            self._name_run(event.run_id, event.task_id)
        handler = _HANDLERS.get(event.name)
        if handler is None:
            self._ignored += 1
        else:
            handler(self, event)

    def close(self) -> None:
        """The stream has ended: nodes that still run are unfinished, whether a terminal event came or not."""
        self._closed = True

    @property
    def facts(self) -> Facts:
        end: Mapping[str, Any] = self._ending or {}
        current = self._tree.current
        return Facts(
            run_id=self._run_id,
            task_id=self._task_id,
            workflow_id=self._workflow_id,
            status=text(end.get("status")),
            error=self._cause(end),
            elapsed_s=number(end.get("elapsed_time")),
            total_tokens=whole(end.get("total_tokens")),
            total_steps=whole(end.get("total_steps")),
            outputs=end.get("outputs"),
            complete=self.complete,
            ignored_events=self._ignored,
            events=self._events,
            exceptions=whole(end.get("exceptions_count")),
            said=self._said,
            answer="".join(self._answer) if self._answer else None,
            usage=self._usage,
            forms=tuple(self._forms),
            reasons=_objects(end.get("reasons")),
            nodes=len(self._tree.nodes) + self._tree.dropped,
            nodes_done=self._tree.done,
            nodes_dropped=self._tree.dropped,
            current_node=None if current is None or self._over else current.title,
        )

    def spans(self) -> tuple[NodeSpan, ...]:
        """The nodes, flat, in the order in which they began."""
        return freeze(self._tree.nodes, over=self._over)

    @property
    def _over(self) -> bool:
        return self._closed or self.complete

    def _name_run(self, run_id: str | None, task_id: str | None) -> None:
        """Replayed events carry the run id as task id; only that of the live stream can stop the run."""
        if self._run_id is None and run_id is not None:
            self._run_id = run_id
        if task_id is not None and (self._task_id is None or self._task_id == self._run_id != task_id):
            self._task_id = task_id

    def _start(self, event: Event) -> None:
        data = event.data
        self._started = True
        self._name_run(ident(data.get("id")), None)
        self._workflow_id = ident(data.get("workflow_id")) or self._workflow_id
        if self._paused or data.get("reason") == "resumption":
            self._tree.resume()
            if self._paused:
                self._ending = None
                self._paused = False

    def _finish(self, event: Event) -> None:
        data = event.data
        if not data:
            self._ignored += 1
            return
        self._name_run(ident(data.get("id")), None)
        self._workflow_id = ident(data.get("workflow_id")) or self._workflow_id
        self._paused = False
        self._ending = {**data, "outputs": shallow(data.get("outputs"))}

    def _pause(self, event: Event) -> None:
        if not event.data:
            self._ignored += 1
            return
        self._name_run(ident(event.data.get("workflow_run_id")), None)
        self._paused = True
        self._ending = {"status": "paused", **event.data, "reasons": shallow(event.data.get("reasons"))}

    def _fail(self, event: Event) -> None:
        """`error` is flat and is not the end: a terminal event can follow, with a worse text."""
        raw = event.raw
        code, message = text(raw.get("code")), text(raw.get("message"))
        self._said = {"code": code, "status": whole(raw.get("status")), "message": message}

    def _answer_with(self, event: Event) -> None:
        delta = event.raw.get("answer")
        if event.name == "message_replace":
            self._answer, self._answer_chars = [], 0
        if isinstance(delta, str) and delta and self._answer_chars < MAX_ANSWER_CHARS:
            self._answer.append(delta[: MAX_ANSWER_CHARS - self._answer_chars])
            self._answer_chars += len(delta)

    def _end_message(self, event: Event) -> None:
        self._usage = mapping(shallow(mapping(event.raw.get("metadata")).get("usage")))

    def _ask(self, event: Event) -> None:
        if event.data and len(self._forms) < MAX_FORMS and shallow(event.data):
            self._forms.append(event.data)

    def _cause(self, end: Mapping[str, Any]) -> str | None:
        """The error event's message where the run failed, unless it says less than the terminal event."""
        status, told = text(end.get("status")), text(end.get("error"))
        said = None if self._said is None else self._said["message"]
        if status is not None and status not in ("failed", "stopped"):
            return told
        if said is not None and status != "stopped" and (said not in _EMPTY_ERRORS or told in _EMPTY_ERRORS):
            return str(said)
        if told is not None and told not in VAGUE:
            return told
        culprit = find_culprit(self.spans()) if status == "failed" else None
        return (culprit.error if culprit is not None else None) or told or said


def _objects(value: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(item for item in value[:MAX_FORMS] if isinstance(item, dict)) if isinstance(value, list) else ()


def _pass(trace: Trace, event: Event) -> None:
    """Known, and of no use to a trace."""


def _with_tree(fold: Callable[[Tree, Mapping[str, Any], int], object]) -> Callable[[Trace, Event], None]:
    def handle(trace: Trace, event: Event) -> None:
        data = event.data
        if ident(data.get("node_id")) is None and ident(data.get("id")) is None:
            trace._ignored += 1
        else:
            fold(trace._tree, data, event.size)

    return handle


_HANDLERS: Mapping[str, Callable[[Trace, Event], None]] = {
    "workflow_started": Trace._start,
    "workflow_finished": Trace._finish,
    "workflow_paused": Trace._pause,
    "error": Trace._fail,
    "message": Trace._answer_with,
    "agent_message": Trace._answer_with,
    "message_replace": Trace._answer_with,
    "message_end": Trace._end_message,
    "human_input_required": Trace._ask,
    "node_started": _with_tree(Tree.begin),
    "node_finished": _with_tree(Tree.end),
    "node_retry": _with_tree(Tree.retry),
    "iteration_started": _with_tree(lambda tree, data, size: tree.open_box(data, "iteration", size)),
    "iteration_next": _with_tree(lambda tree, data, _: tree.turn_box(data, "iteration")),
    "iteration_completed": _with_tree(lambda tree, data, size: tree.close_box(data, "iteration", size)),
    "loop_started": _with_tree(lambda tree, data, size: tree.open_box(data, "loop", size)),
    "loop_next": _with_tree(lambda tree, data, _: tree.turn_box(data, "loop")),
    "loop_completed": _with_tree(lambda tree, data, size: tree.close_box(data, "loop", size)),
    **dict.fromkeys(
        (
            "ping",
            "text_chunk",
            "text_replace",
            "reasoning_chunk",
            "agent_log",
            "agent_thought",
            "message_file",
            "tts_message",
            "tts_message_end",
            "human_input_form_filled",
            "human_input_form_timeout",
            "parallel_branch_started",
            "parallel_branch_finished",
        ),
        _pass,
    ),
}


_RUN_FACTS = (
    "run_id",
    "task_id",
    "workflow_id",
    "status",
    "error",
    "elapsed_s",
    "total_tokens",
    "total_steps",
    "outputs",
    "complete",
    "ignored_events",
)


def as_json(trace: Trace) -> dict[str, Any]:
    """The run and its nested nodes as plain JSON values. `round` of a node that never ended is unknown."""
    facts = trace.facts
    spans = trace.spans()
    nodes = {span.id: _node_json(span) for span in spans}
    roots: list[dict[str, Any]] = []
    for span in spans:
        siblings = roots if span.parent is None else nodes[span.parent]["children"]
        siblings.append(nodes[span.id])
    return {**{name: getattr(facts, name) for name in _RUN_FACTS}, "nodes": roots}


def _node_json(span: NodeSpan) -> dict[str, Any]:
    ended = span.state not in GOING_ON
    return {
        "id": span.id,
        "node_id": span.node_id,
        "type": span.kind,
        "title": span.title,
        "status": span.state if ended else UNFINISHED,
        "error": span.error,
        "elapsed_s": span.elapsed_s,
        "tokens": span.tokens,
        "price": span.price,
        "currency": span.currency,
        "round": span.round if ended else None,
        "branch": span.branch,
        "attempts": span.attempts,
        "children": [],
    }
