"""`decode` and `map`: bytes to readings, readings to FHIR; no radio and no network."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli_bench import (
    ANOTHER_PATIENT,
    PATIENT,
    PRACTITIONER,
    Run,
    Workstation,
    played,
    reading_line,
    workstation,
)

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors/ble/blood_pressure_measurement.json").read_text()
)["vectors"]
FRAME = "167c0056006100e807060f11111b33000000"
# As many as there are cores to expect.
AT_ONCE = 2
KILOPASCAL = "01a0f06bf07df0"


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return workstation(tmp_path)


def values(reading: Any) -> list[str]:
    return [quantity["value"] for quantity in reading["quantities"]]


# ── decode ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def decoded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Run]]:
    station = workstation(tmp_path_factory.mktemp("vectors"))
    command = ("decode", "--model", "generic")
    frames = [vector["frame"] for vector in VECTORS]
    plays = {frame: partial(station.run, *command, frame) for frame in frames}
    with played(plays, at_once=AT_ONCE) as results:
        yield results


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["device"])
def test_each_vector_becomes_what_it_says_or_is_refused(
    decoded: Callable[[str], Run], vector: dict[str, Any]
) -> None:
    run = decoded(vector["frame"])
    if "refuse" in vector:
        assert run.code == 5
        assert run.error["code"] == vector["refuse"]
        assert len(run.objects) == 1
        return
    assert run.code == 0
    (reading,) = run.objects
    expected = vector["expect"]
    assert values(reading) == expected["readings"]
    assert reading["flags"] == sorted(expected.get("flags", []))
    assert reading["user_slot"] == expected.get("user_id")
    assert reading["clock"]["device"] == expected.get("timestamp")
    assert (reading["clock"]["trust"], reading["stored"]) == ("unknown", False)


@pytest.mark.parametrize(
    ("model", "frame", "expected"),
    [
        ("FT95", "066d0100ffea070b170a0f1e02", ["36.5"]),
        ("FT95", "07100300ffe107040d0e0700ff", None),  # an object
        ("PO60", "e9000f0b060d14250f0b060d143a0000166060606f6e6e4b", ["96", "110"]),
        ("GL50EVO", "0a0500ea070b17072d0069b0110000", ["105"]),
    ],
)
def test_a_device_of_its_own_kind_is_decoded_by_its_name(
    station: Workstation, model: str, frame: str, expected: list[str] | None
) -> None:
    run = station.run("decode", "--model", model, frame)
    if expected is None:
        assert (run.code, run.error["code"]) == (5, "unsupported")
        return
    assert run.code == 0
    assert [values(reading) for reading in run.objects] == [expected]


def test_kilopascals_are_converted_and_keep_what_was_measured(station: Workstation) -> None:
    (reading,) = station.run("decode", "--model", "generic", KILOPASCAL).objects
    systolic, diastolic, mean = reading["quantities"]
    assert systolic == {
        "kind": "systolic_blood_pressure",
        "value": "120.0",
        "unit": "mm[Hg]",
        "original": {"value": "16.0", "unit": "kPa"},
    }
    assert diastolic["original"] == {"value": "10.7", "unit": "kPa"}
    assert mean["original"] == {"value": "12.5", "unit": "kPa"}


def test_the_same_bytes_have_the_same_id(station: Workstation) -> None:
    first, again, other = (
        station.run("decode", "--model", model, FRAME).objects[0]["id"]
        for model in ("generic", "generic", "SBM69")
    )
    assert first == again != other


def test_one_bad_frame_refuses_all(station: Workstation) -> None:
    run = station.run("decode", "--model", "generic", FRAME, FRAME[:-2])
    assert run.code == 5
    assert [list(item) for item in run.objects] == [["error"]]


@pytest.mark.parametrize("uuid", ["2A35", "0x2a35", "00002a35-0000-1000-8000-00805f9b34fb"])
def test_the_characteristic_may_be_named_short_or_full(station: Workstation, uuid: str) -> None:
    run = station.run("decode", "--model", "HEM-7322T", "--characteristic", uuid, FRAME)
    assert run.code == 0
    assert run.objects[0]["device"]["model"] == "HEM-7322T"


@pytest.mark.parametrize(
    "options",
    [
        ("--model", "no such cuff"),
        ("--model", "BM 48"),
        ("--model", "HEM-7322T"),
        ("--model", "generic", "--characteristic", "2A36"),
        ("--model", "generic", "--characteristic", "2A9D"),
        ("--model", "generic", "--characteristic", "pressure"),
    ],
    ids=" ".join,
)
def test_what_is_not_known_is_refused_by_name(
    station: Workstation, options: tuple[str, ...]
) -> None:
    run = station.run("decode", *options, FRAME)
    assert run.code == 5
    assert run.error["code"] == "unsupported"


# ── map ──────────────────────────────────────────────────────────────────────────────────────


def _without_confirmation(bundle: Any) -> Any:
    """Take out when it was confirmed, the one thing that differs between two runs."""
    for entry in bundle["entry"]:
        for moment in ("occurredDateTime", "recorded"):
            entry["resource"].pop(moment, None)
    return bundle


def test_a_reading_maps_to_one_transaction_that_stays_the_same(
    station: Workstation, tmp_path: Path
) -> None:
    file = tmp_path / "readings.ndjson"
    file.write_text(reading_line())
    options = ("--patient", PATIENT, "--performer", PRACTITIONER)
    from_file = station.run("map", str(file), *options)
    from_stdin = station.run("map", "-", *options, stdin=reading_line())
    assert (from_file.code, from_stdin.code) == (0, 0)
    (bundle,) = from_file.objects
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    resources = [entry["resource"] for entry in bundle["entry"]]
    observations = [each for each in resources if each["resourceType"] == "Observation"]
    assert {each["subject"]["reference"] for each in observations} == {PATIENT}
    assert {each["performer"][0]["reference"] for each in observations} == {PRACTITIONER}
    assert all("ifNoneExist" in entry["request"] for entry in bundle["entry"][:-1])
    assert _without_confirmation(bundle) == _without_confirmation(from_stdin.objects[0])


def test_an_r4_server_is_shown_devices_as_r4_has_them(station: Workstation) -> None:
    options = ("--patient", PATIENT, "--fhir-version", "R4")
    (bundle,) = station.run("map", "-", *options, stdin=reading_line()).objects
    devices = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Device"
    ]
    assert devices
    assert all("deviceName" in device and "displayName" not in device for device in devices)


def test_the_patient_is_part_of_every_name_the_ehr_gets(station: Workstation) -> None:
    names = [
        {
            entry["resource"]["identifier"][0]["value"]
            for entry in station.run("map", "-", "--patient", who, stdin=reading_line()).objects[0][
                "entry"
            ]
            if entry["resource"]["resourceType"] == "Observation"
        }
        for who in (PATIENT, ANOTHER_PATIENT)
    ]
    assert names[0].isdisjoint(names[1])


def test_each_reading_of_the_input_gives_a_transaction(station: Workstation) -> None:
    lines = f"{reading_line(0)}\n\n{reading_line(1)}\r\n"
    array = json.dumps([json.loads(reading_line(0)), json.loads(reading_line(1))], indent=2)
    for text in (lines, array, f"\ufeff{lines}"):
        run = station.run("map", "-", "--patient", PATIENT, stdin=text)
        assert (run.code, len(run.objects)) == (0, 2), run.stderr


def _changed(**changes: Any) -> str:
    return json.dumps(json.loads(reading_line()) | changes)


def _reworded(old: str, new: str) -> str:
    line = reading_line()
    assert old in line
    return line.replace(old, new)


NO_READINGS: dict[str, str | bytes] = {
    "empty": "",
    "no JSON": "not json",
    "null": "null",
    "a text": '"128/82"',
    "an empty object": "{}",
    "too deep": "[" * 100_000,
    "UTF-16": b"\xff\xfe",
    "another schema": _changed(schema="ohx.reading/2"),
    "another id": _changed(id="7d0f1c1e-0000-5000-8000-000000000000"),
    "no quantities": _changed(quantities=[]),
    "time without offset": _changed(measured_at="2026-11-23T10:15:00"),
    "unknown flag": _changed(flags=["happy"]),
    "changed value": _reworded('"128"', '"129"'),
    "number for a text": _reworded('"128"', "128"),
    "not a number": _reworded('"128"', '"NaN"'),
    "no JSON number": _reworded('"offset_s": 0.0', '"offset_s": NaN'),
    "another unit": _reworded("/min", "/h"),
}
NO_REFERENCES: dict[str, tuple[str, ...]] = {
    "no type": ("--patient", "pat-4711"),
    "another type": ("--patient", "Practitioner/1"),
    "no id": ("--patient", "Patient/"),
    "a path": ("--patient", "Patient/../Device"),
    "an address": ("--patient", "https://ehr.example/Patient/1"),
    "a line end": ("--patient", "Patient/1\n"),
    "a device measured": ("--patient", PATIENT, "--performer", "Device/1"),
    "none": (),
}
FILING = ("map", "submit")
Refusal = tuple[Workstation, Run]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Refusal]]:
    """Run both commands with every wrong input, each on a profile of its own."""
    folder = tmp_path_factory.mktemp("refused")

    def refuse(name: str, command: tuple[str, ...], stdin: str | bytes) -> Refusal:
        station = workstation(folder / name)
        return station, station.run(*command, stdin=stdin)

    plays: dict[str, Callable[[], Refusal]] = {}
    for filing in FILING:
        for name, stdin in NO_READINGS.items():
            key = f"{filing} {name}"
            plays[key] = partial(refuse, key, (filing, "-", "--patient", PATIENT), stdin)
        for name, options in NO_REFERENCES.items():
            key = f"{filing} for {name}"
            plays[key] = partial(refuse, key, (filing, "-", *options), reading_line())
    with played(plays, at_once=AT_ONCE) as results:
        yield results


@pytest.mark.parametrize("command", FILING)
@pytest.mark.parametrize("name", NO_READINGS)
def test_what_is_no_reading_is_refused_and_not_quoted(
    refused: Callable[[str], Refusal], command: str, name: str
) -> None:
    station, run = refused(f"{command} {name}")
    assert (run.code, run.error["code"]) == (2, "usage"), run.stderr
    assert "128" not in run.stdout + run.stderr
    assert not (station.profile / "outbox.db").exists()


@pytest.mark.parametrize("command", FILING)
@pytest.mark.parametrize("name", NO_REFERENCES)
def test_a_reference_of_another_form_is_refused(
    refused: Callable[[str], Refusal], command: str, name: str
) -> None:
    station, run = refused(f"{command} for {name}")
    assert (run.code, run.error["code"]) == (2, "usage")
    if command == "submit":
        assert station.queue() == []


@pytest.mark.parametrize("command", FILING)
def test_what_no_person_can_have_is_refused(station: Workstation, command: str) -> None:
    # Its id fits, as if a program had made it.
    run = station.run(command, "-", "--patient", PATIENT, stdin=reading_line(systolic="828"))
    assert (run.code, run.error["code"]) == (5, "implausible")
    assert not (station.profile / "outbox.db").exists()


def test_a_file_that_is_not_there_is_wrong_usage(station: Workstation, tmp_path: Path) -> None:
    for file in (tmp_path / "none.ndjson", tmp_path):
        run = station.run("map", str(file), "--patient", PATIENT)
        assert (run.code, run.error["code"]) == (2, "usage")
