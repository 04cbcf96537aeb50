"""Figures: what was measured, as lines for people and as JSON for machines. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.bench.table import Table


@dataclass(frozen=True, slots=True)
class Series:
    """One thing, measured several times."""

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Tell the middle value."""
        return median(self.values)

    def percentile(self, share: float) -> float:
        """Tell the smallest value that at least this share of all values does not exceed."""
        ordered = sorted(self.values)
        return ordered[max(0, math.ceil(len(ordered) * share) - 1)]

    def line(self) -> str:
        """Tell it in one line."""
        spread = (
            f"{min(self.values):>10.3f} {self.median:>10.3f} {self.percentile(0.99):>10.3f} {max(self.values):>10.3f}"
        )
        return f"{self.name:<58} {self.unit:>4} {len(self.values):>4} {spread}"


HEADING = f"{'':<58} {'unit':>4} {'n':>4} {'min':>10} {'median':>10} {'p99':>10} {'max':>10}"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must not exceed."""

    name: str
    measured: float
    limit: float
    unit: str = ""

    @property
    def met(self) -> bool:
        """Tell whether it does not."""
        return self.measured <= self.limit

    def line(self) -> str:
        """Tell it in one line."""
        return (
            f"{'met   ' if self.met else 'MISSED'} {self.name}: {self.measured:.3g} {self.unit}(limit {self.limit:g})"
        )


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's outcome."""

    name: str
    series: Sequence[Series]
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    tables: Sequence[Table] = ()
    """Competitors side by side; medians."""

    def lines(self) -> list[str]:
        """Draw the table."""
        told = [f"  {note}" for note in self.notes]
        return [
            f"== {self.name}",
            *(line for table in self.tables for line in table.lines()),
            *([HEADING] if self.series else []),
            *(one.line() for one in self.series),
            *(g.line() for g in self.goals),
            *told,
        ]

    def document(self) -> Mapping[str, Any]:
        """Give it the shape of the JSON."""
        return {
            "benchmark": self.name,
            "series": [
                {"name": one.name, "unit": one.unit, "median": one.median, "values": list(one.values)}
                for one in self.series
            ],
            "goals": [{"name": g.name, "measured": g.measured, "limit": g.limit, "met": g.met} for g in self.goals],
            "notes": list(self.notes),
            "tables": [{"title": t.title, "columns": t.columns, "rows": t.rows} for t in self.tables],
        }
