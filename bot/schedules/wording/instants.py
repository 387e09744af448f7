"""Instants and times of day in figures, the same in every language."""

from datetime import datetime

from bot.schedules.cron.describe import write_time


def write_clock(second: int) -> str:
    """A second of the day as `09:00`."""
    return write_time((second // 3600, second // 60 % 60, second % 60))


def write_instant(local: datetime) -> str:
    """`2026-12-01 14:00`; in the second pass of a repeated hour with its offset."""
    return f"{local.date()} {write_local_time(local)}"


def write_local_time(local: datetime) -> str:
    clock = write_time((local.hour, local.minute, local.second))
    return f"{clock} (UTC{local:%z})" if local.fold else clock
