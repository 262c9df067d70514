"""`make device-table`: every family of devices against every fault, and what the program told.

Each cell is a session of the program's own listener with a virtual device, by an unmodified bleak,
in virtual time: no deadline of the program is shortened. A line sums up the cases of one fault.
Fails where a rule is broken: an outcome with a name within its deadline, no value but those
measured, `stored` right, nothing left behind, no foreign exception.
"""

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from bus_playing import play_on_bus
from catalogue import FAMILIES
from faults_to_try import HEALTHY, Case, cases_for, cases_on_bus
from judging import Verdict, golden_of, judge
from playing import READING, play

_HEAD = ("family", "fault", "cases", "told first", "reading", "longest s", "verdict")
_SIDE_BY_SIDE = 6
_WIDTHS = (26, 34, 5, 60, 9, 9, 1)


@dataclass(slots=True, kw_only=True)
class Line:
    """What became of the cases of one fault in one family. Times in virtual seconds."""

    family: str
    fault: str
    told: Counter[str] = field(default_factory=Counter)
    readings: int = 0
    longest_s: float = 0.0
    broken: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """How many there were."""
        return self.told.total()

    def add(self, verdict: Verdict) -> None:
        """Count a case."""
        self.told[verdict.told] += 1
        self.readings += verdict.has_reading
        self.longest_s = max(self.longest_s, verdict.took_s)
        self.broken += verdict.broken

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        told = ", ".join(
            outcome if count == self.cases else f"{outcome} {count}"
            for outcome, count in self.told.most_common()
        )
        return (
            self.family,
            self.fault,
            f"{self.cases}",
            told,
            f"{self.readings}/{self.cases}",
            f"{self.longest_s:.1f}",
            f"BROKEN: {self.broken[0]} ({len(self.broken)})" if self.broken else "ok",
        )


Wanted = Callable[[Case], bool]


def lines_of(
    family: str, wanted: Wanted = lambda _: True, *, most: int | None = None
) -> Iterator[Line]:
    """Play the cases of a family that are wanted, at most so many of each; yield their lines."""
    scenario = FAMILIES[family]
    healthy = play(scenario, HEALTHY)
    golden = golden_of(healthy)
    if healthy.course is None:
        raise RuntimeError("a play tells its course")
    by_fault: dict[str, list[Case]] = {}
    for case in cases_for(healthy.course):
        if wanted(case):
            by_fault.setdefault(case.group, []).append(case)
    for group, cases in by_fault.items():
        line = Line(family=family, fault=group)
        step = max(1, len(cases) // (most or len(cases)))
        for case in cases[step // 2 :: step]:
            line.add(judge(play(scenario, case), case, golden))
        yield line
    gc.collect()


def lines_on_bus(families: Sequence[str], fault: str) -> Iterator[Line]:
    """Play the cases that need a bus, in processes side by side: they wait most of the time."""
    cases = [case for case in cases_on_bus() if fault in case.group]
    with ProcessPoolExecutor(_SIDE_BY_SIDE, mp_context=get_context("spawn")) as pool:
        waiting = {
            (family, case.group): pool.submit(_play_on_bus, family, case.group)
            for family in families
            for case in cases
        }
        for family in families:
            for case in cases:
                line = Line(family=family, fault=f"bus: {case.group}")
                line.add(waiting[family, case.group].result())
                yield line


def _play_on_bus(family: str, fault: str) -> Verdict:
    case = next(case for case in cases_on_bus() if case.group == fault)
    golden = golden_of(play(FAMILIES[family], HEALTHY))
    return judge(play_on_bus(FAMILIES[family], case), case, golden)


def main() -> int:
    """Print the table. Returns 1 where a rule is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--family", action="append", choices=list(FAMILIES), help="all by default")
    parser.add_argument("--fault", default="", help="only faults whose name contains this")
    parser.add_argument("--broken", action="store_true", help="show every broken rule")
    parser.add_argument(
        "--no-bus", dest="bus", action="store_false", help="leave out what needs dbus-daemon"
    )
    options = parser.parse_args()
    began_s = time.monotonic()
    lines: list[Line] = []
    _say(_formatted(_HEAD))
    for family in options.family or FAMILIES:
        for line in lines_of(family, lambda case: options.fault in case.group):
            lines.append(line)
            _show(line, with_broken=options.broken)
    if options.bus:
        for line in lines_on_bus(options.family or list(FAMILIES), options.fault):
            lines.append(line)
            _show(line, with_broken=options.broken)
    cases = sum(line.cases for line in lines)
    readings = sum(line.told[READING] for line in lines)
    broken = sum(len(line.broken) for line in lines)
    _say(
        f"{len({line.family for line in lines})} families, {cases:,} cases,"
        f" {readings:,} readings at once, {broken} rules broken,"
        f" {time.monotonic() - began_s:.0f} s\n"
    )
    return bool(broken)


def _show(line: Line, *, with_broken: bool) -> None:
    _say(_formatted(line.row()))
    if with_broken:
        _say("".join(f"    {rule}\n" for rule in line.broken))


def _formatted(cells: Sequence[str]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True)) + "\n"


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
