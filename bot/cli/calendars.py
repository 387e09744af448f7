"""`dify-ops calendars`: the built-in calendars, and a team's own ones from files."""

import asyncio
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import click

from bot.cli._session import open_rows, print_json, read_settings, utc_now
from bot.cli._tell import plain
from bot.errors import Refusal
from bot.operations.calendar import book_of, find_calendar, jobs_by, list_own
from bot.operations.recalendar import Preview, import_calendar, preview_import, remove_calendar
from bot.schedules.calendars import Days, read_calendar
from bot.schedules.calendars.handed import MOST_BYTES
from bot.schedules.kind import Book, NoData
from storage.records import Calendar, Job

YEARS_AHEAD = 5
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("calendars")
def command() -> None:
    """Calendars: named days that schedules go by, like `except closing days`."""


@command.command("list")
@JSON
def list_all(as_json: bool) -> None:
    """The workspace's own calendars."""
    asyncio.run(_list(as_json))


@command.command("show")
@click.argument("name")
@JSON
def show(name: str, as_json: bool) -> None:
    """One calendar by its NAME, own or built in (`holiday:US`, `US holidays`): its days from this year on."""
    asyncio.run(_show(name, as_json))


@command.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option(
    "--format", "kind", type=click.Choice(["auto", "json", "csv", "ics"]), default="auto", show_default=True
)
@click.option("--year", type=int, help="The year of months that name none; otherwise only this year is taken.")
@JSON
def import_file(name: str, file: Path, dry_run: bool, kind: str, year: int | None, as_json: bool) -> None:
    """Import the days of FILE (JSON, CSV or .ics; - for stdin) as NAME; years that it does not cover stay."""
    asyncio.run(_import(name, read_calendar(_read_text(file), kind, year), dry_run, as_json))


@command.command("delete")
@click.argument("name")
@JSON
def delete(name: str, as_json: bool) -> None:
    """Delete a calendar that no job goes by."""
    asyncio.run(_delete(name, as_json))


def _read_text(file: Path) -> str:
    with sys.stdin.buffer if str(file) == "-" else file.open("rb") as source:
        raw = source.read(MOST_BYTES + 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(
            f"The file is no UTF-8 text (byte {error.start}).", "Save it as UTF-8.", code="bad_calendar"
        ) from None


async def _list(as_json: bool) -> None:
    async with open_rows(read_settings()) as (store, actor):
        found = await store.read(lambda c: [(one, jobs_by(c, actor.team_id, one.name)) for one in list_own(c, actor)])
    if as_json:
        print_json([_facts(one, using) for one, using in found])
        return
    for one, using in found:
        years = f"{one.years[0]} to {one.years[-1]}" if one.years else "no year"
        click.echo(f"{plain(one.name):32} {years:14} {len(one.days):6} days  {len(using)} jobs")
    if not found:
        click.echo("No calendars of your own. Try: dify-ops calendars import 'closing days' FILE")


async def _show(name: str, as_json: bool) -> None:
    this_year = utc_now().year
    async with open_rows(read_settings()) as (store, actor):
        book = await store.read(lambda c: book_of(c, actor.team_id))
        meant = book.find(name, "UTC")
        if meant is None or ":" not in meant:
            own = await store.read(lambda c: find_calendar(c, actor, meant or name))
            using = await store.read(lambda c: jobs_by(c, actor.team_id, own.name))
            facts = _facts(own, using) | {"dates": list(own.days)}
        else:
            years = list(_known_years(book, meant, this_year))
            facts = {"name": meant, "built_in": True, "years": years}
            facts["dates"] = [day for year in years for day in _days_of(book, meant, year)]
    if as_json:
        print_json(facts)
        return
    click.echo(f"{plain(facts['name'])}: {', '.join(map(str, facts['years'])) or 'no year is known'}")
    for day in facts["dates"]:
        if day.year >= this_year:
            click.echo(f"{day.isoformat()} {day:%a}")


async def _import(name: str, days: Days, dry_run: bool, as_json: bool) -> None:
    async with open_rows(read_settings()) as (store, actor):
        if dry_run:
            seen = await store.read(lambda c: preview_import(c, actor, name, days))
        else:
            now = utc_now()

            def write(c: Any) -> Preview:
                version = preview_import(c, actor, name, days).version
                return import_calendar(c, actor, name, days, version=version, now=now)[1]

            seen = await store.run(write)
    if as_json:
        print_json({"name": seen.name, "imported": not dry_run, "changes": _changes(seen)})
        return
    for year, change in sorted(seen.changes.items()):
        new = ", new" if change.is_new else ""
        click.echo(f"{year}: {change.days} days{new}, {len(change.added)} added, {len(change.removed)} removed")
        for sign, some in (("+", change.added), ("-", change.removed)):
            for day in some:
                click.echo(f"  {sign} {day.isoformat()} {day:%a}")
    did = "would be imported" if dry_run else "is imported"
    click.echo(f"“{plain(seen.name)}” {did}." if seen.is_change else "Nothing changes.")


async def _delete(name: str, as_json: bool) -> None:
    async with open_rows(read_settings()) as (store, actor):
        gone = await store.run(lambda c: remove_calendar(c, actor, name, now=utc_now()))
    if as_json:
        print_json({"name": gone.name, "deleted": True})
    else:
        click.echo(f"“{plain(gone.name)}” is deleted.")


def _facts(one: Calendar, using: Iterable[Job]) -> dict[str, Any]:
    return {
        "name": one.name,
        "built_in": False,
        "years": list(one.years),
        "days": len(one.days),
        "version": one.version,
        "changed": one.changed_at,
        "changed_by": one.changed_by,
        "jobs": [job.id for job in using],
    }


def _changes(seen: Preview) -> list[dict[str, Any]]:
    return [
        {"year": year, "days": one.days, "is_new": one.is_new, "added": one.added, "removed": one.removed}
        for year, one in sorted(seen.changes.items())
    ]


def _known_years(book: Book, name: str, first: int) -> Iterable[int]:
    for year in range(first, first + YEARS_AHEAD):
        try:
            book.has(name, date(year, 1, 1))
        except NoData:
            return
        yield year


def _days_of(book: Book, name: str, year: int) -> list[date]:
    start = date(year, 1, 1).toordinal()
    days = (date.fromordinal(at) for at in range(start, start + 366))
    return [day for day in days if day.year == year and book.has(name, day)]
