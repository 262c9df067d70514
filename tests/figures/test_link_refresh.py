"""A few runs of the figures on renewals, so that every change meets them."""

import sys
from pathlib import Path

import pytest
from link_refresh import Step, measure

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")


def test_a_link_survives_a_kill_at_every_step_of_a_renewal(tmp_path: Path) -> None:
    outcomes = measure(len(Step) + 1, seed=20261125, folder=tmp_path)
    assert [line for told in outcomes.values() for line in told.failures] == []
    assert all(told.survived == told.runs == 1 for told in outcomes.values())
    killed = [step for step, told in outcomes.items() if told.killed]
    assert len(killed) >= len(Step) - 3, "a process that comes late finds the token renewed"
