"""Calendars for people: which one is meant, what is shown of it, and the form in which days are handed in."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from bot.blocks.calendar import BuiltInUse, YearChange, built_in_card, calendar_card, calendar_list, import_view
from bot.blocks.parts import Message
from bot.errors import Refusal
from bot.operations.calendar import (
    book_of,
    find_calendar,
    jobs_by,
    list_own,
    name_jobs,
    names_of,
    standing_jobs,
)
from bot.operations.recalendar import Preview
from bot.rules.access import Action, Actor, authorize, may
from bot.schedules.calendars import fold_name
from bot.schedules.kind import Book, NoData
from bot.services import Services
from bot.slack.door import answer_later, gather_actor
from bot.slack.request import Asker, Interaction, Press
from bot.slack.seek import reader_zone
from storage.records import Calendar, Job

COMING = 5
SEEN_AHEAD = timedelta(days=400)


async def show_list(services: Services, asker: Asker, channel_id: str) -> Message:
    """The team's own calendars, and the built-in ones that jobs go by."""
    actor = await gather_actor(services, asker, proven=channel_id)
    own, using, book = await services.store.read(
        lambda c: (list_own(c, actor), standing_jobs(c, actor.team_id), book_of(c, actor.team_id))
    )
    count = Counter(fold_name(name) for job in using for name in names_of(job))
    named = {fold_name(one.name) for one in own}
    built_in = sorted({name for job in using for name in names_of(job) if fold_name(name) not in named})
    used = [
        BuiltInUse(name=name, until=_until(book, name), jobs=count[fold_name(name)])
        for name in built_in
        if not actor.is_stranger
    ]
    return calendar_list([(one, count[fold_name(one.name)]) for one in own], used)


async def show_one(services: Services, asker: Asker, channel_id: str, name: str) -> Message:
    """The calendar that is meant, own or built in."""
    zone = await reader_zone(services, asker.user_id) or "UTC"
    book = await services.store.read(lambda c: book_of(c, asker.team_id))
    actor, meant, using = await gather_for(services, asker, channel_id, book.find(name, zone) or name)
    today = services.now().date()
    if meant is None and (canonical := book.find(name, zone)) and not actor.is_stranger:
        coming = _coming(book, canonical, today)
        return built_in_card(canonical, _until(book, canonical), coming, name_jobs(actor, using))
    own = await services.store.read(lambda c: find_calendar(c, actor, meant.name if meant else name))
    authorize(actor, Action.SEE, own)
    return calendar_card(own, today, name_jobs(actor, using), may(actor, Action.IMPORT, own))


async def gather_for(
    services: Services, asker: Asker, channel_id: str, name: str
) -> tuple[Actor, Calendar | None, list[Job]]:
    """Who asks, with what Slack proves of the channels of the jobs that go by the calendar; the calendar if it is an
    own one; and those jobs."""
    using = await services.store.read(lambda c: jobs_by(c, asker.team_id, name))
    actor = await gather_actor(services, asker, proven=channel_id, channels={job.channel_id for job in using})
    own = await services.store.read(lambda c: list_own(c, actor))
    return actor, next((one for one in own if fold_name(one.name) == fold_name(name)), None), using


async def press_calendar(services: Services, press: Press) -> tuple[Actor, Calendar]:
    """The calendar that a button names, and the presser as actor."""
    number = press.refs.get("calendar", "")
    actor = await gather_actor(services, press, proven=press.channel_id)
    own = await services.store.read(lambda c: list_own(c, actor))
    found = next((one for one in own if str(one.id) == number), None)
    if found is None:
        raise Refusal(
            "This calendar is not there any more.", "`/dify calendar` shows those that are.", code="unknown"
        )
    return actor, found


async def open_import(services: Services, caller: Interaction, name: str) -> None:
    """Open the form for whoever may import under the name; a name that nobody has is a new calendar."""
    actor, own, _ = await gather_for(services, caller, caller.channel_id, name)
    authorize(actor, Action.IMPORT, own)
    view = import_view({"name": own.name if own else name})
    answer_later(services, caller, _open(services, caller.trigger_id, view), name="calendar form")


async def _open(services: Services, trigger_id: str, view: dict[str, object]) -> None:
    await services.slack.open_view(trigger_id, view)


def years_of(seen: Preview) -> list[YearChange]:
    """The changes of an import as they are shown, by year."""
    return [
        YearChange(year=year, added=one.added, removed=one.removed, is_new=one.is_new, days=one.days)
        for year, one in sorted(seen.changes.items())
    ]


def seal_preview(seen: Preview, typed: Iterable[str]) -> str:
    """What was shown and of which text, for `private_metadata`: another text or version has to be shown again."""
    digest = hashlib.sha256("\0".join(typed).encode()).hexdigest()
    return json.dumps({"version": seen.version, "digest": digest})


def _until(book: Book, name: str) -> date | None:
    until = book.known_until(name)
    return until if until and until.year > 1 else None


def _coming(book: Book, name: str, today: date) -> list[date]:
    """The next days of a calendar, as far as it knows."""
    found: list[date] = []
    for ahead in range(SEEN_AHEAD.days):
        day = today + timedelta(ahead)
        try:
            if book.has(name, day):
                found.append(day)
        except NoData:
            break
        if len(found) == COMING:
            break
    return found
