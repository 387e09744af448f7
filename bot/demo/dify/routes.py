"""The endpoints of Dify's Service API that the local Dify answers."""

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from bot.demo.dify import answers
from bot.demo.dify.answers import refusal
from bot.demo.dify.books import Books
from bot.demo.dify.desk import Desk
from bot.demo.dify.forms import check_inputs
from bot.demo.dify.reading import Refused, is_uuid, read_count, read_json, read_payload, read_time, read_user
from bot.demo.dify.run import DemoRun, play
from bot.demo.dify.stream import hang_up, listen, open_stream, tell
from bot.demo.dify.world import DemoApp

Handler = Callable[[web.Request, DemoApp], Awaitable[web.StreamResponse]]
LOG_STATES = ("succeeded", "failed", "stopped")


class Routes:
    """Each method is one endpoint; `_guard` checks the key and the faults first."""

    def __init__(self, dify: Books) -> None:
        self.dify = dify
        self.desk = Desk(dify)

    def add_to(self, application: web.Application) -> None:
        on = application.router.add_route
        on("POST", "/v1/workflows/run", self._guard("start", self.run_workflow))
        on("POST", "/v1/workflows/{workflow}/run", self._guard("start", self.run_workflow))
        on("GET", "/v1/workflows/run/{run}", self._guard("detail", self.read_run))
        on("GET", "/v1/workflows/logs", self._guard("logs", self.read_logs))
        on("POST", "/v1/workflows/tasks/{task}/stop", self._guard("stop", self.stop_task))
        on("GET", "/v1/workflow/{run}/events", self._guard("events", self.read_events))
        on("POST", "/v1/chat-messages", self._guard("start", self.chat))
        on("POST", "/v1/chat-messages/{task}/stop", self._guard("stop", self.stop_task))
        on("POST", "/v1/completion-messages", self._guard("start", self.complete))
        on("GET", "/v1/info", self._guard("info", self.desk.read_info))
        on("GET", "/v1/site", self._guard("site", self.desk.read_site))
        on("GET", "/v1/meta", self._guard("meta", self.desk.read_meta))
        on("GET", "/v1/parameters", self._guard("parameters", self.desk.read_parameters))
        on("POST", "/v1/files/upload", self._guard("upload", self.desk.upload))
        on("GET", "/v1/form/human_input/{token}", self._guard("form", self.desk.read_form))
        on("POST", "/v1/form/human_input/{token}", self._guard("form", self.desk.fill_form))

    def _guard(self, kind: str, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not key:
                return refusal(401, "unauthorized", answers.NO_HEADER)
            app = self.dify.key_owner(key)
            if app is None:
                return refusal(401, "unauthorized", answers.BAD_KEY)
            try:
                if kind != "start" and (early := await self._spoil(request, kind, app)) is not None:
                    return early
                return await handler(request, app)
            except Refused as refused:
                return refused.response

        return answer

    async def _spoil(self, request: web.Request, kind: str, app: DemoApp) -> web.Response | None:
        spoil = self.dify.mischief.take(kind, app.name)
        if spoil is None:
            return None
        if spoil.kind == "stall":
            await asyncio.sleep(spoil.seconds)
            return None
        if spoil.kind == "hang_up":
            hang_up(request)
        return _http_error(spoil.status)

    async def run_workflow(self, request: web.Request, app: DemoApp) -> web.StreamResponse:
        if app.mode != "workflow":
            return refusal(400, "not_workflow_app", answers.NOT_WORKFLOW)
        self._check_version(request, app)
        return await self._start(request, app, await read_payload(request, "WorkflowRunPayload"))

    async def chat(self, request: web.Request, app: DemoApp) -> web.StreamResponse:
        payload = await read_payload(request, "ChatRequestPayload")
        if app.mode == "workflow":
            return refusal(400, "not_chat_app", answers.NOT_CHAT)
        if not isinstance(payload.get("query"), str):
            text = answers.validation("ChatRequestPayload", "query", "missing|Field required", str(payload))
            return refusal(400, "invalid_param", text)
        return await self._start(request, app, payload)

    async def complete(self, request: web.Request, app: DemoApp) -> web.StreamResponse:
        return refusal(400, "app_unavailable", answers.UNAVAILABLE)

    def _check_version(self, request: web.Request, app: DemoApp) -> None:
        asked = request.match_info.get("workflow")
        if asked is None:
            return
        if not is_uuid(asked):
            raise Refused(refusal(400, "bad_request", f"Invalid workflow_id format: '{asked}'. "))
        if asked != self.dify.ids[app.name][1]:
            raise Refused(refusal(404, "not_found", f"Workflow not found with id: {asked}"))

    async def _start(self, request: web.Request, app: DemoApp, payload: Mapping[str, Any]) -> web.StreamResponse:
        spoil = self.dify.mischief.take("start", app.name)
        kind = spoil.kind if spoil else ""
        app_id, workflow_id = self.dify.ids[app.name]
        if spoil is not None and kind in ("fail", "hang_up"):
            self.dify.note("refused", app=app.name, user=payload["user"], by=kind)
            if kind == "hang_up":
                hang_up(request)
            return _http_error(spoil.status)
        if kind == "too_many":
            return answers.too_many(app_id)
        if not app.is_published:
            return refusal(400, "invalid_param", "Workflow not published")
        if spoil is not None and kind == "stall":
            await asyncio.sleep(spoil.seconds)
        is_streaming = payload.get("response_mode") == "streaming"
        files = self.desk.files.get((app.name, payload["user"]), {})
        inputs, error = check_inputs(app.form, payload["inputs"], files)
        if error is not None:
            self.dify.note("refused", app=app.name, user=payload["user"], by=error)
            return await self._refuse_inputs(request, app, payload["inputs"], error, is_streaming)
        run = DemoRun(
            app=app,
            app_id=app_id,
            workflow_id=workflow_id,
            user=payload["user"],
            inputs=inputs,
            query=payload.get("query", ""),
            mode=app.mode,
        )
        feed = run.subscribe()
        self.dify.admit(run, play(run, self.dify.speed, self.dify.ping_s, self.dify.note))
        if kind == "drop_answer":
            hang_up(request)
            return web.Response()
        if not is_streaming:
            await run.ended.wait()
            return web.json_response(answers.blocking(run))
        self.dify.count_stream(+1)
        try:
            return await listen(request, feed, spoil)
        finally:
            self.dify.count_stream(-1)
            run.feeds.discard(feed)

    async def _refuse_inputs(
        self, request: web.Request, app: DemoApp, inputs: Mapping[str, Any], error: str, is_streaming: bool
    ) -> web.StreamResponse:
        if not is_streaming:
            return refusal(400, "invalid_param", error)
        app_id, workflow_id = self.dify.ids[app.name]
        events = answers.refused_run(app_id, workflow_id, inputs, error)
        return await tell(await open_stream(request), *(json.dumps(one, ensure_ascii=False) for one in events))

    async def read_run(self, request: web.Request, app: DemoApp) -> web.Response:
        if not is_uuid(request.match_info["run"]):
            return answers.crash()
        return web.json_response(answers.detail(self._find_run(request, app)))

    def _find_run(self, request: web.Request, app: DemoApp) -> DemoRun:
        run = self.dify.runs.get(request.match_info["run"])
        if run is None or run.app is not app or not run.has_row:
            raise Refused(refusal(404, "not_found", answers.NO_RUN))
        return run

    async def stop_task(self, request: web.Request, app: DemoApp) -> web.Response:
        payload = await read_json(request)
        user = read_user(payload.get("user"))
        task = request.match_info["task"]
        run = self.dify.tasks.get(task)
        self.dify.note("stop", app=app.name, task=task, user=user, known=run is not None)
        if run is not None and self.dify.mischief.stop_works and run.status == "running":
            asyncio.get_running_loop().call_later(self.dify.stop_s, run.stop_asked.set)
        return web.json_response({"result": "success"})

    async def read_events(self, request: web.Request, app: DemoApp) -> web.StreamResponse:
        user = read_user(request.query.get("user"))
        run = self.dify.runs.get(request.match_info["run"])
        if run is None or run.app is not app or run.user != user:
            return refusal(404, "not_found", "Workflow run not found")
        if run.ended.is_set() and run.last:
            last = {**run.last, "task_id": run.id}
            return await tell(await open_stream(request), json.dumps(last), ping=False)
        feed = run.subscribe()
        try:
            wants_snapshot = request.query.get("include_state_snapshot") == "true"
            if wants_snapshot:
                _put_snapshot(run, feed)
            return await listen(request, feed, None, ping=wants_snapshot)
        finally:
            run.feeds.discard(feed)

    async def read_logs(self, request: web.Request, app: DemoApp) -> web.Response:
        query = request.query
        page, limit = (
            read_count(query.get("page", "1"), "page", 99999),
            read_count(query.get("limit", "20"), "limit", 100),
        )
        after, before = read_time(query.get("created_at__after")), read_time(query.get("created_at__before"))
        status = query.get("status")
        if status is not None and status not in LOG_STATES:
            text = "literal_error|Input should be 'succeeded', 'failed' or 'stopped'"
            return refusal(400, "invalid_param", answers.validation("WorkflowLogQuery", "status", text, status))
        user = query.get("created_by_end_user_session_id")
        keyword = query.get("keyword", "")
        now = time.time()
        rows = [
            run
            for run in reversed(self.dify.starts(app.name))
            if run.has_row
            and run.row_at <= now
            and user in (None, "", run.user)
            and status in (None, run.status)
            and (after is None or run.created_at >= after)
            and (before is None or run.created_at <= before)
            and keyword in json.dumps([run.id, run.user, run.inputs, run.outputs], ensure_ascii=False)
        ]
        start = (page - 1) * limit
        data = [answers.log_row(run) for run in rows[start : start + limit]]
        has_more = len(rows) > start + limit
        return web.json_response(
            {"page": page, "limit": limit, "total": len(rows), "has_more": has_more, "data": data}
        )


def _put_snapshot(run: DemoRun, feed: asyncio.Queue[bytes | None]) -> None:
    ids = {"workflow_run_id": run.id, "task_id": run.id}
    start = {
        "id": run.id,
        "workflow_id": run.workflow_id,
        "inputs": {**run.inputs, **run.sys_inputs},
        "created_at": int(run.created_at),
        "reason": "initial",
    }
    events: list[tuple[str, Mapping[str, Any]]] = [("workflow_started", start)]
    nodes = [one for one in run.sent if one[0] in ("node_started", "node_finished")]
    for index, (event, node) in enumerate(nodes, 1):
        events.append((event, {**node, "index": index, "inputs": None, "outputs": None}))
    for event, data in events[: math.floor(feed.maxsize / 2)]:
        text = json.dumps({"event": event, **ids, "data": data}, ensure_ascii=False)
        feed.put_nowait(b"data: " + text.encode() + b"\n\n")


def _http_error(status: int) -> web.Response:
    if status == 500:
        return answers.crash()
    return web.Response(text=f"<html><h1>{status}</h1></html>", status=status, content_type="text/html")
