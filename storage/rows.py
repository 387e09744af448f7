"""Row and record: the one place where a dataclass becomes columns and columns become a dataclass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    CursorResult,
    Dialect,
    Table,
    TableValuedAlias,
    Text,
    TypeDecorator,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from storage.columns import to_json_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")
E = TypeVar("E")


class Shape(Generic[R]):
    """How one kind of record lies in its table: a column for each field, by the same name.

    `extra` names columns that are made from the record and never read back (a folded name, say).
    """

    def __init__(self, record: type[R], table: Table, extra: Mapping[str, Callable[[R], Any]] | None = None) -> None:
        self.record = record
        self.table = table
        self.extra = dict(extra or {})
        self.names = tuple(one.name for one in fields(record))
        if {*self.names, *self.extra} != set(table.c.keys()):
            raise TypeError(f"{record.__name__} and the table {table.name} do not have the same fields")
        self.columns: tuple[Column[Any], ...] = tuple(table.c[name] for name in self.names)
        self._look = attrgetter(*self.names)
        self._late = tuple(one.name for one in fields(record) if one.default is None)
        self._early = tuple(name for name in self.names if name not in ("id", *self._late))
        # twice, for a getter of one name gives no tuple
        self._look_late = attrgetter(*self._late, "id", "id")

    def values(self, record: R) -> dict[str, Any]:
        """Every column of a row."""
        values = dict(zip(self.names, self._look(record), strict=True))
        for name, make in self.extra.items():
            values[name] = make(record)
        return values

    def new(self, record: R) -> dict[str, Any]:
        """The columns of an INSERT, without `id`, which the database gives."""
        return self.news([record])[0]

    def news(self, records: Sequence[R]) -> list[dict[str, Any]]:
        """The columns of an INSERT of many, the same for each. What all of them do not know yet is left out, which
        saves a third of the cost of a planned run."""
        seen = zip(*map(self._look_late, records), strict=True)
        known = (name for name, column in zip(self._late, seen, strict=False) if column.count(None) < len(column))
        names = (*self._early, *known)
        look = attrgetter(*names)
        rows = [dict(zip(names, look(record), strict=True)) for record in records]
        for name, make in self.extra.items():
            for record, values in zip(records, rows, strict=True):
                values[name] = make(record)
        return rows

    def known(self, *unknown: str) -> Shape[R]:
        """The same for rows of which these columns are still as they were made: they are not read."""
        shape = copy(self)
        shape.names = tuple(name for name in self.names if name not in unknown)
        shape.columns = tuple(self.table.c[name] for name in shape.names)
        return shape

    def read(self, row: Iterable[Any]) -> R:
        """The record of a row that was selected as `columns`."""
        return self.record(**dict(zip(self.names, row, strict=True)))

    def one(self, result: CursorResult[Any]) -> R | None:
        row = result.first()
        return None if row is None else self.read(row)

    def all(self, result: CursorResult[Any]) -> list[R]:
        return [self.read(row) for row in result.all()]


def each_engine(build: Callable[[Any], E]) -> dict[str, E]:
    """The same statement for both engines, by the name of the dialect, where only their own INSERT can say it
    (ON CONFLICT). `build` gets the `insert` function."""
    return {"sqlite": build(sqlite.insert), "postgresql": build(postgresql.insert)}


class Listed(TypeDecorator[Sequence[Any]]):
    """A list of numbers, texts and times as one bound JSON text, for SQLite has no arrays. Times are written as in
    the tables. A statement with it is parsed once, whatever the length."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else to_json_text(list(value))


@dataclass(frozen=True, slots=True)
class Source:
    """Rows out of one bound value or a few: `columns` by name, and `bind` makes the values out of tuples in the order
    of the columns. One statement takes any number of rows: on SQLite a third of the cost of one a row, which would
    open every index of the table anew, and on PostgreSQL half of that of a list of values."""

    columns: Mapping[str, ColumnElement[Any]]
    bind: Callable[[Sequence[tuple[Any, ...]]], dict[str, Any]]


def sources(columns: Sequence[Column[Any]]) -> dict[str, Source]:
    """Rows of such columns (numbers, texts, times), by the name of the dialect."""
    names = tuple(column.name for column in columns)
    listed = func.json_each(bindparam("all_rows", type_=Listed)).table_valued("value")
    extracted = {name: func.json_extract(listed.c.value, f"$[{index}]") for index, name in enumerate(names)}
    unnested = unnest(columns)
    return {
        "sqlite": Source(extracted, lambda rows: {"all_rows": rows}),
        "postgresql": Source(
            {name: unnested.c[name] for name in names},
            lambda rows: {f"all_{name}": list(of) for name, of in zip(names, zip(*rows, strict=True), strict=True)},
        ),
    }


def unnest(columns: Sequence[Column[Any]]) -> TableValuedAlias:
    """PostgreSQL's rows out of arrays, one bound array `all_<name>` for each column. One statement with a few
    parameters for any number of rows: parsed once, and half the cost of a list of values."""
    arrays = [bindparam(f"all_{column.name}", type_=ARRAY(column.type)) for column in columns]
    return func.unnest(*arrays).table_valued(*(column.name for column in columns)).render_derived()


def arrays(names: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """What `unnest` binds."""
    return {f"all_{name}": [row[name] for row in rows] for name in names}


def among(column: Column[Any], name: str) -> dict[str, ColumnElement[bool]]:
    """`column` is one of the bound list `name`, by the name of the dialect."""
    listed = func.json_each(bindparam(name, type_=Listed)).table_valued("value")
    array = bindparam(name, type_=ARRAY(column.type))
    return {"sqlite": column.in_(select(listed.c.value)), "postgresql": column == any_(array)}
