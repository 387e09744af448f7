"""A cable between the bot and a server, which can be cut, go dead with both ends thinking that it stands, carry only
one way, or break at a word of the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

Ends: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CHUNK = 64 * 1024


class Cable:
    """Carries bytes between its near end and `far`, each a socket file or (host, port); port 0 takes a free one."""

    def __init__(self, near: Path | tuple[str, int], far: Path | tuple[str, int]) -> None:
        self._near = near
        self._far = far
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self._asks, self._answers = asyncio.Event(), asyncio.Event()
        self._asks.set()
        self._answers.set()
        self._last_word, self._breaks_silently = b"", False
        self.has_broken = False

    @property
    def port(self) -> int:
        """Where its near end is."""
        assert not isinstance(self._near, Path)
        return self._near[1]

    def cut(self) -> None:
        """Every line breaks, and no new one comes about."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.break_lines()

    def die(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        self._asks.clear()
        self._answers.clear()

    def fall_silent(self) -> None:
        """What is said arrives, and no answer comes back."""
        self._answers.clear()

    def break_at(self, word: bytes, *, silently: bool = False) -> None:
        """The next time that the server says this, the line breaks before it arrives, or falls silent."""
        self._last_word, self._breaks_silently = word, silently

    def break_lines(self) -> None:
        """Both ends of every line learn that it is over."""
        for line in self._lines:
            line.cancel()

    async def mend(self) -> None:
        """New lines come about, and what was held up flows."""
        self._asks.set()
        self._answers.set()
        if self._server is not None:
            return
        if isinstance(self._near, Path):
            self._near.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._carry, str(self._near))
        else:
            self._server = await asyncio.start_server(self._carry, *self._near, reuse_address=True)
            self._near = self._server.sockets[0].getsockname()[:2]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line, from its beginning to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        far: asyncio.StreamWriter | None = None
        try:
            back, far = await self._reach()
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._flow(reader, far, self._asks))
                ways.create_task(self._flow(back, writer, self._answers))
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

    async def _flow(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flows: asyncio.Event) -> None:
        while data := await reader.read(CHUNK):
            if flows is self._answers:
                self._break_here(data)
            await flows.wait()
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
async def lay(near: Path | tuple[str, int], far: Path | tuple[str, int]) -> AsyncIterator[Cable]:
    """A cable that carries, cut at the end."""
    cable = Cable(near, far)
    await cable.mend()
    try:
        yield cable
    finally:
        cable.cut()
