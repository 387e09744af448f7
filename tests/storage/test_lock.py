"""One server for one SQLite file, however the file is named and however the server died."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import Served
from storage.lock import FileLock
from tests.storage.examples import NOW

HOLDS = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from storage.lock import FileLock
FileLock(Path(sys.argv[1])).hold(datetime.now(UTC))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_server_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    FileLock(tmp_path / "a.sqlite3").hold(NOW)
    with pytest.raises(Served) as refused:
        FileLock(tmp_path / "a.sqlite3").hold(NOW)
    assert f"by process {os.getpid()} on" in refused.value.message
    assert "since 2026-09-01T07:00:00" in refused.value.message
    assert "Stop that one first" in refused.value.message


def test_two_names_of_one_file_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "real.sqlite3").touch()
    (tmp_path / "link.sqlite3").symlink_to(tmp_path / "real.sqlite3")
    FileLock(tmp_path / "link.sqlite3").hold(NOW)
    with pytest.raises(Served):
        FileLock(tmp_path / "real.sqlite3").hold(NOW)


def test_what_is_freed_can_be_held_again(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.sqlite3")
    for _ in range(3):
        lock.hold(NOW)
        lock.free()
    lock.free()


def test_a_holder_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Served) as refused:
            FileLock(path).hold(NOW)
        assert str(holder.pid) in refused.value.message
        holder.kill()
    FileLock(path).hold(NOW)


def test_a_lock_file_that_says_nothing_is_told_without_a_name(tmp_path: Path) -> None:
    FileLock(tmp_path / "a.sqlite3").hold(NOW)
    (tmp_path / "a.sqlite3.lock").write_text("x")
    with pytest.raises(Served) as refused:
        FileLock(tmp_path / "a.sqlite3").hold(NOW)
    assert "is served already, and" in refused.value.message
