"""`dify-ops db`: the schema of either engine, asked for and brought up to date."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from storage.schema import HEAD
from tests.cli.terminal import Terminal


@pytest.fixture(params=["sqlite", "postgresql"])
def at_database(request: pytest.FixtureRequest, terminal: Terminal) -> Iterator[Terminal]:
    if request.param == "sqlite":
        yield terminal
        return
    postgres = request.getfixturevalue("postgres")
    name = postgres.create()
    terminal.environ["DATABASE_URL"] = postgres.url(name)
    yield terminal
    postgres.drop(name)


def test_a_new_database_is_behind_until_it_is_upgraded(at_database: Terminal) -> None:
    before = at_database.call("db", "status")
    assert before.sentence == f"The schema is at nothing, this version needs {HEAD}. Run `dify-ops db upgrade`."
    upgraded = at_database.call("db", "upgrade")
    assert (upgraded.code, upgraded.out) == (0, f"The schema went from nothing to {HEAD}.\n")
    after = at_database.call("db", "status")
    assert (after.code, after.out) == (0, f"The schema is at {HEAD}, the newest.\n")


def test_upgrading_again_changes_nothing(at_database: Terminal) -> None:
    for _ in range(2):
        done = at_database.call("db", "upgrade")
    assert (done.code, done.out) == (0, f"The schema is at {HEAD}.\n")


def test_a_database_of_a_newer_program_is_one_sentence(at_database: Terminal, request: Any) -> None:
    at_database.call("db", "upgrade")
    newer = "UPDATE schema_version SET version_num = '9999'"
    if "DATABASE_URL" in at_database.environ:
        name = at_database.environ["DATABASE_URL"].partition("?")[0].rpartition("/")[2]
        request.getfixturevalue("postgres").sql(name, newer)
    else:
        with sqlite3.connect(at_database.folder / "dify-ops.sqlite3") as connection:
            connection.execute(newer)
        connection.close()
    assert f"The schema is at 9999, this version needs {HEAD}" in at_database.call("db", "status").sentence
    for words in (["db", "upgrade"], ["jobs"]):
        assert "newer than this program" in at_database.call(*words).sentence


def test_asking_for_the_status_makes_nothing(terminal: Terminal) -> None:
    terminal.call("db", "status")
    assert list(terminal.folder.iterdir()) == []


def test_a_file_that_is_no_database_is_one_sentence(terminal: Terminal) -> None:
    (terminal.folder / "dify-ops.sqlite3").write_bytes(b"something else altogether" * 100)
    for words in (["db", "status"], ["db", "upgrade"], ["jobs"]):
        assert "damaged or no database" in terminal.call(*words).sentence


def test_a_folder_that_cannot_be_made_is_one_sentence(terminal: Terminal) -> None:
    (terminal.folder / "file").write_text("in the way")
    terminal.environ["DATABASE_URL"] = f"sqlite:///{terminal.folder}/file/db.sqlite3"
    assert "cannot be made" in terminal.call("db", "upgrade").sentence


def test_a_postgresql_that_is_away_is_one_sentence_without_its_password(terminal: Terminal) -> None:
    terminal.environ["DATABASE_URL"] = "postgresql://bot:canary4f7a@127.0.0.1:9/ops"
    for words in (["db", "status"], ["db", "upgrade"], ["jobs"]):
        done = terminal.call(*words)
        assert "127.0.0.1:9/ops" in done.sentence
        assert "canary4f7a" not in done.err


def test_a_postgresql_without_that_database_is_one_sentence(terminal: Terminal, postgres: Any) -> None:
    terminal.environ["DATABASE_URL"] = postgres.url("nobody_made_me")
    assert "make it with `createdb`" in terminal.call("db", "upgrade").sentence


def test_a_postgresql_is_never_upgraded_by_reading(terminal: Terminal, postgres: Any) -> None:
    name = postgres.create()
    terminal.environ["DATABASE_URL"] = postgres.url(name)
    try:
        assert "run `dify-ops db upgrade`" in terminal.call("jobs").sentence
        assert "The schema is at nothing" in terminal.call("db", "status").sentence
    finally:
        postgres.drop(name)


def test_a_copy_is_made_checked_and_put_back_and_the_old_one_kept(terminal: Terminal) -> None:
    terminal.call("db", "upgrade")
    copy = terminal.folder / "copies" / "monday.sqlite3"
    copy.parent.mkdir()
    made = terminal.call("db", "backup", str(copy))
    assert made.code == 0, made.err
    assert str(copy) in made.out
    assert copy.stat().st_mode & 0o777 == 0o600
    database = terminal.folder / "dify-ops.sqlite3"
    database.write_bytes(b"spoilt")
    restored = terminal.call("db", "restore", str(copy))
    assert restored.code == 0, restored.err
    (aside,) = terminal.folder.glob("dify-ops.sqlite3.replaced-*Z")
    assert aside.read_bytes() == b"spoilt"
    assert terminal.call("db", "check").out == "All is well.\n"


def test_without_a_name_copies_stand_in_the_data_folder(terminal: Terminal) -> None:
    terminal.call("db", "upgrade")
    assert terminal.call("db", "backup").code == 0
    assert len(list((terminal.folder / "backups").glob("dify-ops-*.sqlite3"))) == 1


@pytest.mark.parametrize("name", ["", "-wal", "-shm", ".lock"])
def test_a_copy_never_takes_the_place_of_the_database_or_of_what_belongs_to_it(terminal: Terminal, name: str) -> None:
    terminal.call("db", "upgrade")
    database = terminal.folder / "dify-ops.sqlite3"
    link = terminal.folder / "link.sqlite3"
    link.symlink_to(f"{database}{name}")
    for target in (
        f"{database}{name}",
        str(link),
        f"{terminal.folder}/../{terminal.folder.name}/{database.name}{name}",
    ):
        refused = terminal.call("db", "backup", target)
        assert refused.code == 1
        assert "takes the place of none" in refused.sentence
    assert terminal.call("db", "check").out == "All is well.\n"


def test_a_copy_never_takes_the_place_of_another_file(terminal: Terminal) -> None:
    terminal.call("db", "upgrade")
    key = terminal.folder / "some.key"
    key.write_text("of worth")
    assert "takes the place of none" in terminal.call("db", "backup", str(key)).sentence
    assert key.read_text() == "of worth"


def test_a_folder_that_is_not_there_is_not_made_for_a_copy(terminal: Terminal) -> None:
    terminal.call("db", "upgrade")
    lost = terminal.folder / "not mounted" / "copy.sqlite3"
    assert "There is no folder" in terminal.call("db", "backup", str(lost)).sentence
    assert not lost.parent.exists()


def test_the_database_is_not_put_back_onto_itself(terminal: Terminal) -> None:
    terminal.call("db", "upgrade")
    database = terminal.folder / "dify-ops.sqlite3"
    link = terminal.folder / "link.sqlite3"
    link.hardlink_to(database)
    for name in (database, link):
        assert "is the database itself" in terminal.call("db", "restore", str(name)).sentence
    assert terminal.call("db", "check").out == "All is well.\n"


@pytest.mark.parametrize("end", [":abc/x", ":99999/x", ":5432/x?sslmode=bogus"])
def test_a_url_that_postgresql_cannot_mean_is_one_sentence(terminal: Terminal, end: str) -> None:
    terminal.environ["DATABASE_URL"] = f"postgresql://bot:canary4f7a@127.0.0.1{end}"
    refused = terminal.call("db", "status")
    assert "The PostgreSQL URL" in refused.sentence
    assert "canary4f7a" not in refused.err


def test_a_damaged_copy_is_refused_and_the_database_stays(terminal: Terminal) -> None:
    terminal.call("db", "upgrade")
    bad = terminal.folder / "bad.sqlite3"
    bad.write_bytes(b"no database" * 500)
    assert "damaged or no database" in terminal.call("db", "restore", str(bad)).sentence
    assert terminal.call("db", "status").code == 0


def test_a_postgresql_is_kept_by_its_own_tools(terminal: Terminal) -> None:
    terminal.environ["DATABASE_URL"] = "postgresql://bot:canary4f7a@127.0.0.1:9/ops"
    done = terminal.call("db", "backup")
    assert "pg_dump" in done.sentence
    assert "canary4f7a" not in done.err


def test_rows_that_contradict_each_other_are_found(terminal: Terminal) -> None:
    terminal.call("db", "upgrade")
    with sqlite3.connect(terminal.folder / "dify-ops.sqlite3") as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("INSERT INTO traces (run_id, nodes, failed, ignored, spans) VALUES (7, 0, 0, 0, x'00')")
    connection.close()
    found = terminal.call("db", "check", "--json")
    assert found.code == 1
    assert "points to a row of runs that is not there" in found.out
