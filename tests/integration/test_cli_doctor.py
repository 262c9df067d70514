"""`doctor` and Bluetooth: each cause is named by the real command, with the next action.

Every scene of the bench is a computer or a device with one thing wrong; nothing else may be told.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_bench import Bench, Run, Workstation, bench, ehr_process, played, run_program, workstation
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="BlueZ is Linux's")

ADDRESS = "00:5F:BF:12:34:56"
# The cause and its verdict; None for a computer or device that is well.
OK = (None, "ok")
QUICK_S = 8.0
AT_ONCE = 8
# Where nothing else is wrong, the exit code is that of Bluetooth; elsewhere this saves time.
WITH_EHR = {
    "omron": 0,
    "agents-refused": 0,
    "adapter-off": 4,
    "battery low": 0,
    "bond lost here": 4,
}

COMPUTERS = {
    "omron": [OK],
    "no-bus": [("no-system-bus", "problem")],
    "bus-denied": [("not-permitted", "problem")],
    "daemon-not-installed": [("service-not-installed", "problem")],
    "daemon-masked": [("service-disabled", "problem")],
    "daemon-stopped": [("service-stopped", "problem")],
    "daemon-crashed": [("service-crashed", "problem")],
    "daemon-silent": [("service-silent", "problem")],
    "old-bluez": [("service-too-old", "problem")],
    "no-adapter": [("no-adapter", "problem")],
    "no-adapter-no-daemon": [("no-adapter", "problem")],
    "adapter-failed": [("adapter-failed", "problem")],
    "wireless-switch": [("hard-blocked", "problem")],
    "flight-mode": [("flight-mode", "problem")],
    "blocked": [("soft-blocked", "problem")],
    "adapter-off": [("adapter-off", "problem")],
    "no-low-energy": [("no-low-energy", "problem")],
    "scan-refused": [("scan-failed", "problem")],
    "agents-refused": [OK, ("no-pairing-agent", "warning")],
    "two-adapters": [OK, ("several-adapters", "warning")],
    "troublesome-adapter": [OK, ("troublesome-adapter", "warning")],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the doctor told, and after which time."""

    run: Run
    seconds: float

    def about(self, check: str) -> list[Any]:
        """Return the findings of one check."""
        return [item for item in self.run.objects if item.get("check", "").startswith(check)]

    def verdicts(self, check: str) -> list[tuple[str | None, str]]:
        """Return cause and verdict of each finding of one check."""
        return [(item["cause"], item["verdict"]) for item in self.about(check)]


def examined(station: Workstation, on: Bench, **surroundings: str) -> Told:
    began = time.monotonic()
    run = station.run("doctor", **on.surroundings, **surroundings)
    return Told(run=run, seconds=time.monotonic() - began)


def register(station: Workstation, enrolled_at: str = "2026-11-24T10:00:00+00:00") -> None:
    identity = {"manufacturer": "OMRON", "model": "HEM-7155T", "address": ADDRESS}
    row = {"identity": identity, "driver": "blood-pressure", "enrolled_at": enrolled_at}
    listed = {"schema": "ohx.devices/1", "devices": [row]}
    (station.profile / "devices.json").write_text(json.dumps(listed))


# ── stories ──────────────────────────────────────────────────────────────────────────────────


def _examine(scenario: str, station: Workstation) -> Told:
    with bench(scenario) as on:
        return examined(station, on)


def _examine_in_a_box(station: Workstation) -> Told:
    with bench("bus-denied") as on:
        return examined(station, on, SNAP="/snap/ohx-desktop/1")


def _examine_registered(scenario: str, station: Workstation) -> Told:
    register(station)
    return _examine(scenario, station)


def _read_and_examine(scenario: str, seconds: str, station: Workstation) -> Told:
    register(station)
    with bench(scenario) as on:
        station.run("read", "--seconds", seconds, **on.surroundings)
        return examined(station, on)


def _lose_the_bond_here(station: Workstation) -> Told:
    with bench("omron-unpaired") as on:
        enrolled = station.run("enroll", ADDRESS, "--seconds", "20", **on.surroundings)
        assert enrolled.code == 0, enrolled.stderr
    # Another bench is a computer that has forgotten it.
    return _examine("omron-unpaired", station)


def _block(station: Workstation) -> Told:
    register(station)
    with bench("omron") as on:
        asyncio.run(_set_blocked(on.bus))
        return examined(station, on)


async def _set_blocked(address: str) -> None:
    bus = await MessageBus(bus_address=address).connect()
    reply = await bus.call(
        Message(
            destination="org.bluez",
            path=f"/org/bluez/hci0/dev_{ADDRESS.replace(':', '_')}",
            interface="org.freedesktop.DBus.Properties",
            member="Set",
            signature="ssv",
            body=["org.bluez.Device1", "Blocked", Variant("b", True)],
        )
    )
    bus.disconnect()
    assert reply is not None
    assert reply.message_type is MessageType.METHOD_RETURN


def _long_silent(station: Workstation) -> Told:
    register(station, "2026-01-01T10:00:00+00:00")
    return _examine("no-devices", station)


