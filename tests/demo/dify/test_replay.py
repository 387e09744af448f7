"""Runs of the local Dify: streams, blocking answers, run detail, stop, pause, logs."""

import asyncio
import json
import math
import time
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from bot.demo.dify import WORLD, LocalDify
from bot.demo.dify.recording import STREAMS

from .conftest import Caller, events, make_caller, until

ENDLESS = ("never-ending",)
FINISHING = [app.name for app in WORLD if app.name not in (*ENDLESS, "unpublished", "worker-killed", "approval")]


@pytest.mark.parametrize("app", FINISHING)
async def test_every_app_starts_with_a_ping_and_ends_with_workflow_finished(caller: Caller, app: str) -> None:
    answer = await caller.run(app)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["X-Version"] == "1.16.1"
    assert answer.text.startswith("event: ping\n\ndata: {")
    assert events(answer)[-1]["event"] == "workflow_finished"


def test_every_recording_is_used_or_kept_on_purpose() -> None:
    used = {app.stream for app in WORLD} | {"ifelse_false", "human_input_resume_plain"}
    kept = {path.name.split(".")[0] for path in STREAMS.iterdir()}
    assert used == kept


async def test_two_runs_of_one_app_share_no_id_but_the_workflow(caller: Caller) -> None:
    one, two = events(await caller.run("loops")), events(await caller.run("loops"))
    assert one[0]["data"]["workflow_id"] == two[0]["data"]["workflow_id"]
    for key in ("workflow_run_id", "task_id"):
        assert {event[key] for event in one}.isdisjoint({event[key] for event in two})
    executions = [{e["data"]["id"] for e in run if e["event"] == "node_started"} for run in (one, two)]
    assert executions[0].isdisjoint(executions[1])


async def test_a_node_keeps_its_id_from_start_to_finish(caller: Caller) -> None:
    told = events(await caller.run("parallel"))
    started = {e["data"]["id"] for e in told if e["event"] == "node_started"}
    assert started == {e["data"]["id"] for e in told if e["event"] == "node_finished"}


async def test_a_run_tells_the_time_of_now(caller: Caller) -> None:
    started = events(await caller.run("digest"))[0]
    assert abs(started["data"]["created_at"] - time.time()) < 5


async def test_inputs_are_echoed_where_dify_echoes_them(caller: Caller) -> None:
    tricky = 'Zürich "{{@user}}" \\ \u2028'
    told = events(await caller.run("daily-report", inputs={"city": tricky}))
    asked = told[0]["data"]["inputs"]
    assert asked["city"] == tricky
    assert asked["sys.user_id"] == "u1"
    start = next(e for e in told if e["event"] == "node_finished")
    assert start["data"]["outputs"] == {"city": tricky, "tone": "short"}
    assert tricky in told[-1]["data"]["outputs"]["summary"]
    assert told[-1]["data"]["created_by"]["user"] == "u1"


async def test_raw_unicode_goes_over_the_wire_unescaped(caller: Caller) -> None:
    answer = await caller.run("digest", inputs={"topic": "茶\u2028"})
    assert "茶\u2028: prices fall".encode() in answer.content


async def test_the_tokens_and_prices_of_the_nodes_add_up(caller: Caller) -> None:
    told = events(await caller.run("daily-report"))
    leaves = [e["data"] for e in told if e["event"] == "node_finished" and e["data"]["node_type"] == "llm"]
    tokens = sum(leaf["execution_metadata"]["total_tokens"] for leaf in leaves)
    assert tokens == told[-1]["data"]["total_tokens"] == 4 * 34 * 12
    container = next(e["data"] for e in told if e["event"] == "iteration_completed")
    prices = [Decimal(leaf["execution_metadata"]["total_price"]) for leaf in leaves]
    assert Decimal(container["execution_metadata"]["total_price"]) == sum(prices[:3])


async def test_the_spoken_chunks_add_up_to_the_report(caller: Caller) -> None:
    told = events(await caller.run("daily-report"))
    spoken = [
        e["data"]["text"]
        for e in told
        if e["event"] == "text_chunk" and e["data"]["from_variable_selector"] == ["sum", "text"]
    ]
    assert "".join(spoken) == told[-1]["data"]["outputs"]["summary"]


@pytest.mark.parametrize(("orders", "case"), [(11, "big"), ("3", "false")])
async def test_the_branch_follows_the_input(caller: Caller, orders: object, case: str) -> None:
    told = events(await caller.run("branch", inputs={"n": orders}))
    fork = next(e["data"] for e in told if e["event"] == "node_finished" and e["data"]["node_type"] == "if-else")
    assert fork["outputs"]["selected_case_id"] == case


