"""The message of a digest: what ended and how in its first line, each run on a line, and a menu that opens them."""

from collections import Counter
from typing import Any

from bot.blocks.digest import digest_message, run_told
from storage.records import Fault, Run, RunState
from tests.storage.examples import NOW, a_run

WHEN = f"<!date^{int(NOW.timestamp())}^{{time}}|"


def ended(number: int, **fields: Any) -> Run:
    plain = {"id": number, "state": RunState.SUCCEEDED, "elapsed_s": 42.0, "ended_at": NOW, "name": f"Job {number}"}
    return a_run(**plain | fields)


def counted(*runs: Run) -> Counter[RunState]:
    return Counter(run.state for run in runs)


def plainly(run: Run) -> str:
    return run_told(run).replace("\u00a0", " ")


def test_a_line_tells_name_state_time_tokens_price_and_number() -> None:
    told = plainly(ended(7, tokens=12345, price="0.0123", currency="USD"))
    assert told.startswith(f"✅ *Job 7* finished · 42 s · 12,345 tokens · ≈ $0.012 · {WHEN}")
    assert told.endswith("> · run 7")


def test_what_is_not_known_is_left_out_of_a_line() -> None:
    assert plainly(ended(7, elapsed_s=None)).startswith(f"✅ *Job 7* finished · {WHEN}")


def test_a_line_of_a_failure_tells_why_and_calls_nobody() -> None:
    fault = Fault(code="http", message="<!channel> 502 & more\nTraceback")
    told = plainly(ended(7, state=RunState.FAILED, fault=fault))
    assert told.startswith("❌ *Job 7* failed: &lt; !channel&gt; 502 &amp; more · 42 s")


def test_what_a_person_says_of_a_run_stands_in_its_line() -> None:
    assert "finished, marked as failed" in plainly(ended(7, mark="failed"))


def test_all_is_well_where_all_is() -> None:
    runs = [ended(number) for number in range(1, 31)]
    message = digest_message(runs, counted(*runs))
    assert message.text == "30 runs ended: 30 finished."
    assert message.blocks[0]["text"]["text"] == "✅ *30 runs ended: 30 finished.*"
    assert "thread" not in str(message.blocks)


def test_those_that_failed_are_counted_first_and_named_in_the_notification() -> None:
    failed = [ended(number, state=RunState.FAILED) for number in range(1, 8)]
    runs = [*failed, ended(8, state=RunState.TIMED_OUT), ended(9), ended(10, state=RunState.PARTIAL)]
    message = digest_message(runs, counted(*runs))
    told = "10 runs ended: 7 failed, 1 timed out, 1 finished with warnings, 1 finished."
    assert message.text == f"{told} Look at *Job 1*, *Job 2*, *Job 3*, *Job 4*, *Job 5* and 3 more."
    assert message.blocks[0]["text"]["text"] == f"⚠️ *{told}*"


def test_what_needs_nobodys_care_is_folded_away_where_it_is_much() -> None:
    failed, warned = ended(1, state=RunState.FAILED), ended(2, state=RunState.PARTIAL)
    runs = [failed, warned, *(ended(number) for number in range(3, 31))]
    _, shown, fold, *_ = digest_message(runs, counted(*runs)).blocks
    assert shown["text"]["text"].splitlines() == [run_told(failed), run_told(warned)]
    assert (fold["type"], fold["default_collapsed"]) == ("container", True)
    assert fold["title"]["text"] == "28 runs that finished"
    folded = [line for block in fold["child_blocks"] for line in block["text"]["text"].splitlines()]
    assert folded == [run_told(run) for run in runs[2:]]
    few = digest_message(runs[:12], counted(*runs[:12]))
    assert [block["type"] for block in few.blocks] == ["section", "section", "section", "context", "actions"]


def test_a_digest_of_several_pages_says_where_the_others_are() -> None:
    runs = [ended(number) for number in range(1, 41)]
    counts = Counter({RunState.SUCCEEDED: 100})
    assert "The other runs stand in the thread." in str(digest_message(runs, counts, pages=3).blocks)
    page = digest_message(runs[:3], counts, page=2, pages=3)
    assert page.text == "Page 3 of 3: *Job 1*, *Job 2*, *Job 3*"
    assert "ended" not in str(page.blocks[0])


def test_each_run_can_be_chosen_by_name_and_number() -> None:
    runs = [ended(1), ended(2, name="A name that is far too long for a line of a menu, and still tells which")]
    (menu,) = digest_message(runs, counted(*runs)).blocks[-1]["elements"]
    assert menu["action_id"] == "open_trace"
    assert [option["value"] for option in menu["options"]] == ["run:1", "run:2"]
    assert menu["options"][1]["text"]["text"].endswith("… · run 2")
