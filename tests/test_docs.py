"""What the documentation says can be typed is read as it says, and what it shows is what comes out."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import schedules
from bot.cli import cli
from bot.errors import Refusal
from bot.schedules.calendars import TeamBook
from storage.records import Calendar
from tests.schedules.rows import instant

DOCS = Path(__file__).parents[1] / "docs"
NOW = instant("2026-11-23T08:00:00Z")  # a Monday
ZONE = "America/New_York"
CODE = re.compile(r"`([^`]+)`")
CLOSING = Calendar(
    id=1, team_id="T1", name="closing days", days=(), years=(2026, 2027), version=1, changed_by="U1", changed_at=NOW
)


def examples(page: str, heading: str) -> list[str]:
    """The code in a column of all tables of a page."""
    found: list[str] = []
    column: int | None = None
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if heading in cells:
            column = cells.index(heading)
        elif not cells:
            column = None
        elif column is not None and column < len(cells):
            found += CODE.findall(cells[column].partition(";")[0])
    return found


def sessions(page: str) -> Iterator[tuple[str, str]]:
    """The commands of a page that need no database, each with what it shows."""
    text = "\n".join(line[4:] for line in (DOCS / page).read_text("utf-8").splitlines() if line.startswith("    "))
    yield from re.findall(r"^\$ dify-ops (next .*)\n((?:(?!\$ ).*\n?)*)", text, re.MULTILINE)


@pytest.mark.parametrize("text", examples("schedules.md", "examples"))
def test_every_example_of_a_schedule_is_read(text: str) -> None:
    found = schedules.read_all(text, ZONE, NOW, book=TeamBook([CLOSING]))
    again = schedules.read_all("; ".join(one.text for one in found), found[0].zone, NOW, book=TeamBook([CLOSING]))
    assert again == found


@pytest.mark.parametrize("text", examples("schedules.md", "refused"))
def test_every_example_of_a_refusal_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        schedules.read_all(text, ZONE, NOW)


@pytest.mark.parametrize(
    ("command", "shown"), [*sessions("schedules.md"), *sessions("commands.md")], ids=lambda text: text[:60]
)
def test_what_a_page_shows_of_the_command_line_is_what_it_prints(command: str, shown: str) -> None:
    done = CliRunner().invoke(cli, shlex.split(command))
    printed = done.output + (f"dify-ops: {done.exception}\n" if isinstance(done.exception, Refusal) else "")
    assert printed.strip().startswith(shown.strip())
