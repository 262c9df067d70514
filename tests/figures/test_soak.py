"""Some hundred sessions in a row with every test run; `make soak` runs thousands."""

import asyncio
from dataclasses import replace

import pytest
from growth import growth_of
from soaking import BUS, IN_PROCESS, soak
from tally import Tally

_TALLY = Tally(
    sessions=0,
    tasks=1,
    timers=0,
    descriptors=9,
    threads=2,
    match_rules=4,
    connections=3,
    agents=0,
    objects=35_000,
    blocks=140_000,
    resident_kb=36_000,
)


@pytest.mark.parametrize(("way", "sessions"), [(IN_PROCESS, 100), (BUS, 100)])
def test_nothing_piles_up_from_session_to_session(way: str, sessions: int) -> None:
    tallies = asyncio.run(soak(way, sessions=sessions, every=25))
    assert len(tallies) == sessions // 25
    assert growth_of(tallies) == []


@pytest.mark.parametrize(
    "grown",
    [
        {"tasks": 100},
        {"descriptors": 100},
        {"match_rules": 40},
        {"agents": 10},
        {"objects": 37_000},
        {"blocks": 150_000},
    ],
)
def test_growth_is_found(grown: dict[str, int]) -> None:
    after = replace(_TALLY, sessions=1000)
    assert growth_of([_TALLY, after]) == []
    assert growth_of([_TALLY, replace(after, **grown)]) != []
