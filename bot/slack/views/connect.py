"""A Dify app was described: Dify is asked whether the key is good, and the key is sealed."""

from typing import Any

from bot.blocks.connect import connect_view
from bot.blocks.parts import modal, say
from bot.blocks.reading import Typed, read_form
from bot.errors import Refusal
from bot.operations.connect import ask_app, connect, read_addresses
from bot.rules.access import Action, Actor, authorize
from bot.rules.route import FIRST
from bot.services import Services
from bot.slack.door import answer_later, gather_actor, in_view, refuse
from bot.slack.request import Submission
from bot.slack.schedule_form import show_view
from storage.errors import StorageError

TITLE = "Connect a Dify app"


async def submit(submission: Submission, services: Services) -> dict[str, Any] | None:
    """Answer with a waiting view, since Dify may be slow; the outcome replaces it."""
    actor = await gather_actor(services, submission)
    authorize(actor, Action.CONNECT, None)
    typed = read_form(submission.view.state)
    work = _finish(services, actor, submission.view.id, typed)
    answer_later(services, submission, work, name="connect")
    waiting = modal(TITLE, [say("Asking Dify whether the key is good…")], callback_id="waiting")
    return {"response_action": "update", "view": waiting}


async def _finish(services: Services, actor: Actor, view_id: str, typed: Typed) -> None:
    await show_view(services, view_id, await in_view(TITLE, _outcome(services, actor, typed)))


async def _outcome(services: Services, actor: Actor, typed: Typed) -> dict[str, Any]:
    try:
        name = await _connect(services, actor, typed)
    except (Refusal, StorageError) as error:
        refused = refuse(error)
        kept = {"name": typed.name or "", "base_urls": typed.base_urls or "", "routing": typed.routing or FIRST}
        return connect_view(kept, {refused.field or "key": str(refused)})
    says = f"“{name}” is connected. Try: /dify schedule {name} every weekday at 9"
    return modal("Connected", [say(says)], callback_id="done")


async def _connect(services: Services, actor: Actor, typed: Typed) -> str:
    name, base_urls, key = typed.name or "", read_addresses(typed.base_urls or ""), typed.key or ""
    info = await ask_app(services.dify, base_urls, key)
    app = await services.store.run(
        lambda c: connect(
            c,
            actor,
            services.vault,
            name=name or info.name,
            base_urls=base_urls,
            routing=typed.routing or FIRST,
            key=key,
            mode=info.mode,
            description=info.description,
            now=services.now(),
        )
    )
    return app.name
