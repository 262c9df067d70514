"""`queue`: what waits is seen, sent, put back, given up and looked up again."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cli_bench import (
    ANOTHER_PATIENT,
    PATIENT,
    EhrProcess,
    Workstation,
    ehr_process,
    reading_line,
    workstation,
)

NOBODY = "http://127.0.0.1:9/fhir"
UNKNOWN = "7d0f1c1e-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def ehr() -> Iterator[EhrProcess]:
    with ehr_process() as running:
        yield running


@pytest.fixture
def station(tmp_path: Path, ehr: EhrProcess) -> Iterator[Workstation]:
    yield workstation(tmp_path, base_url=ehr.base_url)
    ehr.disarm()


def submit(station: Workstation, *minutes: int) -> list[str]:
    """Queue readings and return the ids of their entries."""
    lines = "\n".join(map(reading_line, minutes))
    run = station.run("submit", "-", "--patient", PATIENT, stdin=lines)
    assert run.code == 0, run.stderr
    return [entry["id"] for entry in run.objects]


def test_an_empty_queue_is_no_error(station: Workstation) -> None:
    for command in ("list", "drain", "verify"):
        run = station.run("queue", command)
        assert (run.code, run.stdout) == (0, "")


def test_drain_sends_all_that_waits(station: Workstation, ehr: EhrProcess) -> None:
    ids = submit(station, 0, 1, 2)
    run = station.run("queue", "drain")
    assert run.code == 0, run.stderr
    assert [(entry["id"], entry["state"]) for entry in run.objects] == [
        (each, "verified") for each in ids
    ]
    assert [len(ehr.observations(minute)) for minute in (0, 1, 2)] == [1, 1, 1]
    assert station.run("queue", "drain").objects == []


def test_drain_does_not_wait_for_the_next_attempt(station: Workstation, ehr: EhrProcess) -> None:
    submit(station, 10)
    ehr.arm("unavailable", retry_after=600, scope="writes")
    put_off = station.run("queue", "drain", "--seconds", "10")
    assert (put_off.code, put_off.error["code"]) == (6, "unreachable")
    (entry,) = station.queue()
    assert (entry["state"], entry["attempts"]) == ("queued", 1)
    assert entry["next_attempt"] is not None
    assert station.run("queue", "drain", "--seconds", "20").code == 0
    assert len(ehr.observations(10)) == 1


def test_drain_to_an_ehr_that_is_down_loses_nothing(station: Workstation, ehr: EhrProcess) -> None:
    submit(station, 11)
    down = station.run("queue", "drain", "--seconds", "3", OHX_EHR__BASE_URL=NOBODY)
    assert (down.code, down.error["code"]) == (6, "unreachable")
    assert station.run("queue", "drain").code == 0
    assert len(ehr.observations(11)) == 1


def test_a_refused_reading_holds_up_no_other(station: Workstation, ehr: EhrProcess) -> None:
    refused, accepted = submit(station, 12, 13)
    ehr.arm("unprocessable", times=1, scope="writes")
    run = station.run("queue", "drain")
    assert (run.code, run.error["code"]) == (7, "refused")
    states = {entry["id"]: entry["state"] for entry in station.queue()}
    assert states == {refused: "needs-attention", accepted: "verified"}
    assert station.run("queue", "discard", refused, "--reason", "not-needed").code == 0
    assert ehr.observations(12) == []


def test_a_discarded_reading_is_never_sent(station: Workstation, ehr: EhrProcess) -> None:
    (id_,) = submit(station, 14)
    run = station.run("queue", "discard", id_, "--reason", "wrong-patient")
    assert run.code == 0
    assert run.objects[0]["state"] == "discarded"
    assert station.run("queue", "drain").code == 0
    assert ehr.observations(14) == []
    again = station.run("queue", "retry", id_)
    assert (again.code, again.error["code"]) == (2, "usage")


@pytest.mark.parametrize("reason", ["", "Wrong Patient", "Frau Müller"])
def test_a_reason_is_a_code_and_no_text(station: Workstation, reason: str) -> None:
    (id_,) = submit(station, 15)
    run = station.run("queue", "discard", id_, "--reason", reason)
    assert (run.code, run.error["code"]) == (2, "usage")
    assert station.queue()[0]["state"] == "queued"


@pytest.mark.parametrize("command", [("retry",), ("discard", "--reason", "other")])
def test_an_entry_that_is_not_there_is_wrong_usage(
    station: Workstation, command: tuple[str, ...]
) -> None:
    run = station.run("queue", *command, UNKNOWN)
    assert (run.code, run.error["code"]) == (2, "usage")


def test_a_delivered_reading_cannot_be_sent_or_given_up(
    station: Workstation, ehr: EhrProcess
) -> None:
    (id_,) = submit(station, 16)
    assert station.run("queue", "drain").code == 0
    for command in (("retry", id_), ("discard", id_, "--reason", "other")):
        run = station.run("queue", *command)
        assert (run.code, run.error["code"]) == (2, "usage")
    assert station.queue()[0]["state"] == "verified"


def test_verify_tells_what_became_of_each_reading(station: Workstation, ehr: EhrProcess) -> None:
    submit(station, 17, 18)
    assert station.run("queue", "drain").code == 0
    well = station.run("queue", "verify")
    assert well.code == 0
    assert [entry["check"] for entry in well.objects] == ["present", "present"]

    (stored,) = ehr.observations(17)
    withdrawn = {**stored, "status": "entered-in-error"}
    answer = httpx.put(
        f"{ehr.base_url}/Observation/{stored['id']}", json=withdrawn, trust_env=False
    )
    answer.raise_for_status()
    changed = station.run("queue", "verify")
    assert (changed.code, changed.error["code"]) == (7, "refused")
    assert [entry["check"] for entry in changed.objects[:-1]] == ["changed", "present"]

    with ehr_process() as empty:
        gone = station.run("queue", "verify", OHX_EHR__BASE_URL=empty.base_url)
    assert gone.code == 7
    assert {entry["check"] for entry in gone.objects[:-1]} == {"missing"}
    down = station.run("queue", "verify", OHX_EHR__BASE_URL=NOBODY)
    assert (down.code, down.error["code"]) == (6, "unreachable")


def test_a_delivered_reading_moves_to_the_right_patient(
    station: Workstation, ehr: EhrProcess
) -> None:
    (first,) = submit(station, 30)
    assert station.run("queue", "drain").code == 0
    told = station.run(
        "queue", "refile", first, "--patient", ANOTHER_PATIENT, "--reason", "wrong-patient"
    )
    assert told.code == 0, told.stderr
    filed, retraction, refiled = told.objects
    assert [filed["state"], retraction["state"], refiled["state"]] == [
        "verified",
        "queued",
        "queued",
    ]
    assert [each["kind"] for each in told.objects] == ["filing", "retraction", "filing"]
    assert [each["corrects"] for each in told.objects] == [None, first, first]
    drained = station.run("queue", "drain")
    assert drained.code == 0, drained.stderr
    stored = {each["subject"]["reference"]: each for each in ehr.observations(30)}
    assert {patient: each["status"] for patient, each in stored.items()} == {
        PATIENT: "entered-in-error",
        ANOTHER_PATIENT: "final",
    }
    assert [part.get("valueQuantity") for part in stored[PATIENT]["component"]] == [
        part.get("valueQuantity") for part in stored[ANOTHER_PATIENT]["component"]
    ]
    assert station.run("queue", "verify").code == 0
    (counts,) = station.run("queue", "reconcile").objects
    assert (counts["compared"], counts["same"], counts["taken_back"]) == (2, 1, 1)


def test_a_correction_of_what_never_left_asks_nothing_of_the_ehr(
    station: Workstation, ehr: EhrProcess
) -> None:
    (entry,) = submit(station, 31)
    told = station.run("queue", "correct", entry, "--reason", "wrong-patient")
    assert [each["state"] for each in told.objects] == ["discarded"]
    assert "given up" in told.stderr
    assert station.run("queue", "drain").code == 0
    assert ehr.observations(31) == []


def test_reconcile_tells_what_the_ehr_holds_otherwise(
    station: Workstation, ehr: EhrProcess
) -> None:
    ids = submit(station, 32, 33)
    assert station.run("queue", "drain").code == 0
    well = station.run("queue", "reconcile")
    assert (well.code, well.objects[-1]["same"]) == (0, 2)
    (stored,) = ehr.observations(32)
    answer = httpx.put(
        f"{ehr.base_url}/Observation/{stored['id']}",
        json={**stored, "effectiveDateTime": "2026-11-23T11:47:01Z"},
        trust_env=False,
    )
    answer.raise_for_status()
    run = station.run("queue", "reconcile")
    assert (run.code, run.error["code"]) == (7, "refused")
    differing, counts = run.objects[:-1]
    assert (differing["id"], differing["check"]) == (ids[0], "changed")
    assert (counts["compared"], counts["same"], counts["changed"]) == (2, 1, 1)
    assert station.run("queue", "reconcile", "--since", "2999-01-01").objects[-1]["compared"] == 0
    assert station.run("queue", "reconcile", "--since", "soon").code == 2
    down = station.run("queue", "reconcile", OHX_EHR__BASE_URL=NOBODY)
    assert (down.code, down.error["code"]) == (6, "unreachable")


# ── the store itself ─────────────────────────────────────────────────────────────────────────


def test_a_queue_without_its_key_is_left_as_it_is(station: Workstation) -> None:
    submit(station, 19)
    key = station.profile.parent / "store.key"
    kept = key.read_bytes()
    key.unlink()
    run = station.run("queue", "list")
    assert (run.code, run.error["code"]) == (8, "keystore")
    key.write_bytes(b"00" * 32)
    key.chmod(0o600)
    assert station.run("queue", "list").code == 8
    key.write_bytes(kept)
    assert len(station.queue()) == 1


def test_a_key_that_others_may_read_is_refused(station: Workstation) -> None:
    submit(station, 20)
    (station.profile.parent / "store.key").chmod(0o644)
    run = station.run("queue", "list")
    assert (run.code, run.error["code"]) == (8, "keystore")


def test_a_damaged_queue_is_told_and_left(station: Workstation) -> None:
    submit(station, 21)
    database = station.profile / "outbox.db"
    database.write_bytes(b"\0" * database.stat().st_size)
    run = station.run("queue", "list")
    assert (run.code, run.error["code"]) == (8, "store-damaged")
    refused = station.run("submit", "-", "--patient", PATIENT, stdin=reading_line(22))
    assert refused.code == 8
