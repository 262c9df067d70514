"""A part of `make torture` with every test run: deaths, power cuts and full disks on the way.

OHX_TORTURE_RUNS sets how many (default 100), OHX_KILL_SEED repeats a series.
"""

# ruff: noqa: T201 - the table is what a person runs this for

import os
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from cut_disk import Fate
from disk_shim import missing
from kill_points import Point, PointKind
from rack import Rack, rack
from torture_table import table
from trials import Counts, Group, Trial, trials

RUNS = int(os.environ.get("OHX_TORTURE_RUNS", "100"))
SEED = int(os.environ.get("OHX_KILL_SEED", str(random.SystemRandom().randrange(2**32))))

pytestmark = pytest.mark.kill


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rack]:
    with rack(tmp_path_factory.mktemp("torture"), SEED) as made:
        yield made


@pytest.fixture(scope="module")
def counts(place: Rack) -> Counts:
    return place.prepare()


@pytest.mark.timeout(60 + RUNS)
def test_whatever_ends_the_program_what_was_told_saved_arrives_exactly_once(
    place: Rack, counts: Counts
) -> None:
    series = trials(counts, runs=RUNS, seed=SEED, has_shim=missing() is None)
    results = [place.run(trial) for trial in series]
    print(f"\nseed {SEED}\n{table(results)}")
    assert [result for result in results if not result.verdict.is_clean] == []
    assert sum(result.died for result in results) > RUNS / 2


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_a_disk_that_does_not_keep_its_promise_is_found_out(place: Rack, counts: Counts) -> None:
    """Otherwise the clean table above would prove nothing."""
    early = Point(kind=PointKind.DISK, at=1)
    cut = Trial(number=RUNS, group=Group.CUT, kill=early, fate=Fate.LOST)
    assert not place.run(cut, is_honest=False).verdict.is_clean
    assert place.run(replace(cut, number=RUNS + 1)).verdict.is_clean


def test_a_series_is_repeated_by_its_seed(counts: Counts) -> None:
    def planned(seed: int) -> list[Trial]:
        return trials(counts, runs=50, seed=seed, has_shim=True)

    assert planned(1) == planned(1) != planned(2)


def test_a_long_series_goes_through_every_point(counts: Counts) -> None:
    series = trials(counts, runs=4000, seed=SEED, has_shim=True)
    for group, kind in ((Group.AWAIT, PointKind.AWAIT), (Group.STATEMENT, PointKind.STATEMENT)):
        swept = {t.kill.at for t in series if t.group is group and t.kill and not t.is_new}
        assert swept == set(range(1, counts.used[kind] + 1))
    for fate in Fate:
        cuts = [t for t in series if t.fate is fate and not t.is_new]
        assert {t.kill.at for t in cuts if t.kill} >= set(range(1, counts.used["disk"] + 1))
