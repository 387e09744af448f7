"""What a typed time means to a person: read off the loop, with their zone, language and calendars."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import schedules
from bot.errors import DeliveryError, Refusal
from bot.operations.calendar import book_of
from bot.schedules.kind import Book, NoData, Slot
from bot.schedules.warnings import warnings
from bot.services import Services
from bot.slack.request import Asker
from storage.records import Schedule

SHOWN = 5
ENGLISH = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`says` is the meaning in English, `also` in the person's own language where that is another, else empty.
    `text` is the strict form, to be read in `zone`; `typed` the one that the person can type again; `slots` come
    next."""

    schedules: tuple[Schedule, ...]
    zone: str
    text: str
    typed: str
    says: str
    also: str
    slots: tuple[Slot, ...]
    warnings: tuple[str, ...]

    @property
    def times(self) -> list[datetime]:
        """When it will run."""
        return [slot.at for slot in self.slots]


async def read_when(services: Services, asker: Asker, text: str, zone: str, count: int = SHOWN) -> Reading:
    """Raises Refusal for what cannot be read."""
    lang, book = await language_of(services, asker.user_id), await read_book(services, asker.team_id)
    return await asyncio.to_thread(_read, text, zone, services.now(), lang, book, count)


async def language_of(services: Services, user_id: str) -> str:
    """The language of a person's Slack (`zh`); English when Slack does not tell."""
    try:
        person = await services.slack.person(user_id)
    except DeliveryError:
        return ENGLISH
    return (person.locale or ENGLISH).replace("_", "-").partition("-")[0].lower() or ENGLISH


async def read_book(services: Services, team_id: str) -> Book:
    """The calendars that the team can name."""
    return await services.store.read(lambda c: book_of(c, team_id))


def write_text(found: Sequence[Schedule]) -> tuple[str, str]:
    """The strict text of all schedules together, and the zone that it is to be read in."""
    zone = found[0].zone
    return "; ".join(one.text if one.zone == zone else f"{one.text} {one.zone}" for one in found), zone


def _read(text: str, zone: str, now: datetime, lang: str, book: Book, count: int) -> Reading:
    found = schedules.read_all(text, zone, now, lang=lang, book=book)
    own = zone
    written, zone = write_text(found)
    says, also = (_describe(found, zone, spoken) for spoken in (ENGLISH, lang))
    return Reading(
        schedules=found,
        zone=zone,
        text=written,
        typed="; ".join(one.text if one.zone == own else f"{one.text} {one.zone}" for one in found),
        says=says,
        also=also if also != says else "",
        slots=schedules.union_preview(found, now, count, book),
        warnings=(*_tell_unknown(found, now, book), *(told for one in found for told in warnings(one, now))),
    )


def _describe(found: Sequence[Schedule], zone: str, lang: str) -> str:
    """All of them; a zone is named where it is not that of the first."""
    told = [(schedules.describe(one, lang), one.zone) for one in found]
    return "; ".join(says if own == zone else f"{says} ({schedules.label_zone(own)})" for says, own in told)


def _tell_unknown(found: Sequence[Schedule], now: datetime, book: Book) -> tuple[str, ...]:
    """That it will be held, where its calendar does not know the year of its next time."""
    try:
        schedules.union_next(found, now, book)
    except NoData as unknown:
        return (f"The calendar {unknown.calendar} has no {unknown.year}: the job is held until it has.",)
    except Refusal as error:
        return (error.message,)
    return ()
