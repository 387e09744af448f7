"""The schema: migrations make exactly the tables of the program, in one piece, and a wrong version is refused."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Inspector, event, inspect, text

from storage.database import open_store, status, upgrade
from storage.errors import NoDatabase, SchemaAhead, SchemaBehind
from storage.revision import HEAD, REVISIONS, VERSION_TABLE
from storage.schema import MIGRATIONS
from storage.tables import metadata


def set_version(c: Connection, version: str) -> None:
    c.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = :version"), {"version": version})


def definitions(c: Connection) -> dict[str, str]:
    """Every table (SQLite) and index as the engine itself writes it down, without what is only spelling."""
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }[c.dialect.name]
    found = {name: re.sub(r"[\s\"]+", " ", sql) for name, sql in c.execute(text(query)).all()}
    return {name: sql for name, sql in found.items() if VERSION_TABLE not in name}


def test_the_program_knows_every_migration_and_which_is_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert [one.revision for one in reversed(list(script.walk_revisions()))] == list(REVISIONS)
    assert script.get_current_head() == HEAD


async def test_an_upgrade_makes_the_schema_and_doing_it_again_changes_nothing(empty_url: str) -> None:
    assert await status(empty_url) == (None, HEAD)
    await upgrade(empty_url)
    assert await status(empty_url) == (HEAD, HEAD)
    store = open_store(empty_url)
    before = await store.read(definitions)
    await upgrade(empty_url)
    assert await store.read(definitions) == before
    await store.close()


async def test_the_migrated_schema_is_the_one_of_the_program(empty_url: str, url: str) -> None:
    migrated = open_store(url)

    def differences(c: Connection) -> Any:
        def is_meant(item: Any, name: str, *_: Any) -> bool:
            only = getattr(item, "_ddl_if", None)
            return name != VERSION_TABLE and (only is None or only.dialect == c.dialect.name)

        options = {"compare_type": True, "include_object": is_meant}
        return compare_metadata(MigrationContext.configure(c, opts=options), metadata)

    assert await migrated.read(differences) == []
    made = open_store(empty_url)
    await upgrade(empty_url)
    await made.run(metadata.drop_all)
    await made.run(metadata.create_all)

    def shapes(definitions: dict[str, str]) -> dict[str, list[str]]:
        # The parts of a table may be written down in another order; names and parts must be the same.
        return {name: sorted(re.split(r"\s*[(),]\s*", sql)) for name, sql in definitions.items()}

    assert shapes(await migrated.read(definitions)) == shapes(await made.read(definitions))
    await migrated.close()
    await made.close()


async def test_keys_are_compared_by_their_bytes(url: str) -> None:
    """So that a prefix is a range of the index, whatever the language of the server."""
    store = open_store(url)

    def collations(c: Connection) -> set[Any]:
        found: Inspector = inspect(c)
        columns = [one for table in ("runs", "deliveries") for one in found.get_columns(table)]
        return {getattr(one["type"], "collation", None) for one in columns if one["name"] == "key"}

    assert await store.read(collations) == ({"C"} if store.dialect == "postgresql" else {None})
    await store.close()


async def test_a_database_that_is_behind_is_refused_until_it_is_upgraded(empty_url: str) -> None:
    path = Path(empty_url.removeprefix("sqlite:///"))
    if "sqlite" in empty_url:
        path.touch()
    store = open_store(empty_url)
    for ask in (store.run, store.read):
        with pytest.raises(SchemaBehind, match=rf"schema none .* needs {HEAD}: run `dify-ops db upgrade`"):
            await ask(lambda c: None)
    await upgrade(empty_url)
    assert await store.read(lambda c: 7) == 7
    await store.close()


async def test_fmea_b12_a_database_of_a_newer_program_is_refused_by_name_of_both_versions(empty_url: str) -> None:
    await upgrade(empty_url)
    store = open_store(empty_url)
    await store.run(lambda c: set_version(c, "0999"))
    await store.close()
    store = open_store(empty_url)
    with pytest.raises(SchemaAhead, match=rf"schema 0999, which is newer than this program \({HEAD}\)"):
        await store.check()
    with pytest.raises(SchemaAhead):
        await upgrade(empty_url)
    assert await status(empty_url) == ("0999", HEAD)
    await store.close()


async def test_two_upgrades_at_once_do_not_harm_each_other(empty_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_url) for _ in range(3)))
    assert await status(empty_url) == (HEAD, HEAD)


class Killed(Exception):
    """The end of the process, as the database sees it."""


@contextmanager
def dying_at(statement: int) -> Iterator[list[str]]:
    """The process dies, as far as the database can tell, before that statement of the upgrade."""
    seen: list[str] = []

    def count(_c: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if sql.lstrip().upper().startswith(("CREATE", "INSERT", "ALTER", "DROP", "UPDATE")):
            seen.append(sql)
            if len(seen) == statement:
                raise Killed

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", count)


async def test_fmea_b11_an_upgrade_that_dies_at_any_statement_leaves_nothing_behind(empty_url: str) -> None:
    """FMEA B11: each statement of the migration in turn."""
    with dying_at(0) as all_statements:
        await upgrade(empty_url)
    assert len(all_statements) > 2 * len(metadata.tables)
    store = open_store(empty_url)
    await store.run(metadata.drop_all)
    await store.run(lambda c: c.execute(text(f"DROP TABLE {VERSION_TABLE}")) and None)
    await store.close()
    every = range(1, len(all_statements) + 1)
    for statement in every if "sqlite" in empty_url else every[::5]:
        with dying_at(statement), pytest.raises(Killed):
            await upgrade(empty_url)
        assert await status(empty_url) == (None, HEAD)
    await upgrade(empty_url)
    assert await status(empty_url) == (HEAD, HEAD)


async def test_a_new_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "ops.db"
    await upgrade(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


async def test_a_file_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoDatabase, match=r"cannot be made: (Not a directory|File exists)"):
        await upgrade(f"sqlite:///{tmp_path / 'file' / 'ops.db'}")


async def test_a_file_of_another_program_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "browser.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
        other.commit()
    before = path.read_bytes()
    url = f"sqlite:///{path}"
    assert await status(url) == (None, HEAD)
    with pytest.raises(NoDatabase, match="is the database of another program"):
        await upgrade(url)
    assert path.read_bytes() == before


async def test_a_folder_is_no_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    for ask in (status, open_and_check):
        with pytest.raises(NoDatabase, match="is a folder or a device"):
            await ask(url)


async def open_and_check(url: str) -> None:
    store = open_store(url)
    try:
        await store.check()
    finally:
        await store.close()
