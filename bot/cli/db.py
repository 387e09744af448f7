"""`dify-ops db`: the schema of the database."""

import asyncio

import click

from bot.cli._session import read_settings
from bot.errors import Refusal
from storage import schema


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
