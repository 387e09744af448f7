"""Days were handed in: a new calendar is kept at once, and what would be replaced is shown first."""

import asyncio
import json
from typing import Any

from bot.blocks.calendar import DAYS, NAME, YEAR, import_view, imported_view
from bot.errors import Refusal
from bot.operations.calendar import name_jobs
from bot.operations.recalendar import Preview, import_calendar, preview_import
from bot.rules.access import Actor
from bot.schedules.calendars import Days, read_calendar
from bot.services import Services
from bot.slack.calendars import gather_for, seal_preview, years_of
from bot.slack.request import Submission


async def submit(submission: Submission, services: Services) -> dict[str, Any] | None:
    """The same text a second time, with nothing changed in between, is the confirmation."""
    typed = {block: str(submission.fields.get(block) or "").strip() for block in (NAME, DAYS, YEAR)}
    days = await asyncio.to_thread(read_calendar, typed[DAYS], "auto", _read_year(typed[YEAR]))
    actor, _, using = await gather_for(services, submission, "", typed[NAME])
    seen = await services.store.read(lambda c: preview_import(c, actor, typed[NAME], days))
    jobs = name_jobs(actor, using)
    if not seen.is_new and not seen.is_change:
        return _show(imported_view(seen.name, []))
    shown = seal_preview(seen, typed.values())
    if not seen.is_new and not _is_same(shown, submission.view.private_metadata):
        return _show(import_view(typed, changes=years_of(seen), jobs=jobs, private_metadata=shown))
    await _write(services, actor, seen, days)
    return _show(imported_view(seen.name, years_of(seen), jobs))


async def _write(services: Services, actor: Actor, seen: Preview, days: Days) -> None:
    now, version = services.now(), seen.version
    await services.store.run(lambda c: import_calendar(c, actor, seen.name, days, version=version, now=now))
    services.engine.wake("clock")
    services.engine.wake("courier")


def _is_same(shown: str, kept: str) -> bool:
    try:
        return bool(json.loads(kept or "{}") == json.loads(shown))
    except ValueError:
        return False


def _read_year(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Refusal(f"“{text}” is no year.", "Write it as 2026, or leave it empty.", code="bad_year", field=YEAR)
    return int(text)


def _show(view: dict[str, Any]) -> dict[str, Any]:
    return {"response_action": "update", "view": view}
