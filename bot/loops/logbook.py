"""What is known of a run in flight: its row and its trace as far as they have come."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.dify.trace import Trace
from bot.loops.keep import Snapshot
from storage.records import NodeSpan, Run

LIVE_AFTER = timedelta(seconds=2)  # a run shorter than this is told once, by its result
SAVED_WITHIN = timedelta(seconds=0.5)  # what was to be saved so long before it is in the first message for certain
LIVE_EVERY = timedelta(seconds=3)  # Slack's own advice for edits of one message


class Logbook:
    """Written by the flight, read by whoever saves it. `earlier` is the trace that an owner before has saved."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.trace = Trace()
        self.earlier: tuple[NodeSpan, ...] = ()
        self.heard_at = run.heard_at
        self.is_changed = False
        self.is_name_owed = False  # what is told by the first words of Dify is still to be saved
        self._shown_at: datetime | None = None
        self._shown_nodes = 0

    @property
    def dify_run_id(self) -> str | None:
        return self.trace.run_id or self.run.dify_run_id

    @property
    def task_id(self) -> str | None:
        return self.trace.task_id or self.run.task_id

    @property
    def spans(self) -> tuple[NodeSpan, ...]:
        return self.trace.spans() or self.earlier

    def note_heard(self, at: datetime) -> None:
        """Dify has taken the request."""
        self.heard_at, self.is_name_owed = at, True

    def note_named(self) -> None:
        """Dify has named the run."""
        trace = self.trace
        self.run = replace(
            self.run,
            dify_run_id=trace.run_id,
            task_id=trace.task_id,
            workflow_id=trace.workflow_id or self.run.workflow_id,
            heard_at=self.heard_at,
        )
        self.is_name_owed = True

    def first_words(self) -> Run:
        """The run with what Dify's first words have told; what comes later is owed again."""
        self.is_name_owed = False
        if self.run.heard_at != self.heard_at:
            self.run = replace(self.run, heard_at=self.heard_at)
        return self.run

    def snapshot(self) -> Snapshot:
        """The run and its trace as they now are; what comes later marks them as changed again."""
        self.is_changed = self.is_name_owed = False
        facts, spans = self.trace.facts, self.spans
        self.run = replace(
            self.run,
            dify_run_id=self.dify_run_id,
            task_id=self.task_id,
            workflow_id=facts.workflow_id or self.run.workflow_id,
            nodes=facts.nodes or self.run.nodes,
            nodes_done=facts.nodes_done or self.run.nodes_done,
            current_node=facts.current_node,
            heard_at=self.heard_at,
        )
        failed = sum(1 for span in spans if span.state == "failed")
        return Snapshot(self.run, spans, failed, facts.ignored_events)

    def has_news(self, now: datetime) -> bool:
        """Whether there is something to save, or to show that was seen too early to be shown."""
        return self.is_changed or self.is_name_owed or self._is_worth_showing(now)

    def begin_showing(self, now: datetime) -> bool:
        """Whether its message should be edited now, to what the last snapshot brought; at most every few seconds, and
        only for something new. The first message tells what was known by then."""
        if self.run.started_at is not None and now < self.run.started_at + LIVE_AFTER - SAVED_WITHIN:
            self._shown_nodes = self.run.nodes_done
        if not self._is_worth_showing(now):
            return False
        self._shown_at, self._shown_nodes = now, self.run.nodes_done
        return True

    def _is_worth_showing(self, now: datetime) -> bool:
        is_early = self.run.started_at is None or now - self.run.started_at < LIVE_AFTER
        is_soon = self._shown_at is not None and now - self._shown_at < LIVE_EVERY
        return not (is_early or is_soon) and self.run.nodes_done != self._shown_nodes
