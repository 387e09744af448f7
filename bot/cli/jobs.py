"""`dify-ops jobs`: the jobs of the workspace."""

import asyncio

import click

from bot.cli._session import open_rows, print_json, read_settings
from bot.cli._tell import plain
from storage import jobs, runs


@click.command("jobs")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List the jobs with their next times."""
    asyncio.run(_list(as_json))


async def _list(as_json: bool) -> None:
    async with open_rows(read_settings()) as (store, actor):
        found = await store.read(lambda c: jobs.list_jobs(c, actor.team_id, limit=10_000))
        planned = await store.read(lambda c: runs.planned_of_many(c, [job.id for job in found]))
    due = {run.job_id: run.due_at for run in planned}
    if as_json:
        print_json(
            [
                {
                    "id": job.id,
                    "name": job.name,
                    "state": job.state,
                    "channel": job.channel_id,
                    "owner": job.owner_id,
                    "when": [schedule.text for schedule in job.schedules],
                    "says": [schedule.says for schedule in job.schedules],
                    "zone": job.schedules[0].zone if job.schedules else None,
                    "next": due.get(job.id),
                    "failing_since": job.failing_since,
                }
                for job in found
            ]
        )
        return
    for job in found:
        at = due.get(job.id)
        says = "; ".join(schedule.says for schedule in job.schedules)
        due_at = f"  next {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
        click.echo(f"#{job.id:<5} {plain(job.name):24} {job.state:10} {says}{due_at}")
    if not found:
        click.echo("No jobs. Make one in Slack: /dify schedule daily-report every weekday at 9")
