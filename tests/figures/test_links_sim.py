"""A part of the simulation of ten thousand links, with every run of the tests."""

from links_sim import simulate


def test_many_links_use_the_allowed_rate_and_are_never_refused() -> None:
    told = simulate(links=150, calls_each=3, programs=2)
    assert told.limit_errors == 0
    assert told.share_used >= 0.95
    assert told.starved == 0
    assert told.desk_waited_s < 3
