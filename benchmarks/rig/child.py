"""A process of its own for one side of a measurement, asked over a pipe."""

import asyncio
import multiprocessing
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

END = "end"
PATIENCE_S = 20.0

Question: TypeAlias = tuple[str, dict[str, Any]]


class Line:
    """The child's end of the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._asked: asyncio.Queue[Question] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._take)

    def say(self, value: Any) -> None:
        self._pipe.send(value)

    async def serve(self, **answers: Callable[..., Awaitable[Any]]) -> None:
        """Answer questions by their names, one after the other, until the parent says that it ends or is gone."""
        while (question := await self._asked.get())[0] != END:
            name, arguments = question
            try:
                self.say(await answers[name](**arguments))
            except Exception as error:  # the parent tells it
                self.say(error)

    def _take(self) -> None:
        try:
            self._asked.put_nowait(self._pipe.recv())
        except EOFError:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._asked.put_nowait((END, {}))


Work: TypeAlias = Callable[..., Coroutine[Any, Any, None]]
Run: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]


class Child:
    """The parent's end. `ready` is the first thing that the child said."""

    def __init__(self, process: Any, pipe: Connection) -> None:
        self._process = process
        self._pipe = pipe
        self.ready: Any = None

    async def ask(self, name: str, **arguments: Any) -> Any:
        self._pipe.send((name, arguments))
        return await self.hear()

    async def hear(self) -> Any:
        try:
            heard = await asyncio.to_thread(self._pipe.recv)
        except EOFError:
            raise RuntimeError(f"the process {self._process.name} ended by itself; its error stands above") from None
        if isinstance(heard, Exception):
            raise heard
        return heard

    async def stop(self) -> None:
        if self._process.is_alive():
            self._pipe.send((END, {}))
            await asyncio.to_thread(self._process.join, PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            await asyncio.to_thread(self._process.join)
        self._pipe.close()


@asynccontextmanager
async def start(work: Work, *arguments: Any, run: Run = asyncio.run) -> AsyncIterator[Child]:
    """Run `await work(line, *arguments)` in a new process; it says something once it is ready."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs, run, work, arguments), name=work.__name__, daemon=True)
    process.start()
    theirs.close()
    child = Child(process, ours)
    try:
        child.ready = await child.hear()
        yield child
    finally:
        await child.stop()


def _main(pipe: Connection, run: Run, work: Work, arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us

    async def main() -> None:
        await work(Line(pipe), *arguments)

    run(main())
