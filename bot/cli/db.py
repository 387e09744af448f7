"""`dify-ops db`: the schema of the database, its copies, and whether all is well with it."""

import asyncio
from pathlib import Path

import click

from bot.cli._session import print_json, read_settings, utc_now
from bot.errors import Refusal
from bot.operations.restore import restore as put_back
from storage import backup, check, schema
from storage.address import read_address
from storage.database import open_store


@click.group("db")
def command() -> None:
    """The database: its schema and its state."""


@command.command("upgrade")
def upgrade() -> None:
    """Bring the schema up to date. `serve` does it by itself for an embedded SQLite, never for a PostgreSQL."""
    url = read_settings().database_url
    before, head = asyncio.run(schema.status(url))
    asyncio.run(schema.upgrade(url))
    click.echo(
        f"The schema is at {head}." if before == head else f"The schema went from {before or 'nothing'} to {head}."
    )


@command.command("status")
def status() -> None:
    """Say at which revision the schema stands; exits 1 when it is not the newest."""
    current, head = asyncio.run(schema.status(read_settings().database_url))
    if current != head:
        raise Refusal(
            f"The schema is at {current or 'nothing'}, this version needs {head}.", "Run `dify-ops db upgrade`."
        )
    click.echo(f"The schema is at {head}, the newest.")


@command.command("backup")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
def back_up(file: Path | None) -> None:
    """Copy a SQLite database into FILE while it is served; without FILE into `backups` of the data folder."""
    if file is not None and not file.absolute().parent.is_dir():
        raise Refusal(f"There is no folder {file.absolute().parent}.", "Make it, or name another place for the copy.")
    settings = read_settings()
    target = file or settings.data_folder / "backups" / f"dify-ops-{utc_now():%Y%m%dT%H%M%SZ}.sqlite3"
    backup.back_up(settings.database_url, target)
    click.echo(f"The copy is {target} ({target.stat().st_size:,} bytes, checked). The key file is not in it.")


@command.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(file: Path) -> None:
    """Put the copy FILE in the place of the database, while no `serve` holds it. The old one is kept aside."""
    aside = put_back(read_settings().database_url, file, now=utc_now())
    kept = f" The database before is kept as {aside}." if aside else ""
    click.echo(f"Restored from {file}.{kept} What was due since then is looked for at Dify before it is started.")


@command.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_rows(as_json: bool) -> None:
    """Look for damage and for rows that contradict each other; exits 1 when there are any."""
    findings = asyncio.run(_check(read_settings().database_url))
    if as_json:
        print_json({"findings": findings})
    else:
        for finding in findings or ["All is well."]:
            click.echo(finding)
    if findings:
        raise SystemExit(1)


async def _check(url: str) -> list[str]:
    store = open_store(url)
    try:
        return await store.read(lambda c: check.check(c, read_address(url).shown))
    finally:
        await store.close()
