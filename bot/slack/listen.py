"""The only file that knows Bolt: ack, find the file, answer, turn a Refusal into words."""

import copy
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from fastapi import Request as HttpRequest
from fastapi import Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.blocks.form import error_view
from bot.blocks.parts import Message
from bot.errors import DeliveryError, Refusal
from bot.registry import leaves
from bot.services import Services
from bot.slack import home, schedule_form
from bot.slack.door import Reply, answer_later, block_of, in_time, in_words, nearest_verb, refuse, tell_alone
from bot.slack.payload import take_map, take_text
from bot.slack.request import (
    holds_key,
    read_command,
    read_home,
    read_press,
    read_shortcut,
    read_submission,
)
from storage.errors import StorageError

Body: TypeAlias = Mapping[str, Any]
Serve: TypeAlias = Callable[[AsyncAck, Body], Awaitable[None]]

# Bolt looks for these in the environment: the first two silently change it to its OAuth mode, in which our token is
# ignored. Settings come from `settings` alone.
HIDDEN = ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")
ANY = re.compile(".*")
STAMP = re.compile(r"[0-9]{1,12}")


class Listener:
    """The door in from Slack, over Socket Mode or signed HTTP."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._app = self._build_app()
        self._socket: AsyncSocketModeHandler | None = None

    async def connect(self) -> None:
        """Open the socket in Socket Mode; in HTTP mode there is nothing to open."""
        token = self._services.settings.slack_app_token
        if token is None:
            return
        try:
            await self._services.slack.check_app_token(token)
        except DeliveryError as error:
            if error.retry_after_s is not None:
                says = f"Slack lets nobody in now ({error.code})."
                raise Refusal(says, "Start again in a minute.") from error
            # Bolt would try a bad token for ever.
            raise Refusal(
                f"Slack did not accept the app token ({error.code}).",
                "SLACK_APP_TOKEN needs an app-level token (xapp-…) with the scope connections:write.",
            ) from error
        self._socket = AsyncSocketModeHandler(self._app, token.reveal())
        await self._socket.connect_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Take no more requests."""
        if self._socket is not None:
            await self._socket.close_async()  # type: ignore[no-untyped-call]
            self._socket = None

    def http_handler(self) -> Callable[[HttpRequest], Awaitable[Response]] | None:
        """What the web door calls with each raw request in HTTP mode; None in Socket Mode."""
        if not self._services.settings.http_mode:
            return None
        handler = AsyncSlackRequestHandler(self._app)

        async def handle(request: HttpRequest) -> Response:
            if not STAMP.fullmatch(request.headers.get("X-Slack-Request-Timestamp", "")):
                # The SDK's verifier does int() on it, and Bolt makes the error an answer 500.
                return Response('{"error": "invalid request"}', status_code=401, media_type="application/json")
            return await handler.handle(request)

        return handle

    def _build_app(self) -> AsyncApp:
        settings, services = self._services.settings, self._services
        assert settings.slack_bot_token is not None, "the front refuses to serve without one"
        token = settings.slack_bot_token.reveal()
        hidden = {name: os.environ.pop(name) for name in HIDDEN if name in os.environ}

        async def authorize(**_: Any) -> AuthorizeResult:
            return AuthorizeResult(enterprise_id=None, team_id=services.team_id, bot_token=token)

        try:
            # The token comes from `authorize` with each request; Bolt warns of a second one.
            client = copy.copy(services.slack.web)
            client.token = None
            app = AsyncApp(
                client=client,
                # Socket Mode has no signature; an empty secret would be read from the environment.
                signing_secret=settings.slack_signing_secret.reveal() if settings.slack_signing_secret else "none",
                authorize=authorize,
                process_before_response=True,
                raise_error_for_unhandled_request=False,
            )
        finally:
            os.environ.update(hidden)
        app.command(ANY)(self._first(self._on_command))
        app.action(ANY)(self._first(self._on_press))
        app.view(ANY)(self._first(self._on_submission))
        app.view_closed(ANY)(_ignore)
        app.event("app_home_opened")(self._on_home)
        app.event("app_uninstalled")(self._on_uninstalled)
        app.event("tokens_revoked")(self._on_revoked)
        app.shortcut("job_new")(self._on_new_job)
        return app

    def _first(self, serve: Serve) -> Serve:
        """Before what can wait. Bolt finds its arguments by their names."""

        async def served(ack: AsyncAck, body: Body) -> None:
            with self._services.foreground.serving():
                await serve(ack, body)

        return served

    async def _on_command(self, ack: AsyncAck, body: Body) -> None:
        request = read_command(body)
        command = leaves("bot.slack.commands").get(request.verb or "status")

        async def answer() -> Message | None:
            if holds_key(f"{request.verb} {request.rest}"):
                raise Refusal(
                    "That looks like a Dify API key. Nothing was kept, but it stands in Slack's records now.",
                    "Make a new key in Dify, and connect the app with `/dify connect`.",
                    code="key",
                )
            if command is None:
                raise nearest_verb(request.verb, leaves("bot.slack.commands"), request.rest)
            answered: Message | None = await command.answer(request, self._services)
            return answered

        message = await in_words(in_time(answer()))
        if message is None:
            await ack()
        else:
            await ack(response_type="ephemeral", text=message.text, blocks=message.blocks)

    async def _on_press(self, ack: AsyncAck, body: Body) -> None:
        press = read_press(body)
        action = leaves("bot.slack.actions").get(press.action_id)
        if action is None:
            await ack()
            return
        reply = await in_words(in_time(action.act(press, self._services)))
        if reply is not None:
            message, replace = (reply.message, reply.replace) if isinstance(reply, Reply) else (reply, False)
            told = tell_alone(self._services, press, message, replace=replace)
            self._services.tasks.spawn(told, name=f"reply to {press.action_id}")
        await ack()

    async def _on_submission(self, ack: AsyncAck, body: Body) -> None:
        submission = read_submission(body)
        view = leaves("bot.slack.views").get(submission.callback_id)
        if view is None:
            await ack()
            return
        try:
            answer = await in_time(view.submit(submission, self._services))
        except (Refusal, StorageError) as error:
            refused = refuse(error)
            answer = {"response_action": "errors", "errors": {block_of(submission, refused): str(refused)}}
        except Exception as error:  # noqa: BLE001 - a bug of ours is a sentence for the person, and a line in the log
            answer = {"response_action": "update", "view": error_view("Dify Ops", str(refuse(error)))}
        if answer is None:
            await ack()
        else:
            await ack(**answer)

    async def _on_home(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        opened = read_home(body)
        if opened.tab == "home":
            self._services.tasks.spawn(home.publish(self._services, opened), name="home")

    async def _on_new_job(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        asked = read_shortcut(body)
        work = schedule_form.open_form(self._services, asked, schedule_form.Form(channel_id=""))
        answer_later(self._services, asked, work, name="new job")

    async def _on_uninstalled(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        self._cut_off("app_uninstalled", body)

    async def _on_revoked(self, ack: AsyncAck, body: Body) -> None:
        """Tokens of people may be among them, which are none of ours."""
        await ack()
        if take_map(body, "event", "tokens").get("bot"):
            self._cut_off("token_revoked", body)

    def _cut_off(self, code: str, body: Body) -> None:
        """An app that is distributed hears of its other workspaces as well."""
        if take_text(body, "team_id") != self._services.team_id:
            return
        self._services.slack.cut_off = code
        self._services.engine.wake("courier")


async def _ignore(ack: AsyncAck) -> None:
    await ack()