@pytest.mark.parametrize(
    ("app", "status"),
    [("digest", "succeeded"), ("broken", "failed"), ("partial", "partial-succeeded"), ("time-limit", "stopped")],
)
async def test_the_run_detail_agrees_with_the_last_event(caller: Caller, app: str, status: str) -> None:
    last = events(await caller.run(app))[-1]["data"]
    detail = (await caller.get(app, f"/workflows/run/{last['id']}")).json()
    assert detail["status"] == last["status"] == status
    assert detail["outputs"] == last["outputs"]
    assert detail["error"] == last["error"]
    assert isinstance(detail["inputs"], str)
    assert json.loads(detail["inputs"])["sys.user_id"] == "u1"


async def test_a_huge_output_arrives_whole(caller: Caller) -> None:
    answer = await caller.run("huge-output")
    assert len(answer.content) > 1_500_000
    assert len(events(answer)[-1]["data"]["outputs"]["text"]) == 150_000


async def test_blocking_answers_once_and_a_failed_workflow_is_200(caller: Caller) -> None:
    answer = await caller.run("broken", response_mode="blocking")
    assert answer.status_code == 200
    assert answer.json()["data"]["status"] == "failed"
    assert "created_by" not in answer.json()["data"]


async def test_a_blocking_chatflow_answers_flat(caller: Caller) -> None:
    answer = (await caller.run("chat", response_mode="blocking")).json()
    assert answer["event"] == "message"
    assert answer["answer"].startswith("You asked: When do you open?")


async def test_a_chatflow_speaks_before_its_first_node_and_ends_after_message_end(caller: Caller) -> None:
    told = [e["event"] for e in events(await caller.run("chat"))]
    assert told[:2] == ["workflow_started", "message"]
    assert told[-2:] == ["message_end", "workflow_finished"]


async def test_the_recorded_delays_are_kept_and_divided_by_the_speed() -> None:
    async with make_caller(speed=4.0, ping_s=10.0) as caller:
        began = time.monotonic()
        await caller.run("parallel")
        assert 1.6 / 4 < time.monotonic() - began < 1.6


async def test_a_stop_ends_the_run_and_the_detail_is_late() -> None:
    async with make_caller(settle_s=60.0) as caller:
        async with caller.open("never-ending") as stream:
            chunks = stream.aiter_raw()
            seen = await until(chunks, b"Watch the queue")
            (run,) = caller.dify.starts()
            stop = await caller.post("never-ending", f"/workflows/tasks/{run.task_id}/stop", {"user": "another"})
            assert stop.json() == {"result": "success"}
            seen += b"".join([chunk async for chunk in chunks])
        assert b'"status":"stopped"' in seen
        assert b"Aborted: User requested stop" in seen
        detail = (await caller.get("never-ending", f"/workflows/run/{run.id}")).json()
        assert detail["status"] == "running"
        assert detail["finished_at"] is None
        run.readable_at = 0.0
        detail = (await caller.get("never-ending", f"/workflows/run/{run.id}")).json()
        assert detail["status"] == "stopped"


async def test_stopping_an_unknown_task_succeeds(caller: Caller) -> None:
    answer = await caller.post("digest", "/workflows/tasks/nobody/stop", {"user": "u1"})
    assert answer.json() == {"result": "success"}


async def test_pings_go_on_while_nothing_happens(caller: Caller) -> None:
    async with caller.open("never-ending") as stream:
        chunks = stream.aiter_raw()
        await until(chunks, b"Watch the queue")
        await until(chunks, b"event: ping\n\nevent: ping\n\n")


async def test_a_client_that_leaves_does_not_end_the_run(caller: Caller) -> None:
    async with caller.open("never-ending") as stream:
        await until(stream.aiter_raw(), b"workflow_started")
    (run,) = caller.dify.starts()
    async with asyncio.timeout(5):
        await caller.dify.nobody_listens.wait()
    assert run.status == "running"
    run.stop_asked.set()
    async with asyncio.timeout(5):
        await run.ended.wait()
    assert run.status == "stopped"


async def test_a_killed_worker_ends_the_stream_without_a_last_word(caller: Caller) -> None:
    answer = await caller.run("worker-killed")
    assert events(answer)[-1]["event"] == "node_started"
    (run,) = caller.dify.starts()
    await caller.post("worker-killed", f"/workflows/tasks/{run.task_id}/stop", {"user": "u1"})
    assert (await caller.get("worker-killed", f"/workflows/run/{run.id}")).json()["status"] == "running"


async def test_a_model_that_is_missing_leaves_no_run_behind(caller: Caller) -> None:
    told = events(await caller.run("no-model"))
    assert [e["event"] for e in told] == ["error", "workflow_started", "workflow_finished"]
    assert told[0]["message"] == "Model no-such-model not exist."
    answer = await caller.get("no-model", f"/workflows/run/{told[-1]['workflow_run_id']}")
    assert answer.status_code == 404


