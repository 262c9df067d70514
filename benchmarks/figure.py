"""One figure: our way against the bare way, measured in turns within one run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Protocol

HEAD = (
    "figure",
    "ratio",
    "target",
    "ours ms",
    "(p10-p90)",
    "bare ms",
    "(p10-p90)",
    "excess ms",
    "runs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Times in milliseconds, one for each run. `parts` are medians of steps of our way."""

    name: str
    ours_ms: Sequence[float]
    bare_ms: Sequence[float]
    target: float
    parts_ms: dict[str, float] = field(default_factory=dict)
    note: str | None = None

    @property
    def ratio(self) -> float:
        """Median of ours over median of the bare way."""
        return median(self.ours_ms) / median(self.bare_ms)

    def as_json(self) -> str:
        """Return the figure as one line of JSON."""
        return json.dumps(
            {
                "figure": self.name,
                "ratio": round(self.ratio, 3),
                "target": self.target,
                "within_target": self.ratio <= self.target,
                "ours_ms": _summary(self.ours_ms),
                "bare_ms": _summary(self.bare_ms),
                "parts_ms": {name: round(part, 3) for name, part in self.parts_ms.items()},
                "note": self.note,
            }
        )

    def row(self) -> tuple[str, ...]:
        """Return the cells of the figure's line in the table."""
        mark = "" if self.ratio <= self.target else " over"
        ours, bare = _summary(self.ours_ms), _summary(self.bare_ms)
        return (
            self.name,
            f"{self.ratio:.2f}",
            f"{self.target:.2f}{mark}",
            f"{ours['median']:.2f}",
            f"{ours['p10']:.2f}-{ours['p90']:.2f}",
            f"{bare['median']:.2f}",
            f"{bare['p10']:.2f}-{bare['p90']:.2f}",
            f"{ours['median'] - bare['median']:.2f}",
            f"{len(self.ours_ms)}+{len(self.bare_ms)}",
        )

    def remarks(self) -> list[str]:
        """Return what is told below the table."""
        parts = [f"{name} {part:.2f} ms" for name, part in self.parts_ms.items()]
        said = [f"of which {', '.join(parts)}"] if parts else []
        return [f"{self.name}: {text}" for text in [*said, *([self.note] if self.note else [])]]


class Row(Protocol):
    """One line of a table."""

    def row(self) -> tuple[str, ...]:
        """Return its cells."""
        ...

    def remarks(self) -> list[str]:
        """Return what is told below the table."""
        ...


def table(figures: Sequence[Row], head: tuple[str, ...] = HEAD) -> str:
    """Return the figures as aligned text."""
    rows = [head, *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join([*lines, *(text for figure in figures for text in figure.remarks())])


def _summary(times_ms: Sequence[float]) -> dict[str, float]:
    """Return median and spread; few runs give their extremes for the spread."""
    if len(times_ms) < 10:
        low, high = min(times_ms), max(times_ms)
    else:
        tenths = quantiles(times_ms, n=10)
        low, high = tenths[0], tenths[-1]
    return {
        "median": round(median(times_ms), 3),
        "p10": round(low, 3),
        "p90": round(high, 3),
        "runs": len(times_ms),
    }
