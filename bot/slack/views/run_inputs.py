"""The inputs of one run were filled in: it starts."""

from typing import Any

from bot.blocks.reading import read_form
from bot.errors import Refusal
from bot.operations.launch import launch_app
from bot.rules import inputs
from bot.services import Services
from bot.slack.door import gather_actor
from bot.slack.request import Submission
from bot.slack.run_form import where_to_run
from bot.slack.schedule_form import fields_of
from bot.slack.seek import reader_zone
from storage import apps


async def submit(submission: Submission, services: Services) -> dict[str, Any] | None:
    """Start it; the message in the channel is the answer."""
    app_id, channel_id = where_to_run(submission.view)
    actor = await gather_actor(services, submission, channels=[channel_id])
    app = await services.store.read(lambda c: apps.get(c, submission.team_id, app_id))
    if app is None:
        raise Refusal("This Dify app is not connected any more.", "Close this form.", code="unknown")
    fields = await fields_of(services, app)
    typed = read_form(submission.view.state, fields)
    if typed.problems:
        return {"response_action": "errors", "errors": typed.problems}
    values = inputs.check(fields, typed.inputs)
    key, now = f"form:{submission.view.id}", services.now()
    zone = await reader_zone(services, submission.user_id) or "UTC"
    await services.store.run(lambda c: launch_app(c, actor, app, channel_id, values, key=key, now=now, zone=zone))
    services.engine.wake("runner")
    services.engine.wake("courier")
    return None
