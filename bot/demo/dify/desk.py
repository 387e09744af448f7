"""The endpoints beside the runs: about an app, its files, and the forms that wait for a human."""

import time
import uuid

from aiohttp import web

from bot.demo.dify import answers
from bot.demo.dify.answers import refusal
from bot.demo.dify.books import Books
from bot.demo.dify.reading import Refused, read_json, read_user
from bot.demo.dify.run import DemoRun, resume
from bot.demo.dify.world import DemoApp


class Desk:
    """`files` are the uploads by (app, user): id to kind."""

    def __init__(self, dify: Books) -> None:
        self.dify = dify
        self.files: dict[tuple[str, str], dict[str, str]] = {}

    async def read_info(self, request: web.Request, app: DemoApp) -> web.Response:
        return web.json_response(answers.info(app))

    async def read_site(self, request: web.Request, app: DemoApp) -> web.Response:
        return web.json_response(answers.site(app))

    async def read_meta(self, request: web.Request, app: DemoApp) -> web.Response:
        return web.json_response({"tool_icons": {}})

    async def read_parameters(self, request: web.Request, app: DemoApp) -> web.Response:
        if not app.is_published:
            return refusal(400, "app_unavailable", answers.UNAVAILABLE)
        return web.json_response(answers.parameters(app))

    async def upload(self, request: web.Request, app: DemoApp) -> web.Response:
        parts = await request.post()
        file = parts.get("file")
        if not isinstance(file, web.FileField):
            return refusal(400, "no_file_uploaded", "Please upload your file.")
        user = read_user(parts.get("user"))
        size = len(file.file.read())
        kind = "image" if file.content_type.startswith("image/") else "document"
        file_id = str(uuid.uuid4())
        self.files.setdefault((app.name, user), {})[file_id] = kind
        told = {
            "id": file_id,
            "name": file.filename,
            "size": size,
            "extension": file.filename.rpartition(".")[2],
            "mime_type": file.content_type,
            "created_by": str(uuid.uuid5(uuid.UUID(self.dify.ids[app.name][0]), user)),
            "created_at": int(time.time()),
            "preview_url": None,
            "source_url": f"{self.dify.url}/files/{file_id}/file-preview",
        }
        return web.json_response(told, status=201)

    async def read_form(self, request: web.Request, app: DemoApp) -> web.Response:
        data = self._find_form(request).last["data"]["reasons"][0]
        keep = ("form_content", "inputs", "resolved_default_values", "expiration_time")
        return web.json_response({**{key: data[key] for key in keep}, "user_actions": data["actions"]})

    async def fill_form(self, request: web.Request, app: DemoApp) -> web.Response:
        run = self._find_form(request)
        payload = await read_json(request)
        form = run.last["data"]["reasons"][0]
        action, values = payload.get("action"), payload.get("inputs") or {}
        if action not in [one["id"] for one in form["actions"]]:
            return refusal(400, "invalid_form_data", f"Invalid action: {action}")
        missing = [one["output_variable_name"] for one in form["inputs"] if one["output_variable_name"] not in values]
        if missing:
            return refusal(400, "invalid_form_data", f"Missing required inputs: {', '.join(missing)}")
        run.form_answer = {"action": action, "inputs": values}
        run.status = "running"
        run.ended.clear()
        self.dify.note("resume", run, action=action)
        self.dify.spawn(run, resume(run, self.dify.speed, self.dify.ping_s, self.dify.note))
        return web.json_response({})

    def _find_form(self, request: web.Request) -> DemoRun:
        token = request.match_info["token"]
        for run in self.dify.runs.values():
            if run.form_token == token and run.form_answer is not None:
                form_id = run.last["data"].get("reasons", [{}])[0].get("form_id", "")
                text = f"This form has already been submitted by another user, form_id={form_id}"
                raise Refused(refusal(412, "human_input_form_submitted", text))
            if run.form_token == token and run.status == "paused":
                return run
        raise Refused(refusal(404, "not_found", "Form not found."))
