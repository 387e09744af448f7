"""The column types: UTC on both engines, words of an enumeration, JSON, and text that every engine can hold."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import JSON, BigInteger, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeEngine

# SQLite numbers rows by themselves only for the exact type INTEGER; PostgreSQL needs 64 bits said aloud.
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")


def clean_text(text: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL and UTF-8 cannot hold; everything else stays as it is."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "ignore").decode()


def clean_json(value: Any) -> Any:
    """A copy that every engine can hold: clean text, text as keys, integers beyond 64 bits as floats."""
    match value:
        case str():
            return clean_text(value)
        case Mapping():
            return {clean_text(str(name)): clean_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [clean_json(inner) for inner in value]
        case bool():
            return value
        case int() if not -(2**63) <= value < 2**64:
            return _as_float(value)
        case _:
            return value


def _as_float(value: int) -> float | str:
    try:
        return float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"


def _lend(value: Any) -> Any:
    """What orjson asks about: it knows neither other mappings nor our rule for times."""
    if isinstance(value, datetime):
        return write_time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def to_json(value: Any) -> bytes:
    """JSON of plain values and of records. Times become ISO text in UTC; NaN and infinity become null."""
    try:
        packed = orjson.dumps(value, default=_lend, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except orjson.JSONEncodeError:
        plain = [_plain(one) for one in value] if isinstance(value, list | tuple) else _plain(value)
        return orjson.dumps(clean_json(plain), default=_lend, option=orjson.OPT_PASSTHROUGH_DATETIME)
    if b"\\u0000" in packed:
        return orjson.dumps(clean_json(orjson.loads(packed)))
    return packed


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    return value


def to_json_text(value: Any) -> str:
    return to_json(value).decode()


from_json = orjson.loads


@lru_cache(maxsize=256)
def write_time(value: datetime) -> str:
    """ISO text of constant width in UTC, so that text order is time order. A naive time is refused."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone; every stored time is aware")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")


class Utc(TypeDecorator[datetime]):
    """An instant in UTC with microseconds: text of constant width on SQLite, timestamptz on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        text = write_time(value)
        return text if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return datetime.fromisoformat(value)
        return value if value.tzinfo is UTC else value.astimezone(UTC)  # type: ignore[no-any-return]


class Word(TypeDecorator[StrEnum]):
    """One word of an enumeration, stored as text."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words
        self._known = {str(word.value): word for word in words}

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self._known[value].value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self._known[value]


class Words(TypeDecorator[str]):
    """Free text of any length, without what an engine cannot hold."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value)


class Key(Words):
    """A name made by the house, compared byte by byte on both engines, so that a prefix is a range of the index."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text(collation="C" if dialect.name == "postgresql" else None)


class Json(TypeDecorator[Any]):
    """A JSON value; `None` is SQL's NULL. JSONB would forget the order in which a workflow wrote its outputs."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSON(none_as_null=True))
