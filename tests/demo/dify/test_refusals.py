"""What the local Dify refuses, in Dify's own words."""

import contextlib
import json
from typing import Any

import httpx
import pytest

from .conftest import Caller, events, make_caller

RUN = "/workflows/run"
GHOST = "00000000-0000-0000-0000-000000000000"


async def test_a_missing_and_a_wrong_key_are_401_with_the_scheme(caller: Caller) -> None:
    for headers, message in (
        ({}, "Authorization header must be provided and start with 'Bearer'"),
        ({"Authorization": "Bearer app-nope"}, "Access token is invalid"),
    ):
        answer = await caller.http.post(caller.dify.url + RUN, json={}, headers=headers)
        assert answer.json() == {"code": "unauthorized", "message": message, "status": 401}
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
        assert answer.headers["X-Version"] == "1.16.1"


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        ({"inputs": {}}, 400, "Arg user must be provided."),
        ({"inputs": {}, "user": ""}, 400, "Arg user must be provided."),
        ({"inputs": "abc", "user": "u"}, 400, "Input should be a valid dictionary [type=dict_type"),
        ({"user": "u"}, 400, "Field required [type=missing"),
        ({"inputs": {}, "user": "u" * 256}, 500, "Internal Server Error"),
        (["list"], 400, "could not understand"),
    ],
)
async def test_a_bad_payload_is_refused(caller: Caller, body: object, status: int, part: str) -> None:
    answer = await caller.post("digest", RUN, body)
    assert answer.status_code == status
    assert part in answer.json()["message"]
    assert caller.dify.starts() == []


