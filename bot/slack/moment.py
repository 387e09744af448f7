"""One moment or one more word behind the name of a job: `until monday 9:00`, `to 15:00`, `3`, `undo`."""

import re
from datetime import date, datetime

from bot.errors import DeliveryError, Refusal
from bot.rules.access import Action, Actor
from bot.schedules import zone_of
from bot.services import Services
from bot.slack.request import Asker, Request, read_name
from bot.slack.seek import reader_zone, seek_job
from bot.slack.when import read_when
from bot.slack.words import Kind, read_words
from storage.records import Job

NO_ZONE = "UTC"
TIME_ONLY = re.compile(r"\d{1,2}(?:[:.]\d\d(?::\d\d)?)?(?:\s?[ap]\.?m\.?)?|noon|midday|midnight", re.IGNORECASE)


async def read_moment(
    services: Services, request: Request, text: str, typed: str, zone: str = "", day: date | None = None
) -> datetime:
    """The one moment that is meant, in the zone, else on the person's clock; a time of day alone is on the `day`.

    `typed` is the command in front of it (`/dify move #3 to`), so that what may have been meant can be pressed.
    """
    zone = zone or await reader_zone(services, request.user_id) or NO_ZONE
    said = read_name(text)
    if day is not None and TIME_ONLY.fullmatch(said.strip()):
        said = f"{day} at {said}"
    try:
        reading = await read_when(services, request, said, zone, count=1)
    except Refusal as error:
        choices = tuple(f"{typed} {choice}" for choice in error.choices)
        raise Refusal(error.message, error.hint, code=error.code, choices=choices) from None
    if len(reading.schedules) != 1 or reading.schedules[0].kind != "one_time" or not reading.slots:
        raise Refusal(
            f"“{read_name(text)}” is not one moment, but comes again and again.",
            f"Name a day and a time: `{typed} tomorrow 9:00`.",
            code="no_moment",
        )
    return reading.slots[0].at


def read_day(text: str, zone: str) -> datetime:
    """`2026-11-01` or `2026-11-01 9:00` in that zone; a day alone is its midnight. Raises Refusal."""
    day, _, at = text.partition(" ")
    try:
        return datetime.fromisoformat(f"{day}T{(at or '0:00').zfill(5)}").replace(tzinfo=zone_of(zone))
    except ValueError:
        hint = "Write it as 2026-11-01, or 2026-11-01 9:00."
        raise Refusal(f"“{text[:40]}” is no day.", hint, code="bad_day") from None


async def seek_with_tail(
    services: Services, request: Request, tail: str, action: Action = Action.SEE
) -> tuple[Actor, Job, str | None]:
    """The job, and the last word if it has the form `tail` (a pattern) and is not a part of the name."""
    words = read_words(request.rest)
    last = words[-1] if len(words) > 1 and words[-1].kind is Kind.PLAIN else None
    if last is None or not re.fullmatch(tail, last.text, re.IGNORECASE | re.ASCII):
        return *await seek_job(services, request, read_name(request.rest), action), None
    if words[0].kind is not Kind.QUOTED:
        named = await _seek_exactly(services, request, action)
        if named is not None:
            return *named, None
    name = read_name(request.rest[: words[-2].end])
    return *await seek_job(services, request, name, action), last.text.lower()


async def _seek_exactly(services: Services, request: Request, action: Action) -> tuple[Actor, Job] | None:
    """The job whose whole name was typed: `Report 2` may be one."""
    name = read_name(request.rest)
    try:
        actor, job = await seek_job(services, request, name, action)
    except Refusal as error:
        if error.code not in ("unknown", "ambiguous"):
            raise
        return None
    return (actor, job) if job.name.casefold() == name.casefold() else None


def split_at(rest: str, word: str) -> tuple[str, str | None]:
    """What stands before and after a word of ours, the first that is not quoted and not the first word at all."""
    words = read_words(rest)
    for at in range(1, len(words)):
        if words[at].kind is Kind.PLAIN and words[at].text.lower() == word:
            return rest[: words[at - 1].end], rest[words[at].end :].strip()
    return rest, None


async def name_of(services: Services, asker: Asker) -> str:
    """The display name of a person; empty when Slack does not tell."""
    try:
        return (await services.slack.person(asker.user_id)).name
    except DeliveryError:
        return ""
