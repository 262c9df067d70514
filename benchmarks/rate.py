"""One rate: how often a second something pure is done on one core."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

HEAD = ("decoder", "packets/s", "target", "of", "microseconds")
_ROUND_S = 0.1
_ROUNDS = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`per_s` is that of the best round; `packets` how many different ones it went over."""

    name: str
    per_s: float
    target: float
    packets: int

    def as_json(self) -> str:
        """Return the rate as one line of JSON."""
        return json.dumps(
            {
                "decoder": self.name,
                "packets_per_s": round(self.per_s),
                "target": self.target,
                "within_target": self.per_s >= self.target,
                "packets": self.packets,
            }
        )

    def row(self) -> tuple[str, ...]:
        """Return the cells of the rate's line in the table."""
        mark = "" if self.per_s >= self.target else " under"
        return (
            self.name,
            f"{self.per_s:,.0f}",
            f"{self.target:,.0f}{mark}",
            f"{self.packets}",
            f"{1e6 / self.per_s:.1f}",
        )

    def remarks(self) -> list[str]:
        """Return what is told below the table: nothing."""
        return []


def rate_of(decode: Callable[[T], object], packets: Sequence[T]) -> float:
    """Return how many packets a second are decoded, going over all of them again and again."""
    _round(decode, packets)  # caches and branch prediction are warm in a program that runs
    return max(_round(decode, packets) for _ in range(_ROUNDS))


def _round(decode: Callable[[T], object], packets: Sequence[T]) -> float:
    done = 0
    began_ns = time.perf_counter_ns()
    while (took_s := (time.perf_counter_ns() - began_ns) / 1e9) < _ROUND_S:
        for packet in packets:
            decode(packet)
        done += len(packets)
    return done / took_s
