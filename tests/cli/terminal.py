"""A terminal for the command line: what is typed runs in this process, exactly as `dify-ops` does it."""

import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from bot.cli import run_command_line
from bot.log import TALKATIVE


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, which must be JSON and nothing else."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line that an error is."""
        assert self.code == 1, self
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("dify-ops: ")
        return line.removeprefix("dify-ops: ")


@dataclass
class Terminal:
    """`folder` is both where it stands and the data folder; `environ` is all that is set."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ = {"DIFY_OPS_HOME": str(self.folder), "DIFY_OPS_LOG": "json", "HOME": str(self.folder)}

    @property
    def database_url(self) -> str:
        return self.environ.get("DATABASE_URL") or f"sqlite:///{self.folder / 'dify-ops.sqlite3'}"

    def call(self, *words: str, stdin: bytes = b"") -> Done:
        """Type a command and wait for its end. A traceback is a bug, whatever was typed."""
        out, err = _stream(), _stream()
        given = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        with (
            mock.patch.object(sys, "argv", ["dify-ops", *words]),
            mock.patch.multiple(sys, stdin=given, stdout=out, stderr=err),
            mock.patch.dict(os.environ, self.environ, clear=True),
            _standing_in(self.folder),
            _own_log(),
        ):
            code = _exit_code()
        done = Done(code, _text(out), _text(err))
        assert "Traceback" not in done.err, done.err
        return done


def _exit_code() -> int:
    try:
        run_command_line()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw: Any = stream.buffer
    return str(raw.getvalue().decode())


@contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _own_log() -> Iterator[None]:
    """Commands take the root logger over; the test wants its own back."""
    root, names = logging.getLogger(), ["", *TALKATIVE]
    handlers, levels = list(root.handlers), [logging.getLogger(name).level for name in names]
    try:
        yield
    finally:
        root.handlers[:] = handlers
        for name, level in zip(names, levels, strict=True):
            logging.getLogger(name).setLevel(level)


def lines(objects: list[Mapping[str, Any]]) -> bytes:
    """JSON lines."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)
