"""The messages that call somebody."""

import json
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.alert import failure_alert, lost_alert, missed_alert, recovery_notice, timeout_alert
from storage.records import Fault, Job, NodeSpan, Run, RunState
from tests.blocks.makers import NOW, jobs, make_job, make_run, make_span, moments, patient, runs, sound, spans


@patient
@given(runs, st.none() | jobs, st.none() | spans, moments, st.integers(0, 99), st.none() | moments, st.booleans())
def test_any_alert_is_one_that_slack_takes(
    run: Run,
    job: Job | None,
    span: NodeSpan | None,
    since: datetime,
    count: int,
    last: datetime | None,
    mention: bool,
) -> None:
    for shown in (
        failure_alert(run, job, since=since, failures=count, last_success=last, span=span, mention=mention),
        timeout_alert(run, job, since=since, failures=count, last_success=last, span=span, mention=mention),
        lost_alert(run, job, since=since, failures=count, last_success=last, mention=mention),
        recovery_notice(job, run, since, count),
    ):
        sound(shown)


def test_an_alert_names_job_cause_node_and_since_when_and_calls_the_owner() -> None:
    run = make_run(
        state=RunState.FAILED, fault=Fault(code="node", message="502 Bad Gateway", where="HTTP request"), elapsed_s=12
    )
    span = make_span(title="HTTP request", state="failed", error="502 Bad Gateway", attempts=3)
    shown = sound(
        failure_alert(
            run, make_job(), since=NOW, failures=4, last_success=NOW - timedelta(days=1), span=span, mention=True
        )
    )
    assert shown.text.startswith(
        "<@UOWNER> *Nightly digest* failed at node *HTTP request* after 12 s: 502 Bad Gateway"
    )
    assert shown.text.endswith("(3 tries). 4 failures in a row.")
    small = shown.blocks[1]["elements"][0]["text"]
    assert small.startswith("failing since <!date^1795478400^")
    assert "last success <!date^1795392000^" in small
    assert [one["action_id"] for one in shown.blocks[-1]["elements"]] == ["run_again", "open_trace", "pause_job"]


def test_nobody_is_called_unless_asked_and_never_by_a_strange_id() -> None:
    quiet = failure_alert(make_run(), make_job(), since=NOW, failures=1, last_success=None)
    strange = failure_alert(
        make_run(), make_job(owner_id="!channel"), since=NOW, failures=1, last_success=None, mention=True
    )
    assert "<@" not in quiet.text + json.dumps(quiet.blocks) + strange.text
    assert "no success yet" in json.dumps(quiet.blocks)
    assert "in a row" not in quiet.text


def test_a_timeout_alert_tells_the_limit_and_a_lost_one_what_it_means() -> None:
    late = sound(timeout_alert(make_run(), make_job(), since=NOW, failures=1, last_success=None, span=make_span()))
    assert late.text.startswith("*Nightly digest* timed out: it was stopped after 10 min, its limit.")
    assert late.text.endswith("Last node: *LLM summarise*, running 3.2 s.")
    lost = sound(lost_alert(make_run(state=RunState.LOST), make_job(), since=NOW, failures=1, last_success=None))
    assert "nothing was started again" in lost.text
    assert "confirm" in lost.blocks[-1]["elements"][0]


def test_a_failure_that_counts_as_a_success_is_told_as_what_it_is() -> None:
    run = make_run(state=RunState.FAILED, mark="succeeded", ended_at=NOW)
    told = "*Nightly digest* counts as well again: run 381 failed, marked as succeeded. It failed 1 time."
    assert sound(recovery_notice(make_job(), run, NOW, 1)).text == told


def test_a_recovery_tells_how_long_and_how_often_it_failed() -> None:
    run = make_run(ended_at=NOW + timedelta(hours=2, minutes=5))
    shown = sound(recovery_notice(make_job(), run, NOW, 4))
    assert shown.text == "*Nightly digest* works again: run 381 finished. It failed 4 times in 2 h 5 min."


def test_times_that_were_missed_in_a_row_are_told_once_with_how_many_and_since_when() -> None:
    run = make_run(state=RunState.MISSED, reason="nobody looked after it", slot_at=NOW)
    told = {"since": NOW, "failures": 1, "last_success": None}
    (one, four) = (
        sound(missed_alert(run, make_job(), **told)),
        sound(missed_alert(run, make_job(), missed=4, first_at=NOW - timedelta(hours=3), **told)),
    )
    assert one.text.startswith("*Nightly digest* did not run at <!date^")
    assert four.text.startswith("*Nightly digest* did not run 4 times in a row, from <!date^")
    assert one.text.endswith(": nobody looked after it.")
