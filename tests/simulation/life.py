"""A world that is lived through: what asks for the time is told that of the world, and what goes wrong is heard."""

import gc
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from bot.loops import courier, leave
from storage.errors import StorageError
from tests.simulation.swarm import Swarm
from tests.simulation.world import World


@contextmanager
def virtual_time(world: World) -> Iterator[None]:
    """What asks for the monotonic time is told that of the world; nothing but order decides when garbage goes."""

    def monotonic() -> float:
        return world.timeline.now

    with (
        mock.patch.object(time, "monotonic", monotonic),
        mock.patch.object(courier, "monotonic", monotonic),
        mock.patch.object(leave, "monotonic", monotonic),
        _listening(world),
    ):
        gc.disable()
        try:
            yield
        finally:
            gc.enable()


class _Ear(logging.Handler):
    """What is logged as an error is a bug, unless it tells of the database."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, StorageError):
            self._world.bugs.append(f"{record.getMessage()}: {error!r}")


@contextmanager
def _listening(world: World) -> Iterator[None]:
    log, ear = logging.getLogger("bot"), _Ear(world)
    level, propagates = log.level, log.propagate
    log.setLevel(logging.ERROR)
    log.propagate = False
    log.addHandler(ear)
    try:
        yield
    finally:
        log.removeHandler(ear)
        log.setLevel(level)
        log.propagate = propagates


@contextmanager
def open_world(swarm: Swarm) -> Iterator[World]:
    """A world that has lived to its end."""
    gc.freeze()  # what was there before need not be looked at when the world goes
    world = World(swarm)
    hook = sys.unraisablehook
    try:
        with virtual_time(world):
            world.run()
            yield world
    finally:
        sys.unraisablehook = lambda _: None  # what was killed in the middle of a step complains when it is let go
        world.close()
        del world
        gc.collect()
        sys.unraisablehook = hook
