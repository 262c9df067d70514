"""Which trials a series has: every point that was counted, then chance, all from one seed."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count, islice, product

from cut_disk import Fate
from kill_points import Point, PointKind


class Group(StrEnum):
    """What is done to the program."""

    AWAIT = "killed at an await"
    STATEMENT = "killed at a statement"
    DISK = "killed at a step on the disk"
    CUT = "power cut"
    FULL = "disk full"
    FULL_KILLED = "disk full, then killed"
    AGAIN = "killed again while recovering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run: a death, or a full disk, and the recovery. `is_new`: on a profile just made."""

    number: int
    group: Group
    is_new: bool = False
    kill: Point | None = None
    again: Point | None = None
    fate: Fate | None = None
    full_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many points there are: on a profile in use, on a new one, in a recovery."""

    used: Mapping[str, int]
    new: Mapping[str, int]
    recovery: Mapping[str, int]


# How the runs are shared out; the shares of what needs the shim go to the others without it.
_SHARES = {
    Group.AWAIT: 30,
    Group.STATEMENT: 12,
    Group.DISK: 8,
    Group.CUT: 30,
    Group.FULL: 7,
    Group.FULL_KILLED: 7,
    Group.AGAIN: 6,
}
_NEEDS_SHIM = {Group.DISK, Group.CUT, Group.FULL, Group.FULL_KILLED}
_KINDS = {
    Group.AWAIT: PointKind.AWAIT,
    Group.STATEMENT: PointKind.STATEMENT,
    Group.DISK: PointKind.DISK,
}
_IN_PROCESS = (PointKind.AWAIT, PointKind.STATEMENT)
# One way in so many begins on a new profile.
_NEW_EVERY = 4


def trials(counts: Counts, *, runs: int, seed: int, has_shim: bool) -> list[Trial]:
    """Return so many trials; each group goes through its points before any comes again."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable series
    groups = {g: n for g, n in _SHARES.items() if has_shim or g not in _NEEDS_SHIM}
    planned: list[Trial] = []
    for group, share in groups.items():
        wanted = max(1, round(runs * share / sum(groups.values())))
        planned += islice(_without_end(group, counts, chance), wanted)
    chance.shuffle(planned)
    return [replace(trial, number=number) for number, trial in enumerate(planned)]


def _without_end(group: Group, counts: Counts, chance: random.Random) -> Iterator[Trial]:
    used = _sweeps(group, counts, chance, is_new=False)
    new = _sweeps(group, counts, chance, is_new=True)
    for number in count(1):
        yield next(used if number % _NEW_EVERY else new)


def _sweeps(
    group: Group, counts: Counts, chance: random.Random, *, is_new: bool
) -> Iterator[Trial]:
    """Yield a group's points in a random order, and again in another."""
    while True:
        sweep = [replace(trial, is_new=is_new) for trial in _sweep(group, counts, is_new, chance)]
        chance.shuffle(sweep)
        yield from sweep


def _sweep(group: Group, counts: Counts, is_new: bool, chance: random.Random) -> Iterator[Trial]:
    counted = counts.new if is_new else counts.used
    begin = Trial(number=0, group=group)
    match group:
        case Group.AWAIT | Group.STATEMENT | Group.DISK:
            for point in _points(counted, _KINDS[group]):
                yield replace(begin, kill=point)
        case Group.CUT:
            for point, fate in product(_points(counted, PointKind.DISK), Fate):
                yield replace(begin, kill=point, fate=fate)
        case Group.FULL | Group.FULL_KILLED:
            for write in range(1, counted["write"] + 1):
                yield replace(begin, full_from=write)
        case Group.AGAIN:
            second = [p for kind in _IN_PROCESS for p in _points(counts.recovery, kind)]
            for point in (p for kind in _IN_PROCESS for p in _points(counted, kind)):
                yield replace(begin, kill=point, again=chance.choice(second))


def _points(counted: Mapping[str, int], kind: PointKind) -> list[Point]:
    return [Point(kind=kind, at=at) for at in range(1, counted[kind] + 1)]
