"""`/dify schedule <app> <when> …`: the card with the reading; bare, the form."""

from dataclasses import replace

from bot import schedules
from bot.blocks.help import Help
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.draft import draft
from bot.operations.find import find_app
from bot.rules import inputs
from bot.rules.policy import read_policy
from bot.services import Services
from bot.slack import schedule_form
from bot.slack.cards import card_of_draft
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Request, ScheduleWords, read_schedule
from bot.slack.seek import reader_zone
from bot.slack.when import read_when

HELP = Help(
    verb="schedule",
    usage=(
        'schedule <app> <when> [in <zone>] [to #channel] [as "name"] '
        "[overlap …] [catch-up …] [retry …] [priority …] [warn …] [data …] [key=value …]"
    ),
    says="Run a Dify app at set times. Alone, it opens a form.",
    examples=(
        "schedule daily-report every weekday at 9",
        'schedule digest every 15 minutes to #ops as "Ops digest" topic="AI news"',
        "schedule daily-report 0 9 * * 1-5 in Asia/Tokyo",
        "schedule daily-report in 20 minutes",
        "schedule daily-report every day at 9 except holidays until 31 December; every Saturday at 12",
        "schedule digest every 10 minutes overlap queue catch-up all within 2h",
        "schedule daily-report every day at 7 data -1d topic=\"News of {{ data_time | date('%d %B') }}\"",
    ),
)


async def answer(request: Request, services: Services) -> Message | None:
    """What was typed is read here and now; Dify is asked for the inputs after the ack."""
    if not request.rest:
        form = schedule_form.Form(channel_id=request.channel_id)
        answer_later(services, request, schedule_form.open_form(services, request, form), name="schedule form")
        return None
    words = read_schedule(request.rest)
    answer_later(services, request, _card(request, services, words), name="schedule card")
    return None


async def _card(request: Request, services: Services, words: ScheduleWords) -> Message:
    channel_id = words.channel_id or request.channel_id
    actor = await gather_actor(services, request, proven=request.channel_id, channels=[channel_id])
    app = await services.store.read(lambda c: find_app(c, actor, words.app))
    own_zone, now = await reader_zone(services, request.user_id) or "UTC", services.now()
    policy = read_policy(words.policy)
    try:
        zone = schedules.read_zone(words.zone) if words.zone else own_zone
        when = await read_when(services, request, words.when, zone)
    except Refusal as error:
        raise _whole(error, words) from None
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
            name=words.name,
            when=when.text,
            zone=when.zone,
            inputs=values,
            policy=policy,
            now=now,
        )
    )
    return await card_of_draft(services, kept, when, app, own_zone, problem)


def _whole(error: Refusal, words: ScheduleWords) -> Refusal:
    """What could be typed instead is the whole command, ready to be sent."""
    in_zone = replace(words, zone=None) if error.code == "unknown_zone" else words
    choices = tuple(in_zone.typed(_in_place(choice, words, error)) for choice in error.choices)
    return Refusal(error.message, error.hint, code=error.code, choices=choices)


def _in_place(choice: str, words: ScheduleWords, error: Refusal) -> str:
    """A choice is a time; where the zone of its own clause was refused, it is a zone."""
    return f"{words.when} in {choice}" if error.code == "unknown_zone" and words.zone else choice
