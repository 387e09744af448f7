"""Figures as people read them: percentiles, and one small table for each measurement."""

from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def median(values: Sequence[float]) -> float:
    return percentile(values, 50)


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """The first column stands left, the others right."""
    texts = [[_write(cell) for cell in row] for row in rows]
    widths = [max(len(line[column]) for line in (list(heads), *texts)) for column in range(len(heads))]
    print(f"\n{title}")
    for line in (list(heads), ["-" * width for width in widths], *texts):
        first, *rest = (
            cell.ljust(width) if not at else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        print("  ".join((first, *rest)).rstrip())


def print_goal(says: str, measured: float, *, at_most: float | None = None, at_least: float | None = None) -> None:
    """A goal and whether this run met it."""
    met = (at_most is None or measured <= at_most) and (at_least is None or measured >= at_least)
    print(f"goal: {says}; measured {_write(measured)}: {'met' if met else 'MISSED'}")


def _write(cell: object) -> str:
    if not isinstance(cell, float):
        return "" if cell is None else str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"
