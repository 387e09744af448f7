"""A small disk of its own, which can be filled, emptied, and made read-only."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SmallDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, but_bytes: int = 0) -> None:
        """Leave so much room, and no more."""
        place = os.statvfs(self.folder)
        size = place.f_bavail * place.f_frsize - but_bytes
        with self._ballast.open("wb") as file:
            while size > 0:
                part = min(size, place.f_frsize)
                file.write(b"x" * part)
                size -= part

    def make_room(self) -> None:
        self._ballast.unlink()

    def freeze(self) -> None:
        """Nothing on it can be changed any more, not by root either; nobody has a file on it open for writing."""
        _mount("-o", "remount,ro", str(self.folder))


@contextmanager
def small_disk(folder: Path, size: str = "4M") -> Iterator[SmallDisk]:
    folder.mkdir()
    try:
        _mount("-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk of our own cannot be mounted here, which takes root")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True)
