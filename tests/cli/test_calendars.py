"""`dify-ops calendars`: built-in calendars are shown, own ones are imported from files, shown and deleted."""

from pathlib import Path

import pytest

from storage import calendars
from tests.cli.conftest import write
from tests.cli.terminal import Terminal
from tests.makers import TEAM, list_entries, save_job


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "closing.csv"
    found.write_text("day,what\n2090-12-24,Christmas Eve\n2091-12-24,Christmas Eve\n", encoding="utf-8")
    return found


def test_a_file_is_imported_and_shown(owned: Terminal, file: Path) -> None:
    done = owned.call("calendars", "import", "Closing  days", str(file))
    assert (done.code, done.err) == (0, "")
    assert "2090: 1 days, new, 1 added, 0 removed\n  + 2090-12-24 Sun\n" in done.out
    assert done.out.endswith("“Closing days” is imported.\n")
    assert owned.call("calendars", "list").out.startswith("Closing days   ")
    assert owned.call("calendars", "list").out.endswith("  2090 to 2091        2 days  0 jobs\n")
    assert "2091-12-24 Mon" in owned.call("calendars", "show", "closing days").out
    (listed,) = owned.call("calendars", "list", "--json").json
    assert (listed["name"], listed["years"], listed["days"], listed["jobs"]) == ("Closing days", [2090, 2091], 2, [])
    shown = owned.call("calendars", "show", "CLOSING days", "--json").json
    assert (shown["dates"], shown["built_in"], shown["version"]) == (["2090-12-24", "2091-12-24"], False, 1)
    (entry,) = write(owned, lambda c: list_entries(c, TEAM))
    assert (entry.actor, entry.action) == ("system", "import")


def test_a_dry_run_writes_nothing(owned: Terminal, file: Path) -> None:
    done = owned.call("calendars", "import", "Closing days", str(file), "--dry-run")
    assert done.out.endswith("“Closing days” would be imported.\n")
    assert write(owned, lambda c: calendars.list_calendars(c, TEAM)) == []
    as_json = owned.call("calendars", "import", "Closing days", str(file), "--dry-run", "--json").json
    assert (as_json["imported"], as_json["changes"][0]["added"]) == (False, ["2090-12-24"])


def test_a_second_import_tells_what_it_changed_and_keeps_other_years(owned: Terminal, file: Path) -> None:
    owned.call("calendars", "import", "Closing days", str(file))
    done = owned.call("calendars", "import", "closing days", "-", stdin=b'{"2090": [{"month": 1, "days": [2]}]}')
    assert "2090: 1 days, 1 added, 1 removed\n  + 2090-01-02 Mon\n  - 2090-12-24 Sun\n" in done.out
    dates = owned.call("calendars", "show", "closing days", "--json").json["dates"]
    assert dates == ["2090-01-02", "2091-12-24"]
    assert owned.call("calendars", "import", "closing days", str(file), "--year", "2091").sentence.startswith(
        "Line 2"
    )
    again = owned.call("calendars", "import", "closing days", "-", "--year", "2091", stdin=b"2091-12-24")
    assert again.out.endswith("Nothing changes.\n")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "No days were given."),
        (b"2026-01-01\nsoon\n", "Line 2, “soon”, is no day."),
        (b"\xff\xfe2026", "The file is no UTF-8 text (byte 0)."),
        (b"2026-01-01\n" * 200_000, "This is more than 1 MB."),
        (b'[{"month": 1, "days": [1]}]', "These months do not say of which year they are."),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(owned: Terminal, file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    assert owned.call("calendars", "import", "Closing days", str(file)).sentence.startswith(says)
    assert write(owned, lambda c: calendars.list_calendars(c, TEAM)) == []


def test_a_file_that_is_not_there_is_wrong_usage(owned: Terminal) -> None:
    assert owned.call("calendars", "import", "Closing days", "missing.csv").code == 2


def test_a_built_in_calendar_is_shown_by_any_of_its_names(owned: Terminal) -> None:
    for name in ("US holidays", "holiday:us"):
        shown = owned.call("calendars", "show", name, "--json").json
        assert (shown["name"], shown["built_in"]) == ("holiday:US", True)
        assert f"{shown['years'][0]}-12-25" in shown["dates"]
    assert owned.call("calendars", "show", "holiday:US").out.startswith("holiday:US: 20")


def test_a_calendar_that_is_not_there_is_one_sentence(owned: Terminal, file: Path) -> None:
    owned.call("calendars", "import", "Closing days", str(file))
    for words in (["show", "closng days"], ["delete", "closng days"]):
        assert "Did you mean “Closing days”?" in owned.call("calendars", *words).sentence
    assert "I know no calendar “holidays”" in owned.call("calendars", "show", "holidays").sentence


def test_a_calendar_in_use_is_not_deleted_and_one_that_is_free_is(owned: Terminal, file: Path) -> None:
    file.write_text("2026-12-24\n")
    owned.call("calendars", "import", "Closing days", str(file))
    write(owned, lambda c: save_job(c, "every day at 9 except closing days", name="News"))
    assert "“News” (#1) goes by it" in owned.call("calendars", "delete", "closing days").sentence
    owned.call("calendars", "import", "Other", str(file))
    assert owned.call("calendars", "delete", "other").out == "“Other” is deleted.\n"
    assert [one["name"] for one in owned.call("calendars", "list", "--json").json] == ["Closing days"]


def test_no_calendars_says_how_to_begin(owned: Terminal) -> None:
    assert "dify-ops calendars import" in owned.call("calendars", "list").out
    assert owned.call("calendars", "list", "--json").json == []
