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