async def test_another_content_type_is_415_and_bad_json_400(caller: Caller) -> None:
    url, headers = caller.dify.url + RUN, caller.headers("digest")
    answer = await caller.http.post(url, headers=headers, data={"a": "b"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    headers["Content-Type"] = "application/json"
    answer = await caller.http.post(url, headers=headers, content=b'{"inputs": ')
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


BAD_INPUTS: list[tuple[dict[str, Any], str]] = [
    ({"lang": "en"}, "name is required in input form"),
    ({"name": "", "lang": "en"}, "name is required in input form"),
    ({"name": "a", "lang": "xx"}, "lang in input form must be one of the following: ['en', 'ja', 'zh']"),
    ({"name": "a" * 49}, "name in input form must be less than 48 characters"),
    ({"name": "a", "count": "many"}, "count in input form must be a valid number"),
    ({"name": "a", "blob": '{"a": 1}'}, "blob in input form must be a dict"),
    ({"name": "a", "doc": {"transfer_method": "local_file", "upload_file_id": GHOST}}, "Invalid upload file"),
]


@pytest.mark.parametrize(("inputs", "error"), BAD_INPUTS)
async def test_bad_inputs_are_a_200_with_a_run_that_never_was(
    caller: Caller, inputs: dict[str, Any], error: str
) -> None:
    answer = await caller.run("forms", inputs=inputs)
    start, end = events(answer)
    assert answer.status_code == 200
    assert (start["event"], end["event"]) == ("workflow_started", "workflow_finished")
    assert start["task_id"] == start["workflow_run_id"] == end["data"]["id"]
    assert (end["data"]["status"], end["data"]["error"]) == ("failed", error)
    assert (end["data"]["created_by"], end["data"]["exceptions_count"]) == ({}, 1)
    assert (await caller.get("forms", f"{RUN}/{end['data']['id']}")).status_code == 404
    blocking = await caller.run("forms", inputs=inputs, response_mode="blocking")
    assert blocking.json() == {"code": "invalid_param", "message": error, "status": 400}


async def test_odd_but_good_inputs_are_taken(caller: Caller) -> None:
    headers = caller.headers("forms")
    file = {"file": ("report.txt", b"0123456789", "text/plain")}
    url = caller.dify.url + "/files/upload"
    uploaded = await caller.http.post(url, headers=headers, files=file, data={"user": "u1"})
    assert (uploaded.status_code, uploaded.json()["size"]) == (201, 10)
    doc = {"type": "document", "transfer_method": "local_file", "upload_file_id": uploaded.json()["id"]}
    inputs = {"name": "a", "count": "7", "flag": "true", "blob": {"a": 1}, "doc": doc, "nope": 1}
    told = events(await caller.run("forms", inputs=inputs))
    taken = told[0]["data"]["inputs"]
    assert told[-1]["data"]["status"] == "succeeded"
    assert (taken["count"], taken["flag"], taken["lang"]) == (7, True, "en")
    assert "nope" not in taken
    other = events(await caller.run("forms", inputs=inputs, user="u2"))
    assert other[-1]["data"]["error"] == "Invalid upload file"


@pytest.mark.parametrize(
    ("app", "path", "status", "code"),
    [
        ("digest", f"{RUN}/{GHOST}", 404, "not_found"),
        ("digest", f"{RUN}/not-a-uuid", 500, "unknown"),
        ("digest", f"/workflow/{GHOST}/events", 400, "invalid_param"),
        ("digest", f"/workflow/{GHOST}/events?user=u1", 404, "not_found"),
        ("digest", "/workflows/logs?limit=500", 400, "invalid_param"),
        ("digest", "/workflows/logs?created_at__after=yesterday", 400, "invalid_param"),
        ("digest", "/workflows/logs?status=partial-succeeded", 400, "invalid_param"),
        ("digest", "/form/human_input/deadbeef", 404, "not_found"),
        ("unpublished", "/parameters", 400, "app_unavailable"),
    ],
)
async def test_a_question_without_an_answer(caller: Caller, app: str, path: str, status: int, code: str) -> None:
    answer = await caller.get(app, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_run_of_another_app_is_not_found(caller: Caller) -> None:
    run_id = events(await caller.run("digest"))[0]["workflow_run_id"]
    answer = await caller.get("branch", f"{RUN}/{run_id}")
    assert answer.json() == {"code": "not_found", "message": "Workflow run not found.", "status": 404}


async def test_the_wrong_route_names_the_mistake(caller: Caller) -> None:
    for app, path, code in (
        ("chat", RUN, "not_workflow_app"),
        ("digest", "/chat-messages", "not_chat_app"),
        ("digest", "/completion-messages", "app_unavailable"),
    ):
        answer = await caller.post(app, path, {**caller.body(app), "query": "x"})
        assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_chatflow_needs_a_query(caller: Caller) -> None:
    answer = await caller.run("chat", query=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert "query\n  Field required" in answer.json()["message"]


async def test_a_published_version_can_be_run_by_its_id(caller: Caller) -> None:
    workflow_id = events(await caller.run("digest"))[0]["data"]["workflow_id"]
    answer = await caller.post("digest", f"/workflows/{workflow_id}/run", caller.body("digest"))
    assert events(answer)[-1]["data"]["status"] == "succeeded"
    for bad, status in (("not-a-uuid", 400), (GHOST, 404)):
        answer = await caller.post("digest", f"/workflows/{bad}/run", caller.body("digest"))
        assert answer.status_code == status


async def test_an_unpublished_workflow_says_so(caller: Caller) -> None:
    answer = await caller.run("unpublished")
    assert answer.json() == {"code": "invalid_param", "message": "Workflow not published", "status": 400}
    assert (await caller.get("unpublished", "/info")).json()["name"] == "unpublished"


async def test_the_form_of_every_field_is_described(caller: Caller) -> None:
    form = (await caller.get("forms", "/parameters")).json()["user_input_form"]
    kinds = [next(iter(field)) for field in form]
    assert kinds == ["text-input", "paragraph", "number", "select", "checkbox", "file", "file-list", "json_object"]
    assert form[2]["number"]["default"] == "5"


async def test_the_app_tells_about_itself(caller: Caller) -> None:
    assert (await caller.get("chat", "/info")).json()["mode"] == "advanced-chat"
    assert (await caller.get("chat", "/site")).json()["title"] == "chat"
    assert (await caller.get("chat", "/meta")).json() == {"tool_icons": {}}


async def test_faults_strike_as_ordered_and_only_as_often(caller: Caller) -> None:
    mischief = caller.dify.mischief
    mischief.fail_next()
    assert (await caller.run("digest")).json()["code"] == "unknown"
    mischief.too_many_next(app="digest")
    busy = await caller.run("digest")
    assert busy.status_code == 400
    assert busy.json()["message"].startswith("Too many requests. Please try again later.")
    mischief.fail_next(status=502, on="detail")
    assert (await caller.get("digest", f"{RUN}/{GHOST}")).status_code == 502
    assert caller.dify.starts() == []
    assert events(await caller.run("digest"))[-1]["data"]["status"] == "succeeded"


async def test_a_dropped_line_says_nothing_about_the_run(caller: Caller) -> None:
    mischief = caller.dify.mischief
    for order, runs in ((mischief.refuse_next, 0), (mischief.hang_up_next, 0), (mischief.drop_answer_next, 1)):
        before = len(caller.dify.starts())
        order()
        async with httpx.AsyncClient(trust_env=False) as fresh:
            with pytest.raises(httpx.TransportError):
                await Caller(caller.dify, fresh).run("digest")
        assert len(caller.dify.starts()) - before == runs
    (run,) = caller.dify.starts()
    await run.ended.wait()
    assert run.status == "succeeded"


async def test_a_closed_door_refuses_and_an_open_one_does_not(caller: Caller) -> None:
    caller.dify.close_door()
    async with httpx.AsyncClient(trust_env=False) as fresh:
        with pytest.raises(httpx.ConnectError):
            await fresh.get(caller.dify.url + "/info")
    await caller.dify.open_door()
    assert (await caller.get("digest", "/info")).status_code == 200


async def test_a_stream_is_cut_where_ordered_and_the_run_goes_on(caller: Caller) -> None:
    mischief = caller.dify.mischief
    mischief.cut_next(3, is_clean=True)
    assert len(events(await caller.run("digest"))) == 3
    mischief.cut_next(0, is_clean=True)
    assert (await caller.run("digest")).text == "event: ping\n\n"
    mischief.cut_next(100, in_bytes=True)
    seen = b""
    async with caller.open("digest") as stream:
        with contextlib.suppress(httpx.RemoteProtocolError):
            async for chunk in stream.aiter_raw():
                seen += chunk
    assert len(seen) == len(b"event: ping\n\n") + 100
    for run in caller.dify.starts():
        await run.ended.wait()
        assert run.status == "succeeded"


async def test_a_dripping_stream_says_the_same(caller: Caller) -> None:
    caller.dify.mischief.drip_next(0.0, size=7)
    assert events(await caller.run("digest"))[-1]["data"]["status"] == "succeeded"


async def test_a_revoked_key_is_unknown_until_restored(caller: Caller) -> None:
    caller.dify.mischief.revoke("digest")
    assert (await caller.run("digest")).status_code == 401
    assert (await caller.run("branch")).status_code == 200
    caller.dify.mischief.restore("digest")
    assert (await caller.run("digest")).status_code == 200


async def test_stops_can_be_ignored_and_log_rows_late(caller: Caller) -> None:
    control = caller.dify.url.removesuffix("/v1") + "/control"
    orders: list[dict[str, Any]] = [{"do": "ignore_stops"}, {"do": "delay_logs", "seconds": 60}]
    for order in orders:
        assert (await caller.http.post(control, json=order)).json() == {"result": "success"}
    async with caller.open("never-ending"):
        (run,) = caller.dify.starts()
        answer = await caller.post("never-ending", f"/workflows/tasks/{run.task_id}/stop", {"user": "u1"})
        assert answer.json() == {"result": "success"}
        assert not run.stop_asked.is_set()
        assert (await caller.get("never-ending", "/workflows/logs")).json()["total"] == 0
    assert (await caller.http.post(control, json={"do": "__init__"})).status_code == 400


async def test_only_pings_or_nothing_can_be_ordered() -> None:
    async with make_caller(ping_s=0.01) as caller:
        caller.dify.mischief.ping_only_next()
        async with caller.open("never-ending") as stream:
            seen = b""
            async for chunk in stream.aiter_raw():
                seen += chunk
                if seen.count(b"event: ping") > 3:
                    break
        assert b"data:" not in seen
        caller.dify.mischief.silence_next(1)
        with pytest.raises(httpx.ReadTimeout):
            await caller.http.post(
                caller.dify.url + RUN,
                headers=caller.headers("never-ending"),
                json=caller.body("never-ending"),
                timeout=0.2,
            )


async def test_json_answers_are_json(caller: Caller) -> None:
    answer = await caller.get("digest", "/info")
    assert json.loads(answer.content)["name"] == "digest"