DEVICES: dict[str, tuple[Callable[[Workstation], Told], tuple[str | None, str]]] = {
    "well": (partial(_examine_registered, "backlog-only"), OK),
    "weak signal": (partial(_examine_registered, "weak-signal"), ("weak-signal", "warning")),
    "clock never set": (
        partial(_examine_registered, "clock-never-set"),
        ("clock-not-set", "warning"),
    ),
    "long silent": (_long_silent, ("not-heard", "warning")),
    "device blocked": (_block, ("device-blocked", "problem")),
    "battery low": (
        partial(_read_and_examine, "battery-low", "20"),
        ("battery-low", "warning"),
    ),
    "failed": (partial(_read_and_examine, "silent", "6"), ("session-failed", "warning")),
    "paired elsewhere": (
        partial(_read_and_examine, "pairing-refused", "10"),
        ("paired-elsewhere", "problem"),
    ),
    "bond lost there": (
        partial(_read_and_examine, "bond-forgotten", "12"),
        ("device-forgot-bond", "problem"),
    ),
    "bond lost here": (_lose_the_bond_here, ("computer-forgot-bond", "problem")),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Told]]:
    """Play all stories, some at once: each takes seconds of mere waiting."""
    folder = tmp_path_factory.mktemp("stories")
    stories: dict[str, Callable[[Workstation], Told]] = {
        **{name: story for name, (story, _) in reversed(DEVICES.items())},
        **{scenario: partial(_examine, scenario) for scenario in COMPUTERS},
        "in a box": _examine_in_a_box,
    }
    with ehr_process() as ehr:
        plays = {
            name: partial(tell, workstation(folder / name, base_url=ehr.base_url))
            if name in WITH_EHR
            else partial(tell, workstation(folder / name))
            for name, tell in stories.items()
        }
        with played(plays, at_once=AT_ONCE) as results:
            yield results


# ── what is told ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scenario", COMPUTERS)
def test_what_is_wrong_with_the_computer_is_named_and_nothing_else(
    scenario: str, told: Callable[[str], Told]
) -> None:
    found = told(scenario)
    assert found.verdicts("bluetooth") == COMPUTERS[scenario], found.run.stderr
    assert found.verdicts("device") == []
    assert_form_is_whole(found)


def test_a_box_that_the_program_is_in_is_named(told: Callable[[str], Told]) -> None:
    assert told("in a box").verdicts("bluetooth") == [("sandboxed", "problem")]


@pytest.mark.parametrize("name", DEVICES)
def test_what_is_wrong_with_a_device_is_named_and_nothing_else(
    name: str, told: Callable[[str], Told]
) -> None:
    found = told(name)
    assert found.verdicts("bluetooth") == [OK], found.run.stderr
    assert found.verdicts("device") == [DEVICES[name][1]]
    (item,) = found.about("device")
    assert item["check"] == f"device {ADDRESS}"
    assert item["detail"].startswith("OMRON HEM-7155T: ")
    assert_form_is_whole(found)


@pytest.mark.parametrize(("name", "code"), WITH_EHR.items())
def test_a_warning_leaves_the_exit_code_alone_and_a_problem_sets_it(
    name: str, code: int, told: Callable[[str], Told]
) -> None:
    run = told(name).run
    assert run.code == code, run.stderr
    assert ("error" in run.objects[-1]) == (code != 0)


def assert_form_is_whole(found: Told) -> None:
    for item in found.run.objects:
        if "error" in item:
            continue
        assert item["ok"] == (item["verdict"] != "problem")
        assert (item["code"] is None) == item["ok"]
        assert (item["action"] is None) == (item["verdict"] == "ok")


def test_a_session_leaves_battery_and_moments_for_the_next_look(
    told: Callable[[str], Told],
) -> None:
    (item,) = told("battery low").about("device")
    assert "battery 9 %" in item["detail"]
    assert "last read" in item["detail"]


def test_the_doctor_is_quick(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    register(station)
    # The slowest that it does on its own; six at once on a busy computer would measure that.
    with bench("omron") as on:
        assert examined(station, on).seconds < QUICK_S


def test_the_doctor_disturbs_no_reading(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    register(station)
    with bench("omron") as on, ThreadPoolExecutor(1) as beside:
        reading = beside.submit(
            partial(station.run, "read", "--seconds", "20", "--stored", **on.surroundings)
        )
        found = examined(station, on)
        read = reading.result()
    assert read.code == 0, read.stderr
    assert len(read.objects) == 4
    assert found.verdicts("bluetooth") == [OK]
    assert found.verdicts("device") == [OK]


def test_people_read_the_verdict_the_cause_and_what_to_do(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    with bench("flight-mode") as on:
        run = run_program("--profile", str(station.profile), "doctor", surroundings=on.surroundings)
    lines = run.stdout.splitlines()
    at = lines.index("FAIL  bluetooth: this computer is in flight mode  [flight-mode]")
    assert lines[at + 1] == "      → switch flight mode off (IT: rfkill unblock all)"
