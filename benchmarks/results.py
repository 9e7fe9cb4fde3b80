"""What was measured, as data: medians and ranges, ratios within one run, and whether a target was reached.

Pure; it measures nothing and prints nothing.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["Grid", "Line", "Row", "Spread", "Table", "Target", "as_json", "outcome", "ratio", "spread"]

Bound: TypeAlias = Literal["at most", "at least"]


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, with the lowest and the highest."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Sum rounds up."""
    return Spread(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Target:
    """A limit for a row's first line: for its value, or for its ratio to the line that `to` names."""

    bound: Bound
    limit: float
    to: str = ""

    def share(self, measured: float) -> float:
        """Say how much of the target was reached: 1 is all of it, more is better than asked."""
        return self.limit / measured if self.bound == "at most" else measured / self.limit


@dataclass(frozen=True)
class Line:
    """One side of a row: who, and its value in each round."""

    label: str
    values: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        """Its rounds, summed up."""
        return spread(self.values)


@dataclass(frozen=True)
class Row:
    """One thing that was measured: ciokit's line first, then what stands beside it."""

    name: str
    unit: str
    lines: tuple[Line, ...]
    target: Target | None = None

    @property
    def measured(self) -> float:
        """What the target is held against."""
        first = self.lines[0]
        if self.target is None or not self.target.to:
            return first.spread.median
        beside = next(line for line in self.lines if line.label == self.target.to)
        return ratio(first, beside).median


@dataclass(frozen=True)
class Table:
    """Rows that belong together, and what a reader must know of how they came about."""

    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grid:
    """Many sides and what was measured of each, a column for each figure.

    Attributes:
        title: What it is about.
        head: The columns' names, the first one's empty.
        rows: A side's name and its figures, as text.
        notes: What a reader must know of how they came about.
        data: The same as plain data, a side each.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    data: tuple[Mapping[str, Any], ...] = ()


def ratio(first: Line, other: Line) -> Spread:
    """Compare two lines round by round, because neighbours in time met the same machine."""
    return spread([mine / theirs for mine, theirs in zip(first.values, other.values, strict=True)])


def outcome(row: Row) -> str:
    """Say in words whether a row's target was reached."""
    if row.target is None:
        return ""
    share = row.target.share(row.measured)
    if share >= 1:
        return "reached"
    # Rounded down, so that a target that was just missed is never called 1.00 of itself.
    return f"not reached: {int(share * 100) / 100:.2f} of the target"


def as_json(table: Table | Grid) -> dict[str, Any]:
    """Return a table as plain data."""
    if isinstance(table, Grid):
        return {
            "title": table.title,
            "notes": list(table.notes),
            "head": list(table.head),
            "grid": [list(row) for row in table.rows],
            "data": [dict(line) for line in table.data],
        }
    return {"title": table.title, "notes": list(table.notes), "rows": [_row(row) for row in table.rows]}


def _row(row: Row) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": row.name, "unit": row.unit}
    if row.target is not None:
        target = {"bound": row.target.bound, "limit": row.target.limit}
        plain["target"] = target | ({"ratio_to": row.target.to} if row.target.to else {})
        plain["measured"] = _digits(row.measured)
        plain["outcome"] = outcome(row)
    first, *others = row.lines
    plain["lines"] = [
        _line(first),
        *(_line(line) | {"ratio": _spread(ratio(first, line))} for line in others),
    ]
    return plain


def _line(line: Line) -> dict[str, Any]:
    return {"label": line.label, **_spread(line.spread), "rounds": len(line.values)}


def _spread(values: Spread) -> dict[str, float]:
    return {"median": _digits(values.median), "low": _digits(values.low), "high": _digits(values.high)}


def _digits(value: float) -> float:
    """Keep four significant digits: more would claim what was not measured."""
    return float(f"{value:.4g}")
