"""`dify-ops runs`: what has run."""

import asyncio

import click

from bot.cli._session import open_rows, print_json, read_settings
from bot.cli._tell import run_facts, run_line
from bot.operations.find import find_job
from storage import runs


@click.command("runs")
@click.option("--job", default=None, help="Only those of this job (name, beginning of a name, or #number).")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(job: str | None, limit: int, as_json: bool) -> None:
    """List runs, newest first."""
    asyncio.run(_list(job, limit, as_json))


async def _list(job: str | None, limit: int, as_json: bool) -> None:
    async with open_rows(read_settings()) as (store, actor):
        wanted = await store.read(lambda c: find_job(c, actor, job)) if job else None
        found = await store.read(
            lambda c: runs.list_runs(c, actor.team_id, job_id=wanted.id if wanted else None, limit=limit)
        )
    if as_json:
        print_json([run_facts(run) for run in found])
        return
    for run in found:
        click.echo(run_line(run))
    if not found:
        click.echo("Nothing has run yet.")
