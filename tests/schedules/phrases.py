"""Reads the rows of the ground truth that are in one language."""

from datetime import datetime
from typing import Any

from bot import schedules
from bot.errors import Refusal
from storage.records import Schedule
from tests.schedules.rows import instant


def read_row(row: dict[str, Any], lang: str) -> Schedule:
    return schedules.read(row["phrase"], row["tz"], instant(row["now"]), lang=lang)


def instants_of(row: dict[str, Any], lang: str) -> list[str]:
    """The first six instants, as the rows write them."""
    slots = schedules.preview(read_row(row, lang), instant(row["now"]), 6)
    return [slot.strftime("%Y-%m-%dT%H:%M:%SZ") for slot in slots]


def right_answers(row: dict[str, Any]) -> list[list[str]]:
    return [option["next"] for option in [row["schedule"], *(row.get("also_accept") or [])]]


def refusal_of(phrase: str, zone: str, now: datetime, lang: str) -> Refusal:
    """The refusal of a phrase that cannot be read."""
    try:
        found = schedules.read(phrase, zone, now, lang=lang)
    except Refusal as refusal:
        return refusal
    raise AssertionError(f"“{phrase}” was read as {found.text}")
