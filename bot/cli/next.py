"""`dify-ops next`: what a schedule text means and when it fires."""

import json
import sys
from datetime import UTC, datetime

import click

from bot import schedules
from bot.schedules.wire import answer_line, answer_question


@click.command("next")
@click.argument("when", required=False)
@click.option("--zone", default="UTC", show_default=True, help="The time zone in which the text is read.")
@click.option("--count", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many times to show.")
@click.option("--from", "start", default=None, help="An ISO instant instead of now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--jsonl", is_flag=True, help="Read JSON objects from stdin, one a line, and answer each.")
def command(when: str | None, zone: str, count: int, start: str | None, as_json: bool, jsonl: bool) -> None:
    """Show what WHEN means and when it fires next."""
    now = datetime.now(UTC)
    if jsonl:
        _answer_lines(now)
        return
    if not when:
        raise click.UsageError("Say when, for example: dify-ops next 'every weekday at 9' --zone Europe/Berlin")
    zone, since = schedules.read_zone(zone), _read_start(start) if start else now
    # It also refuses an instant beyond the years that schedules know.
    answer = answer_question({"when": when, "zone": zone, "from": since.isoformat(), "count": count}, now)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
        return
    schedule = schedules.read(when, zone, since)
    times = schedules.preview(schedule, since, count)
    click.echo(f"{schedule.says} ({schedule.zone})")
    local = schedules.zone_of(schedule.zone)
    for at in times:
        click.echo(f"  {at.astimezone(local):%a %d %b %Y %H:%M:%S %Z}   {at:%Y-%m-%dT%H:%M:%SZ}")
    if not times:
        click.echo("  only when somebody asks for it")


def _answer_lines(now: datetime) -> None:
    for raw in sys.stdin.buffer:
        line = raw.decode("utf-8-sig", "replace")  # what is no UTF-8 is a bad line and stops nothing
        if line.strip():
            click.echo(answer_line(line, now))


def _read_start(text: str) -> datetime:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write an ISO instant, like 2026-11-24T08:00:00Z", param_hint="--from") from None
    return start if start.tzinfo else start.replace(tzinfo=UTC)
