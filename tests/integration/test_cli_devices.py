"""`scan`, `read`, `enroll`, `devices` and `unenroll` against a cuff behind an emulated BlueZ."""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cli_bench import Bench, Run, Workstation, bench, played, workstation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="BlueZ is Linux's")

NEW = ("128", "82", "97", "71")
BEURER_NEW = ("128", "82", "71")
OLD = (("141", "93", "109", "80"), ("135", "88", "103", "77"), ("133", "86", "101", "74"))
ADDRESS = "00:5F:BF:12:34:56"
# Long enough for a session of the slowest cuff on a busy computer.
PATIENT_S = "20"
# Where nothing is to come, a session and its repetition.
IMPATIENT_S = "6"
AT_ONCE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scenario of the bench, how it is read, and what must come of it."""

    scenario: str
    stored: bool = False
    code: int = 0
    error: str | None = None
    values: tuple[tuple[str, ...], ...] = ()
    trust: str | None = None
    seconds: str = PATIENT_S

    @property
    def name(self) -> str:
        return f"{self.scenario}{' --stored' if self.stored else ''}"


def _refused(scenario: str, error: str, *, code: int = 5) -> Scene:
    return Scene(scenario=scenario, code=code, error=error, seconds=IMPATIENT_S)


SCENES = (
    Scene(scenario="omron", values=(NEW,), trust="device"),
    Scene(scenario="omron", stored=True, values=(NEW, *OLD), trust="device"),
    Scene(scenario="omron-no-clock-service", values=(NEW,), trust="device"),
    Scene(scenario="omron-unpaired", values=(NEW,), trust="device"),
    Scene(scenario="beurer", values=(BEURER_NEW,), trust="device"),
    Scene(scenario="beurer-clock-never-set", values=(BEURER_NEW,), trust="unknown"),
    Scene(scenario="omron-extension", values=(NEW,), trust="device"),
    Scene(scenario="generic", values=(NEW,), trust="device"),
    Scene(scenario="new-only", values=(NEW,), trust="device"),
    Scene(scenario="backlog-only", stored=True, values=OLD, trust="device"),
    Scene(scenario="clock-wrong", values=(NEW,), trust="corrected"),
    Scene(scenario="clock-never-set", values=(NEW,), trust="corrected"),
    Scene(scenario="duplicated", values=(NEW,), trust="device"),
    Scene(scenario="link-lost-once", values=(NEW,), trust="device"),
    Scene(scenario="connect-refused-twice", values=(NEW,), trust="device"),
    _refused("failed-measurement", "measurement-failed"),
    _refused("truncated", "truncated"),
    _refused("malformed", "trailing-bytes"),
    # The passkey stands on the cuff, and nobody sits at the terminal.
    _refused("beurer-unpaired", "pairing-refused", code=4),
    _refused("pairing-refused", "pairing-refused", code=4),
    _refused("backlog-only", "device-not-found", code=4),
    _refused("link-lost", "device-not-found", code=4),
    _refused("silent", "connection-lost", code=4),
    _refused("bond-forgotten", "connection-lost", code=4),
    _refused("adapter-off", "radio-unavailable", code=4),
    _refused("no-adapter", "radio-unavailable", code=4),
)


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return workstation(tmp_path)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], list[Run]]]:
    """Play the scenes, some at once: each takes seconds of mere waiting."""
    folder = tmp_path_factory.mktemp("scenes")
    stories: dict[str, Story] = {
        # The longest first, so that none is left over for the end.
        **STORIES,
        **{scene.name: partial(_play, scene) for scene in SCENES},
    }
    plays = {name: partial(tell, workstation(folder / name)) for name, tell in stories.items()}
    with played(plays, at_once=AT_ONCE) as results:
        yield results


def _play(scene: Scene, station: Workstation) -> list[Run]:
    stored = ["--stored"] if scene.stored else []
    with bench(scene.scenario) as cuff:
        here = {"DBUS_SYSTEM_BUS_ADDRESS": cuff.bus}
        return [station.run("read", "--seconds", scene.seconds, *stored, **here)]


def _read_twice(station: Workstation) -> list[Run]:
    with bench("beurer") as cuff:
        command = ("read", "--stored", "--seconds", PATIENT_S)
        first = station.run(*command, DBUS_SYSTEM_BUS_ADDRESS=cuff.bus)
        cuff.measure()
        return [first, station.run(*command, DBUS_SYSTEM_BUS_ADDRESS=cuff.bus)]


def _ask_for_another(station: Workstation) -> list[Run]:
    with bench("new-only") as cuff:
        here = {"DBUS_SYSTEM_BUS_ADDRESS": cuff.bus}
        other = station.run("read", "--device", "11:22:33:44:55:66", "--seconds", "3", **here)
        # Addresses are typed in any case.
        asked = cuff.address.lower()
        # A program that starts late must find a measurement that was taken after it began.
        with _measuring(cuff):
            run = station.run("read", "--device", asked, "--seconds", PATIENT_S, **here)
        return [other, run]


@contextmanager
def _measuring(cuff: Bench) -> Iterator[None]:
    """Let the cuff measure again and again while the block lasts."""
    ended = Event()

    def measure() -> None:
        while not ended.wait(1.5):
            cuff.measure()

    with ThreadPoolExecutor(1) as threads:
        measuring = threads.submit(measure)
        try:
            yield
        finally:
            ended.set()
            measuring.result()


def _register(station: Workstation) -> list[Run]:
    with bench("omron-unpaired") as cuff:
        here = {"DBUS_SYSTEM_BUS_ADDRESS": cuff.bus}
        address = cuff.address.lower()
        before = station.run("scan", "--seconds", "3", **here)
        cuff.measure()
        enrolled = station.run("enroll", address, "--seconds", PATIENT_S, **here)
        cuff.measure()
        after = station.run("scan", "--seconds", "3", **here)
    listed = station.run("devices")
    return [
        before,
        enrolled,
        after,
        listed,
        station.run("unenroll", address),
        station.run("devices"),
        station.run("audit", "list"),
    ]


Story = Callable[[Workstation], list[Run]]
STORIES: dict[str, Story] = {
    "read twice": _read_twice,
    "ask for another": _ask_for_another,
    "register": _register,
}


def values(reading: Any) -> tuple[str, ...]:
    return tuple(quantity["value"] for quantity in reading["quantities"])


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_device_is_read_as_the_scene_says(scene: Scene, read: Callable[[str], list[Run]]) -> None:
    (run,) = read(scene.name)
    assert run.code == scene.code, run.stderr
    readings = [item for item in run.objects if "error" not in item]
    assert sorted(map(values, readings)) == sorted(scene.values)
    if scene.error is not None:
        assert run.error["code"] == scene.error
        return
    assert len(run.objects) == len(readings)
    assert [values(r) for r in readings if r["stored"]] == [v for v in scene.values if v in OLD]
    for reading in readings:
        assert reading["schema"] == "ohx.reading/1"
        assert reading["clock"]["trust"] == scene.trust


def test_a_corrected_time_keeps_the_original(read: Callable[[str], list[Run]]) -> None:
    (reading,) = read("clock-wrong")[0].objects
    assert reading["clock"]["offset_s"] == pytest.approx(-3600, abs=2)
    measured = datetime.fromisoformat(reading["measured_at"])
    told = datetime.fromisoformat(reading["clock"]["device"]).astimezone(measured.tzinfo)
    assert measured - told == pytest.approx(timedelta(hours=1), abs=timedelta(seconds=2))


def test_a_reading_read_twice_has_one_id(read: Callable[[str], list[Run]]) -> None:
    runs = read("read twice")
    assert [run.code for run in runs] == [0, 0]
    first, again = ({reading["id"] for reading in run.objects} for run in runs)
    assert (len(first), len(again)) == (4, 5)
    assert first < again


def test_only_the_device_asked_for_is_read(read: Callable[[str], list[Run]]) -> None:
    other, asked = read("ask for another")
    assert (other.code, other.error["code"]) == (4, "device-not-found")
    assert asked.code == 0
    assert set(map(values, asked.objects)) == {NEW}
    assert {reading["device"]["address"] for reading in asked.objects} == {ADDRESS}


def test_a_device_is_found_registered_listed_and_forgotten(
    read: Callable[[str], list[Run]],
) -> None:
    runs = read("register")
    assert [run.code for run in runs] == [0] * 7, [run.stderr for run in runs]
    (before,), enrolled, (after,), listed, _, left, audit = (run.objects for run in runs)
    assert set(before) == {
        *("address", "name", "manufacturer", "model", "driver", "rssi", "enrolled")
    }
    assert (before["address"], before["manufacturer"]) == (ADDRESS, "OMRON")
    assert (before["enrolled"], after["enrolled"]) == (False, True)
    assert listed == enrolled
    assert (listed[0]["address"], listed[0]["model"]) == (ADDRESS, "HEM-7155T")
    assert left == []
    assert [(row["event"], row["subject"]) for row in audit] == [
        ("device-enrolled", ADDRESS),
        ("device-unenrolled", ADDRESS),
    ]


@pytest.mark.parametrize("command", ["scan", "read", "enroll"])
def test_a_computer_without_a_bus_says_that_bluetooth_does_not_run(
    station: Workstation, tmp_path: Path, command: str
) -> None:
    address = ["00:5F:BF:12:34:56"] if command == "enroll" else []
    run = station.run(
        command,
        *address,
        "--seconds",
        "3",
        DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={tmp_path}/none",
    )
    assert run.code == 4
    assert run.error["code"] == "radio-unavailable"


@pytest.mark.parametrize("command", ["scan", "read"])
def test_a_model_for_which_there_is_nothing_to_switch_on_is_told_at_once(
    station: Workstation, command: str
) -> None:
    station.configure('[devices]\nclear_unread = ["HEM-7322"]\n')
    run = station.run(command, "--seconds", "3")
    assert (run.code, run.error["code"]) == (3, "configuration")
    assert "HEM-7322" in run.error["message"]


def test_a_device_that_is_not_there_is_not_registered(station: Workstation) -> None:
    with bench("omron") as cuff:
        run = station.run(
            "enroll", "11:22:33:44:55:66", "--seconds", "2", DBUS_SYSTEM_BUS_ADDRESS=cuff.bus
        )
    assert run.code == 4
    assert run.error["code"] == "device-not-found"
    assert station.run("devices").objects == []


def test_a_device_that_refuses_to_pair_is_not_registered(station: Workstation) -> None:
    with bench("pairing-refused") as cuff:
        run = station.run(
            "enroll", cuff.address, "--seconds", PATIENT_S, DBUS_SYSTEM_BUS_ADDRESS=cuff.bus
        )
    assert run.code == 4
    assert run.error["code"] == "pairing-refused"
    assert station.run("devices").objects == []
