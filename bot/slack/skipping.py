"""Answers about slots that were skipped, brought back or moved, for commands and buttons alike."""

from datetime import datetime

from bot.blocks.parts import Message
from bot.blocks.slots import moved, skipped, unskipped
from bot.operations.move import Moved
from bot.operations.plan import came_at
from bot.operations.skip import Skipped
from bot.services import Services
from bot.slack.seek import reader_zone


async def say_skipped(services: Services, done: Skipped, user_id: str) -> Message:
    """What was skipped, what comes next, and the way back. Wakes who tells the channel."""
    _wake(services)
    times = [came_at(run) for run in done.runs]
    return skipped(done.job, times, _next_at(done), await reader_zone(services, user_id))


async def say_unskipped(services: Services, done: Skipped, user_id: str) -> Message:
    """What was brought back, and what comes next."""
    _wake(services)
    times = [came_at(run) for run in done.runs]
    return unskipped(done.job, times, _next_at(done), await reader_zone(services, user_id))


async def say_moved(services: Services, done: Moved, user_id: str) -> Message:
    """The old time and the new one."""
    _wake(services)
    zone = await reader_zone(services, user_id)
    return moved(done.job, done.was_due_at, done.planned.due_at, came_at(done.planned), zone)


def _wake(services: Services) -> None:
    services.engine.wake("clock")
    services.engine.wake("courier")


def _next_at(done: Skipped) -> datetime | None:
    return done.planned.due_at if done.planned else None
