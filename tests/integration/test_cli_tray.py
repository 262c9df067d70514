"""`tray` from outside: what waits is listed without its values, assigned, or given up."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cli_bench import (
    ANOTHER_PATIENT,
    PATIENT,
    PRACTITIONER,
    Run,
    Workstation,
    reading_line,
    run_program,
    workstation,
)

from ohx_desktop.domain.reading_json import reading_from_json
from ohx_desktop.keystore import KeyFile, obtain_key
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.outbox.tray_records import CapturedRecord

NOBODY = str(UUID(int=7))
DEVICE = json.dumps({"manufacturer": "OMRON", "model": "HEM-7155T", "address": "00:5F:BF:12:34:56"})
VALUES = ("128", "82", "71")
LISTED = (
    *("id", "captured_at", "measured_at", "device", "patient_in_view", "stored", "refusal"),
    "overdue",
)


def put(station: Workstation, *minutes: int, odd: bool = False, stored: bool = False) -> list[str]:
    """Put readings into the tray, as a window does that dies before anybody confirms them."""
    path = station.profile / "outbox.db"
    key = obtain_key(KeyFile(station.profile.parent / "store.key"), path)
    store = OutboxStore.open(path, key)
    records = []
    for minute in minutes:
        line = reading_line(minute)
        reading = reading_from_json(json.loads(line))
        records.append(
            CapturedRecord(
                id=uuid4() if odd else reading.id,
                device=DEVICE.encode(),
                frames=(b"frame",),
                reading=None if odd else line.encode(),
                refusal="truncated" if odd else None,
                is_stored=stored,
            )
        )
    store.tray.keep(records, session=uuid4(), patient=PATIENT)
    store.close()
    return [str(record.id) for record in records]


def listed(station: Workstation, *options: str) -> list[dict[str, object]]:
    run = station.run("tray", "list", *options)
    assert run.code == 0, run.stderr
    return run.objects


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return workstation(tmp_path)


def test_an_empty_tray_is_no_error(station: Workstation) -> None:
    run = station.run("tray", "list")
    assert (run.code, run.objects, run.stderr) == (0, [], "the tray is empty\n")


def test_the_list_tells_where_and_when_and_no_value(station: Workstation) -> None:
    (one,) = put(station, 0)
    (item,) = listed(station)
    assert tuple(item) == LISTED
    assert item["id"] == one
    assert item["measured_at"] == "2026-11-23T10:15:00+00:00"
    assert item["patient_in_view"] == PATIENT
    assert (item["stored"], item["refusal"], item["overdue"]) == (False, None, False)
    for run in (station.run("tray", "list"), _people(station, "tray", "list")):
        assert "mm[Hg]" not in run.stdout
        assert not any(f"{value}" in run.stdout.split() for value in VALUES)


def test_values_are_shown_to_whoever_asks_for_them(station: Workstation) -> None:
    put(station, 0)
    (item,) = listed(station, "--show-values")
    assert item["reading"] == json.loads(reading_line(0))
    assert (
        "systolic_blood_pressure 128 mm[Hg]"
        in _people(station, "tray", "list", "--show-values").stdout
    )


def test_a_person_reads_what_it_is(station: Workstation) -> None:
    put(station, 0, stored=True)
    put(station, 1, odd=True)
    first, second = _people(station, "tray", "list").stdout.splitlines()
    assert "OMRON HEM-7155T" in first
    assert "from the device's memory" in first
    assert f"{PATIENT} was in view" in first
    assert "not decoded: truncated" in second


def test_assigning_moves_a_reading_into_the_queue(station: Workstation) -> None:
    one, other = put(station, 0, 1)
    run = station.run(
        "tray", "assign", one, "--patient", ANOTHER_PATIENT, "--performer", PRACTITIONER
    )
    assert run.code == 0, run.stderr
    (entry,) = run.objects
    assert (entry["reading_id"], entry["state"]) == (one, "queued")
    assert station.queue() == [entry]
    assert [item["id"] for item in listed(station)] == [other]
    again = station.run("tray", "assign", one, "--patient", PATIENT)
    assert again.code == 2
    assert "no longer in the tray" in again.error["message"]


def test_submitting_the_same_reading_takes_it_out_of_the_tray(station: Workstation) -> None:
    put(station, 0)
    assert station.run("submit", "-", "--patient", PATIENT, stdin=reading_line(0)).code == 0
    assert listed(station) == []


def test_discarding_wants_a_code_and_erases(station: Workstation) -> None:
    one, other = put(station, 0, 1)
    refused = station.run("tray", "discard", one, "--reason", "Mrs Smith")
    assert refused.code == 2
    run = station.run("tray", "discard", one, other, "--reason", "not-a-patient")
    assert run.code == 0, run.stderr
    assert run.objects == [
        {"id": each, "state": "discarded", "reason": "not-a-patient"} for each in (one, other)
    ]
    assert listed(station) == []
    again = station.run("submit", "-", "--patient", PATIENT, stdin=reading_line(0))
    assert again.code == 0, "a person who has the reading may still confirm it"


@pytest.mark.parametrize(
    "arguments",
    [
        ("assign", NOBODY, "--patient", PATIENT),
        ("discard", NOBODY, "--reason", "other"),
        ("assign", "no-id", "--patient", PATIENT),
        ("assign", NOBODY),
        ("discard", NOBODY),
    ],
)
def test_wrong_usage_is_told(station: Workstation, arguments: tuple[str, ...]) -> None:
    run = station.run("tray", *arguments)
    assert run.code == 2
    assert run.error["code"] == "usage"


def test_what_was_not_decoded_is_nobodys_reading(station: Workstation) -> None:
    (one,) = put(station, 0, odd=True)
    run = station.run("tray", "assign", one, "--patient", PATIENT)
    assert run.code == 2
    assert "could not be decoded" in run.error["message"]
    assert len(listed(station)) == 1


def test_the_help_of_read_says_that_nothing_is_kept() -> None:
    assert "keeps nothing" in " ".join(run_program("read", "--help").stdout.split())


def test_how_long_a_reading_may_wait_is_a_setting(station: Workstation) -> None:
    (found,) = [
        item
        for item in station.run("config", "show").objects
        if item.get("name", item.get("key")) == "store.tray_days"
    ]
    assert found["value"] == 7
    bad = station.run("tray", "list", OHX_STORE__TRAY_DAYS="0")
    assert bad.code == 3


def _people(station: Workstation, *arguments: str) -> Run:
    run = run_program("--profile", str(station.profile), *arguments)
    assert run.code == 0, run.stderr
    return run
