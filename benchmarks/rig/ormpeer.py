"""The peer that writes history: SQLAlchemy's ORM over aiosqlite, a row for the run and one for each node."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, URL, ForeignKey, event
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from storage.records import NodeSpan


class _Rows(DeclarativeBase):
    pass


class _Node(_Rows):
    __tablename__ = "node"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    title: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    elapsed_s: Mapped[float | None]
    tokens: Mapped[int | None]
    inputs: Mapped[Any] = mapped_column(JSON)
    outputs: Mapped[Any] = mapped_column(JSON)


class _Run(_Rows):
    __tablename__ = "run"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    state: Mapped[str]
    outputs: Mapped[Any] = mapped_column(JSON)
    nodes: Mapped[list[_Node]] = relationship()


class OrmWriter:
    """As durable as ours."""

    def __init__(self, path: Path) -> None:
        self._engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)))

        @event.listens_for(self._engine.sync_engine, "connect")
        def prepare(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

    async def open(self) -> None:
        async with self._engine.begin() as c:
            await c.run_sync(_Rows.metadata.create_all)

    async def write(self, name: str, outputs: Any, spans: Sequence[NodeSpan]) -> None:
        kept = [
            _Node(
                title=span.title,
                kind=span.kind,
                state=span.state,
                elapsed_s=span.elapsed_s,
                tokens=span.tokens,
                inputs=span.inputs,
                outputs=span.outputs,
            )
            for span in spans
        ]
        async with AsyncSession(self._engine) as session:
            session.add(_Run(name=name, state="succeeded", outputs=outputs, nodes=kept))
            await session.commit()

    async def close(self) -> None:
        await self._engine.dispose()
