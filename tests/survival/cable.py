"""A cable between the bot and a server, which can be cut, go dead or deaf with both ends thinking that it stands, or
break at a word of the server."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

Ends: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CHUNK = 64 * 1024


class Cable:
    """Carries bytes to `far`, which is a socket file or (host, port)."""

    def __init__(self, far: Path | tuple[str, int]) -> None:
        self._far = far
        self._lines: set[asyncio.Task[None]] = set()
        self.is_cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._answers = asyncio.Event()
        self._answers.set()
        self._last_word, self._breaks_silently = b"", False
        self.has_broken = False

    def cut(self) -> None:
        """Every line breaks, and no new one comes about."""
        self.is_cut = True
        for line in self._lines:
            line.cancel()

    def die(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._flows.clear()

    def fall_silent(self) -> None:
        """What is said arrives, and no answer comes back."""
        self._answers.clear()

    def break_at(self, word: bytes, *, silently: bool = False) -> None:
        """The next time that the server says this, the line breaks before it arrives, or falls silent."""
        self._last_word, self._breaks_silently = word, silently

    def mend(self) -> None:
        self.is_cut = False
        self._flows.set()
        self._answers.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line, from its beginning to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        far: asyncio.StreamWriter | None = None
        try:
            if self.is_cut:
                return
            back, far = await self._reach()
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._flow(reader, far))
                ways.create_task(self._flow(back, writer, is_answer=True))
        except* (OSError, asyncio.CancelledError, EOFError):
            pass
        finally:
            self._lines.discard(task)
            for end in (writer, far):
                if end is not None:
                    end.transport.abort()

    async def _reach(self) -> Ends:
        if isinstance(self._far, Path):
            return await asyncio.open_unix_connection(str(self._far))
        return await asyncio.open_connection(*self._far)

    async def _flow(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool = False
    ) -> None:
        while data := await reader.read(CHUNK):
            await self._flows.wait()
            if is_answer:
                self._break_here(data)
                await self._answers.wait()
            writer.write(data)
            await writer.drain()
        raise EOFError

    def _break_here(self, data: bytes) -> None:
        if self._last_word and self._last_word in data:
            self._last_word, self.has_broken = b"", True
            if not self._breaks_silently:
                raise EOFError
            self.fall_silent()


@asynccontextmanager
async def lay_to_postgres(socket: Path, folder: Path) -> AsyncIterator[Cable]:
    """A cable to the socket file of a PostgreSQL; `folder` is then its host."""
    cable = Cable(socket)
    server = await asyncio.start_unix_server(cable.carry, str(folder / socket.name))
    try:
        yield cable
    finally:
        cable.cut()
        server.close()
        with contextlib.suppress(Exception):
            await server.wait_closed()


@asynccontextmanager
async def lay(host: str, port: int) -> AsyncIterator[tuple[Cable, int]]:
    """A cable to a server of this machine, and the port at its near end."""
    cable = Cable((host, port))
    server = await asyncio.start_server(cable.carry, "127.0.0.1", 0)
    try:
        yield cable, server.sockets[0].getsockname()[1]
    finally:
        cable.cut()
        server.close()
        with contextlib.suppress(Exception):
            await server.wait_closed()
