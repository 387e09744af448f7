"""Roll-ups: what the runs of a job came to on a day, kept for ever when the runs themselves go."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from sqlalchemy import Connection, bindparam, select

from storage.records import Rollup, Run
from storage.rows import each_engine
from storage.tables import ROLLUP, rollups

_NAME = ("team_id", "job_id", "day", "state", "currency")
_AT = tuple(rollups.c[name] == bindparam(f"its_{name}") for name in _NAME)
_GET = select(*ROLLUP.columns).where(*_AT)
_PUT = each_engine(
    lambda insert: (statement := insert(rollups)).on_conflict_do_update(
        index_elements=list(_NAME),
        set_={name: statement.excluded[name] for name in ("runs", "tokens", "elapsed_s", "price")},
    )
)
_OF_JOB = (
    select(*ROLLUP.columns)
    .where(rollups.c.team_id == bindparam("team"), rollups.c.job_id == bindparam("job"))
    .order_by(rollups.c.day, rollups.c.state, rollups.c.currency)
)


def add_up(c: Connection, gone: Sequence[Run]) -> None:
    """Adds runs that are about to go, in the same transaction, so that each is counted once."""
    sums: dict[tuple[object, ...], Rollup] = {}
    for run in gone:
        at = run.ended_at or run.created_at
        one = Rollup(
            team_id=run.team_id,
            job_id=run.job_id or 0,
            day=at.date().isoformat(),
            state=run.state,
            currency=run.currency or "",
            runs=1,
            tokens=run.tokens or 0,
            elapsed_s=run.elapsed_s or 0.0,
            price=str(_amount(run.price)),
        )
        name = tuple(getattr(one, field) for field in _NAME)
        sums[name] = _sum(sums[name], one) if name in sums else one
    for name, one in sums.items():
        known = ROLLUP.one(c.execute(_GET, {f"its_{field}": value for field, value in zip(_NAME, name, strict=True)}))
        c.execute(_PUT[c.dialect.name], ROLLUP.values(_sum(known, one) if known else one))


def of_job(c: Connection, team_id: str, job_id: int) -> list[Rollup]:
    """By day, then by state; `job_id` 0 are the runs without a job."""
    return ROLLUP.all(c.execute(_OF_JOB, {"team": team_id, "job": job_id}))


def _sum(one: Rollup, other: Rollup) -> Rollup:
    return replace(
        one,
        runs=one.runs + other.runs,
        tokens=one.tokens + other.tokens,
        elapsed_s=one.elapsed_s + other.elapsed_s,
        price=str(_amount(one.price) + _amount(other.price)),
    )


def _amount(price: str | None) -> Decimal:
    """A price that is none counts as nothing: Dify's word for it is not ours to refuse."""
    try:
        amount = Decimal(price or "0")
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() else Decimal(0)
