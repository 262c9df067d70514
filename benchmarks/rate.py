"""One rate: how often a second something pure is done on one core."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

HEAD = ("rate", "a second", "target", "of", "microseconds")
_ROUND_S = 0.1
_ROUNDS = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`per_s` is that of the best round; `of` how many different ones it went over."""

    name: str
    per_s: float
    target: float
    of: int

    def as_json(self) -> str:
        """Return the rate as one line of JSON."""
        return json.dumps(
            {
                "rate": self.name,
                "per_s": round(self.per_s),
                "target": self.target,
                "within_target": self.per_s >= self.target,
                "of": self.of,
            }
        )

    def row(self) -> tuple[str, ...]:
        """Return the cells of the rate's line in the table."""
        mark = "" if self.per_s >= self.target else " under"
        return (
            self.name,
            f"{self.per_s:,.0f}",
            f"{self.target:,.0f}{mark}",
            f"{self.of}",
            f"{1e6 / self.per_s:.1f}",
        )

    def remarks(self) -> list[str]:
        """Return what is told below the table: nothing."""
        return []


def rate_of(work: Callable[[T], object], items: Sequence[T]) -> float:
    """Return how many items a second are worked on, going over all of them again and again."""
    _round(work, items)  # caches and branch prediction are warm in a program that runs
    return max(_round(work, items) for _ in range(_ROUNDS))


def _round(work: Callable[[T], object], items: Sequence[T]) -> float:
    done = 0
    began_ns = time.perf_counter_ns()
    while (took_s := (time.perf_counter_ns() - began_ns) / 1e9) < _ROUND_S:
        for item in items:
            work(item)
        done += len(items)
    return done / took_s