async def test_a_form_waits_is_filled_in_once_and_the_run_goes_on(caller: Caller) -> None:
    told = events(await caller.run("approval"))
    assert [e["event"] for e in told[-2:]] == ["human_input_required", "workflow_paused"]
    run_id, token = told[-1]["workflow_run_id"], told[-2]["data"]["form_token"]
    assert (await caller.get("approval", f"/workflows/run/{run_id}")).json()["status"] == "paused"
    form = (await caller.get("approval", f"/form/human_input/{token}")).json()
    assert "Prices rise on Monday" in form["form_content"]
    path = f"/form/human_input/{token}"
    bad = await caller.post("approval", path, {"inputs": {}, "action": "nope", "user": "u1"})
    assert (bad.status_code, bad.json()["message"]) == (400, "Invalid action: nope")
    bad = await caller.post("approval", path, {"inputs": {}, "action": "approve", "user": "u1"})
    assert bad.json()["message"] == "Missing required inputs: comment"
    answer = {"inputs": {"comment": "fine"}, "action": "approve", "user": "u1"}
    assert (await caller.post("approval", path, answer)).json() == {}
    async with asyncio.timeout(5):
        await caller.dify.runs[run_id].ended.wait()
    detail = (await caller.get("approval", f"/workflows/run/{run_id}")).json()
    assert (detail["status"], detail["outputs"]) == ("succeeded", {"result": "approved: fine"})
    assert (await caller.post("approval", path, answer)).status_code == 412


async def test_stopping_a_paused_run_changes_nothing(caller: Caller) -> None:
    paused = events(await caller.run("approval"))[-1]
    await caller.post("approval", f"/workflows/tasks/{paused['task_id']}/stop", {"user": "u1"})
    detail = await caller.get("approval", f"/workflows/run/{paused['workflow_run_id']}")
    assert detail.json()["status"] == "paused"


async def test_the_events_of_a_finished_run_are_its_last_word(caller: Caller) -> None:
    run_id = events(await caller.run("digest"))[0]["workflow_run_id"]
    (last,) = events(await caller.get("digest", f"/workflow/{run_id}/events", user="u1"))
    assert (last["event"], last["task_id"]) == ("workflow_finished", run_id)
    assert (await caller.get("digest", f"/workflow/{run_id}/events", user="u2")).status_code == 404


async def test_the_events_of_a_running_run_begin_with_a_snapshot(caller: Caller) -> None:
    async with caller.open("never-ending") as first:
        await until(first.aiter_raw(), b"Watch the queue")
        (run,) = caller.dify.starts()
        url = f"{caller.dify.url}/workflow/{run.id}/events?user=u1&include_state_snapshot=true"
        async with caller.http.stream("GET", url, headers=caller.headers("never-ending")) as second:
            seen = await until(second.aiter_raw(), b"Watch the queue")
    told = [json.loads(line[6:]) for line in seen.split(b"\n") if line.startswith(b"data: ")]
    assert [e["event"] for e in told] == ["workflow_started", "node_started", "node_finished", "node_started"]
    assert told[1]["data"]["outputs"] is None


async def test_the_log_finds_a_run_by_its_user_newest_first(caller: Caller) -> None:
    for user in ("a", "b", "a"):
        await caller.run("digest", user=user)
    page = (await caller.get("digest", "/workflows/logs", created_by_end_user_session_id="a", limit=1)).json()
    assert (page["total"], page["has_more"], len(page["data"])) == (2, True, 1)
    newest = caller.dify.starts("digest")[-1]
    assert page["data"][0]["workflow_run"]["id"] == newest.id
    assert page["data"][0]["created_by_end_user"]["session_id"] == "a"
    assert (await caller.get("branch", "/workflows/logs")).json()["total"] == 0


async def test_the_log_filters_by_time_and_state(caller: Caller) -> None:
    await caller.run("broken")
    for params, count in (
        ({"created_at__after": "2020-01-01T00:00:00Z"}, 1),
        ({"created_at__before": "2020-01-01T00:00:00Z"}, 0),
        ({"status": "failed"}, 1),
        ({"status": "succeeded"}, 0),
    ):
        assert (await caller.get("broken", "/workflows/logs", **params)).json()["total"] == count


async def test_what_happened_is_logged_for_other_processes(tmp_path: Path) -> None:
    dify = LocalDify(speed=math.inf, log_file=tmp_path / "dify.log")
    await dify.start()
    async with httpx.AsyncClient(trust_env=False) as http:
        caller = Caller(dify, http)
        await caller.run("digest")
        answer = (await http.get(dify.url.removesuffix("/v1") + "/control/log")).json()
    await dify.stop()
    assert [line["what"] for line in answer["log"]] == ["start", "end"]
    kept = [json.loads(line) for line in (tmp_path / "dify.log").read_text().splitlines()]
    assert kept == answer["log"] == dify.log
    assert dify.keys["digest"] not in (tmp_path / "dify.log").read_text()
