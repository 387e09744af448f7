"""The bodies that Dify 1.16.1 answers, word for word as recorded."""

import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.demo.dify.run import DemoRun, end_user_id
from bot.demo.dify.world import DemoApp

VERSION = "1.16.1"
NO_USER = "Arg user must be provided."
NO_RUN = "Workflow run not found."
BAD_JSON = "The browser (or proxy) sent a request that this server could not understand."
NO_HEADER = "Authorization header must be provided and start with 'Bearer'"
BAD_KEY = "Access token is invalid"
NOT_WORKFLOW = "Please check if your Workflow app mode matches the right API route."
NOT_CHAT = "Please check if your app mode matches the right API route."
UNAVAILABLE = "App unavailable, please check your app configurations."


def refusal(status: int, code: str, message: str) -> web.Response:
    """Dify's envelope; 401 names the scheme."""
    headers = {"WWW-Authenticate": 'Bearer realm="api"'} if status == 401 else {}
    return web.json_response({"code": code, "message": message, "status": status}, status=status, headers=headers)


def too_many(app_id: str) -> web.Response:
    """The concurrency limit: 400, whatever the documentation says."""
    message = (
        "Too many requests. Please try again later. "
        f"The current maximum concurrent requests allowed for {app_id} is 1."
    )
    return refusal(400, "invalid_param", message)


def crash() -> web.Response:
    body = {"message": "Internal Server Error", "code": "unknown", "status": 500}
    return web.json_response(body, status=500)


def validation(model: str, name: str, text: str, value: str) -> str:
    """A pydantic refusal as Dify passes it on."""
    kind, sentence = text.split("|")
    site = f"https://errors.pydantic.dev/2.12/v/{kind}"
    return (
        f"1 validation error for {model}\n{name}\n  {sentence} "
        f"[type={kind}, input_value={value!r}, input_type=str]\n    For further information visit {site}"
    )


def detail(run: DemoRun) -> dict[str, Any]:
    """GET /workflows/run/{id}: inputs are a JSON string, outputs an object; a running run has nothing to tell."""
    is_readable = run.status != "running" and time.time() >= run.readable_at
    inputs = {**run.inputs, **run.sys_inputs, "sys.timestamp": int(run.created_at)}
    return {
        "id": run.id,
        "workflow_id": run.workflow_id,
        "status": run.status if is_readable else "running",
        "inputs": json.dumps(inputs),
        "outputs": run.outputs if is_readable else {},
        "error": run.error if is_readable else None,
        "total_steps": run.steps if is_readable else 0,
        "total_tokens": run.tokens if is_readable else 0,
        "created_at": int(run.created_at),
        "finished_at": int(run.finished_at) if is_readable and run.finished_at else None,
        "elapsed_time": run.elapsed_s if is_readable and run.finished_at else 0.0,
    }


def blocking(run: DemoRun) -> dict[str, Any]:
    """The answer of a blocking run; a failed workflow is HTTP 200 too."""
    data = run.last["data"] if run.last else {}
    if run.mode != "workflow":
        return _blocking_message(run)
    keep = ("status", "outputs", "error", "elapsed_time", "total_tokens", "total_steps", "created_at", "finished_at")
    told = {key: data.get(key) for key in keep}
    body = {"id": run.id, "workflow_id": run.workflow_id, **told}
    if run.status == "paused":
        body |= {"paused_nodes": data["paused_nodes"], "reasons": data["reasons"]}
    return {"task_id": run.task_id, "workflow_run_id": run.id, "data": body}


def _blocking_message(run: DemoRun) -> dict[str, Any]:
    return {
        "event": "message",
        "task_id": run.task_id,
        "id": run.message_id,
        "message_id": run.message_id,
        "conversation_id": run.conversation_id,
        "mode": run.mode,
        "answer": run.outputs.get("answer", ""),
        "metadata": {"annotation_reply": None, "retriever_resources": []},
        "created_at": int(run.created_at),
    }


def log_row(run: DemoRun) -> dict[str, Any]:
    """One row of GET /workflows/logs."""
    is_over = run.status != "running"
    return {
        "id": str(uuid.uuid5(uuid.UUID(run.id), "log")),
        "workflow_run": {
            "id": run.id,
            "version": "2026-11-23 17:46:27.420107",
            "status": run.status,
            "triggered_from": "app-run",
            "error": run.error,
            "elapsed_time": run.elapsed_s,
            "total_tokens": run.tokens,
            "total_steps": run.steps,
            "created_at": int(run.created_at),
            "finished_at": int(run.finished_at) if is_over and run.finished_at else None,
            "exceptions_count": run.exceptions,
        },
        "details": None,
        "created_from": "service-api",
        "created_by_role": "end_user",
        "created_by_account": None,
        "created_by_end_user": {
            "id": end_user_id(run),
            "type": "service-api",
            "is_anonymous": False,
            "session_id": run.user,
        },
        "created_at": int(run.created_at),
    }


def refused_run(app_id: str, workflow_id: str, inputs: Mapping[str, Any], error: str) -> list[dict[str, Any]]:
    """Bad inputs of a streaming run: HTTP 200 and a run that never existed (server 1.15 and later)."""
    run_id, now = str(uuid.uuid4()), int(time.time())
    start = {"id": run_id, "workflow_id": workflow_id, "inputs": inputs, "created_at": now, "reason": "initial"}
    end: dict[str, Any] = {
        "id": run_id,
        "workflow_id": workflow_id,
        "status": "failed",
        "outputs": None,
        "error": error,
        "elapsed_time": 0.0,
        "total_tokens": 0,
        "total_steps": 0,
        "created_by": {},
        "created_at": now,
        "finished_at": now,
        "exceptions_count": 1,
        "files": [],
    }
    ids = {"task_id": run_id, "workflow_run_id": run_id}
    return [{"event": "workflow_started", **ids, "data": start}, {"event": "workflow_finished", **ids, "data": end}]


def parameters(app: DemoApp) -> dict[str, Any]:
    off = {"enabled": False}
    return {
        "opening_statement": None,
        "suggested_questions": [],
        "suggested_questions_after_answer": off,
        "speech_to_text": off,
        "text_to_speech": {"enabled": False, "voice": "", "language": ""},
        "retriever_resource": off,
        "annotation_reply": off,
        "more_like_this": off,
        "user_input_form": [dict(one) for one in app.form],
        "sensitive_word_avoidance": off,
        "file_upload": off,
        "system_parameters": {
            "image_file_size_limit": 10,
            "video_file_size_limit": 100,
            "audio_file_size_limit": 50,
            "file_size_limit": 15,
            "workflow_file_upload_limit": 10,
        },
    }


def info(app: DemoApp) -> dict[str, Any]:
    told = {"name": app.name, "description": app.description, "tags": [], "mode": app.mode}
    return {**told, "author_name": "admin"}


def site(app: DemoApp) -> dict[str, Any]:
    return {
        "title": app.name,
        "chat_color_theme": None,
        "chat_color_theme_inverted": False,
        "icon_type": "emoji",
        "icon": "🤖",
        "icon_background": "#FFEAD5",
        "description": app.description or None,
        "default_language": "en-US",
        "show_workflow_steps": True,
        "use_icon_as_answer_icon": False,
        "icon_url": None,
    }


def parse_time(text: str) -> float:
    """ISO only, as Dify; raises ValueError otherwise."""
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
