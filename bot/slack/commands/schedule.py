"""`/dify schedule <app> <when> …`: the card with the reading; bare, the form."""

import asyncio

from bot import schedules
from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.draft import draft
from bot.operations.find import find_app
from bot.rules import inputs
from bot.services import Services
from bot.slack import schedule_form
from bot.slack.cards import card_of_draft
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Request, ScheduleWords, read_schedule
from bot.slack.seek import reader_zone

HELP = Help(
    verb="schedule",
    usage='schedule <app> <when> [in <zone>] [to #channel] [as "name"] [key=value …]',
    says="Run a Dify app at set times. Alone, it opens a form.",
    examples=(
        "schedule daily-report every weekday at 9",
        'schedule digest every 15 minutes to #ops as "Ops digest" topic="AI news"',
        "schedule daily-report 0 9 * * 1-5 in Asia/Tokyo",
        "schedule daily-report in 20 minutes",
    ),
)


async def answer(request: Request, services: Services) -> Message | None:
    """What was typed is read here and now; Dify is asked for the inputs after the ack."""
    if not request.rest:
        form = schedule_form.Form(channel_id=request.channel_id)
        work = schedule_form.open_form(services, request, request.trigger_id, form)
        services.tasks.spawn(work, name="schedule form")
        return None
    words = read_schedule(request.rest)
    services.tasks.spawn(answer_later(services, request, _card(request, services, words)), name="schedule card")
    return None


async def _card(request: Request, services: Services, words: ScheduleWords) -> Message:
    channel_id = words.channel_id or request.channel_id
    actor = await gather_actor(services, request, proven=request.channel_id, channels=[channel_id])
    app = await services.store.read(lambda c: find_app(c, actor, words.app))
    own_zone, now = await reader_zone(services, request.user_id) or "UTC", services.now()
    zone = schedules.read_zone(words.zone) if words.zone else own_zone
    when = await asyncio.to_thread(schedules.read, words.when, zone, now)
    problem: Refusal | None = None
    values: dict[str, object] = dict(words.inputs)
    try:
        values = inputs.check(await schedule_form.fields_of(services, app), words.inputs)
    except Refusal as error:
        problem = error
    kept = await services.store.run(
        lambda c: draft(
            c,
            actor,
            app=app,
            channel_id=channel_id,
            name=words.name or app.name,
            when=words.when,
            zone=zone,
            inputs=values,
            now=now,
        )
    )
    return card_of_draft(kept, when, app, own_zone, now, problem)
