"""The trace of a run: its spans in one compressed blob beside a few plain numbers."""

from collections.abc import Iterable
from typing import Any

import zstandard
from sqlalchemy import Connection, bindparam, select

from storage.columns import from_json, to_json
from storage.nested import known_fields
from storage.records import NodeSpan
from storage.rows import each_engine
from storage.tables import traces

# 3 is the level at which a full trace costs under a millisecond and a quarter of the disk.
LEVEL = 3
_MISSING = {"id": "", "node_id": "", "kind": "", "title": "", "state": "unfinished"}


def _upsert(insert: Any) -> Any:
    statement = insert(traces)
    news = {name: statement.excluded[name] for name in ("nodes", "failed", "ignored", "spans")}
    return statement.on_conflict_do_update(index_elements=["run_id"], set_=news)


_PUT = each_engine(_upsert)
_GET = select(traces.c.spans).where(traces.c.run_id == bindparam("run_id"))


def pack_trace(spans: Iterable[NodeSpan]) -> bytes:
    """Spans as zstd-compressed JSON. Costs CPU for a large trace: do it in a thread."""
    return zstandard.compress(to_json(tuple(spans)), LEVEL)


def unpack_trace(blob: bytes) -> tuple[NodeSpan, ...]:
    """The spans of a blob. Fields that this program does not know are passed over, missing ones are unknown."""
    return tuple(NodeSpan(**_MISSING | known_fields(NodeSpan, one)) for one in from_json(zstandard.decompress(blob)))


def put_trace(c: Connection, run_id: int, blob: bytes, nodes: int, failed: int, ignored: int) -> None:
    """Keeps the newest trace of a run: how many nodes it has, how many failed, how many events were ignored."""
    values = {"run_id": run_id, "nodes": nodes, "failed": failed, "ignored": ignored, "spans": blob}
    c.execute(_PUT[c.dialect.name], values)


def get_trace(c: Connection, run_id: int) -> bytes | None:
    """The blob for `unpack_trace`. Read the run with its team first: a trace knows no team."""
    return c.execute(_GET, {"run_id": run_id}).scalar()
