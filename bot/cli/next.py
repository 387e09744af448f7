"""`dify-ops next`: what a schedule text means and when it fires."""

import json
import sys
from datetime import UTC, datetime, tzinfo

import click

from bot import schedules
from bot.schedules.warnings import warnings
from bot.schedules.wire import answer_line, answer_question, check_instant

LANGUAGES = ("en", "zh", "ja")


@click.command("next")
@click.argument("when", required=False)
@click.option("--zone", default="UTC", show_default=True, help="The time zone in which the text is read.")
@click.option("--count", default=5, show_default=True, type=click.IntRange(1, 1000), help="How many times to show.")
@click.option("--from", "start", default=None, help="An ISO instant instead of now.")
@click.option(
    "--lang", default="en", show_default=True, type=click.Choice(LANGUAGES), help="The language to answer in."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--jsonl", is_flag=True, help="Read JSON objects from stdin, one a line, and answer each.")
def command(
    when: str | None, zone: str, count: int, start: str | None, lang: str, as_json: bool, jsonl: bool
) -> None:
    """Show what WHEN means and when it fires next.

    Several schedules are parted by “;”. Calendars of teams live in a bot's database: only the built-in ones are known
    here. With --jsonl, a line is answered with one line; empty lines are passed over.
    """
    now = datetime.now(UTC)
    if jsonl:
        _answer_lines(now)
        return
    if not when:
        raise click.UsageError("Say when, for example: dify-ops next 'every weekday at 9' --zone Europe/Berlin")
    zone, since = schedules.read_zone(zone), _read_start(start) if start else now
    question = {"when": when, "zone": zone, "from": since.isoformat(), "count": count, "lang": lang}
    if as_json:
        click.echo(json.dumps(answer_question(question, now), ensure_ascii=False))
        return
    _show(when, zone, since, count, lang)


def _show(when: str, zone: str, since: datetime, count: int, lang: str) -> None:
    check_instant(since)
    several = schedules.read_all(when, zone, since, lang=lang)
    for schedule in several:
        click.echo(f"{schedules.describe(schedule, lang)} ({schedules.label_zone(schedule.zone)})")
    first = several[0]
    slots = (
        schedules.union_preview(several, since, count)
        if len(several) > 1
        else schedules.preview_slots(first, since, count, struck=True)
    )
    for slot in slots:
        click.echo(_line(slot, schedules.zone_of(first.zone)))
    if not slots:
        click.echo("  only when somebody asks for it")
    for told in (told for schedule in several for told in warnings(schedule, since)):
        click.echo(f"  note: {told}")


def _line(slot: schedules.Slot, zone: tzinfo) -> str:
    """A slot on both clocks, and what there is to know of it."""
    local = f"{slot.at.astimezone(zone):%a %d %b %Y %H:%M:%S %Z}"
    return f"  {local}   {slot.at:%Y-%m-%dT%H:%M:%SZ}{_note(slot, zone)}"


def _note(slot: schedules.Slot, zone: tzinfo) -> str:
    match slot.note:
        case "moved":
            return f"   moved from {slot.nominal_at.astimezone(zone):%a %d %b}"
        case "shifted":
            return "   shifted by a clock change"
        case "holiday" | "excluded":
            return f"   does not run: {slot.note}"
        case _:
            return ""


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
