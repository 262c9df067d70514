"""`queue salvage`: what is whole of a damaged queue is there again, and what is lost is told."""

from pathlib import Path

import filelock
import pytest
from cli_bench import Workstation, damage_queue, workstation

from ohx_desktop.settings.profile import Profile


@pytest.fixture
def damaged(tmp_path: Path) -> Workstation:
    station = workstation(tmp_path, base_url="http://127.0.0.1:9/fhir")
    station.profile.mkdir(parents=True, exist_ok=True)
    damage_queue(station.profile)
    return station


def test_a_damaged_queue_is_told_saved_and_used_again(damaged: Workstation) -> None:
    listed = damaged.run("queue", "list")
    assert (listed.code, listed.error["code"]) == (8, "store-damaged")
    assert "queue salvage" in listed.error["hint"]

    salvaged = damaged.run("queue", "salvage")
    (report,) = salvaged.objects
    assert salvaged.code == 5
    assert (report["readings"], len(report["lost"])) == (11, 1)
    assert report["lost"][0]["reading_id"]
    assert report["lost"][0]["saved_at"]

    states = [entry["state"] for entry in damaged.queue()]
    assert (states.count("queued"), states.count("needs-attention")) == (11, 1)
    kept = list(Profile.at(damaged.profile).data.glob("outbox.damaged-*.db"))
    assert len(kept) == 1
    again = damaged.run("queue", "salvage")
    assert (again.code, again.stdout) == (0, "")
    assert "is whole" in again.stderr
    audited = damaged.run("audit", "verify")
    assert audited.code == 0, audited.stdout


def test_nothing_is_touched_while_the_window_is_open(damaged: Workstation) -> None:
    profile = Profile.at(damaged.profile)
    before = profile.database.read_bytes()
    with filelock.FileLock(profile.window_lock):
        refused = damaged.run("queue", "salvage")
    assert (refused.code, refused.error["code"]) == (3, "already-open")
    assert profile.database.read_bytes() == before
