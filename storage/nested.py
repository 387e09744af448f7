"""Columns that hold a record, or a list of values, as JSON."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Dialect

from storage.columns import Json, from_json, to_json
from storage.records import CalendarRule, Fault, Policy, Schedule


class FaultJson(Json):
    """A `Fault` as JSON. Fields that this program does not know are passed over."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Fault | None:
        return None if value is None else Fault(**known_fields(Fault, value))


# Almost every job has it.
_PLAIN = Policy()
_PLAIN_AS_JSON = from_json(to_json(_PLAIN))


class PolicyJson(Json):
    """A `Policy` as JSON. Fields that this program does not know are passed over."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Policy:
        return _PLAIN if value == _PLAIN_AS_JSON else Policy(**known_fields(Policy, value or {}))


class DaysJson(Json):
    """Dates as a JSON list of ISO texts."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[date, ...]:
        return tuple(date.fromisoformat(day) for day in value or ())


class ListJson(Json):
    """Numbers or texts as a JSON list."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Any, ...]:
        return tuple(value or ())


class SchedulesJson(Json):
    """Schedules as a JSON list; instants are ISO text in UTC."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[Schedule, ...]:
        return tuple(_read_schedule(one) for one in value or ())


# Jobs that come due together mostly say the same, and what is frozen can be shared.
READ_ONCE = 1_000


@lru_cache(READ_ONCE)
def read_schedules(text: str) -> tuple[Schedule, ...]:
    """The schedules of a job as they stand in the table."""
    return tuple(_read_schedule(one) for one in from_json(text) or ())


@lru_cache(READ_ONCE)
def read_policy(text: str) -> Policy:
    """The policy of a job as it stands in the table."""
    return Policy(**known_fields(Policy, from_json(text) or {}))


def _read_schedule(value: Any) -> Schedule:
    """What no release of ours has written is of a kind that nobody knows: its job is held, and the others go on."""
    try:
        plain = known_fields(Schedule, value)
        for name in ("anchor_at", "start_at", "until_at"):
            if plain.get(name) is not None:
                plain[name] = datetime.fromisoformat(plain[name])
        plain["calendars"] = tuple(
            CalendarRule(**known_fields(CalendarRule, one)) for one in plain.get("calendars") or ()
        )
        plain["exclusions"] = tuple(plain.get("exclusions") or ())
        return Schedule(**plain)
    except (AttributeError, TypeError, ValueError):
        return Schedule(kind="unreadable", spec="", zone="UTC", text="", says="a schedule that cannot be read")


def known_fields(record: type, value: Mapping[str, Any]) -> dict[str, Any]:
    """Those entries of `value` that name a field of `record`."""
    names = _names_of(record)
    return {name: inner for name, inner in value.items() if name in names}


@cache
def _names_of(record: type) -> frozenset[str]:
    """Kept, for they are asked with every job that is read."""
    return frozenset(one.name for one in fields(record))
