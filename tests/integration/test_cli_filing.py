"""`submit`: durable when it returns 0, once in the EHR however often it is tried."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cli_bench import (
    ANOTHER_PATIENT,
    LISTED,
    PATIENT,
    PRACTITIONER,
    EhrProcess,
    Run,
    Workstation,
    ehr_process,
    environment,
    reading_line,
    workstation,
)

# No EHR listens here (the discard port).
NOBODY = "http://127.0.0.1:9/fhir"


@pytest.fixture(scope="module")
def ehr() -> Iterator[EhrProcess]:
    with ehr_process() as running:
        yield running


@pytest.fixture
def station(tmp_path: Path, ehr: EhrProcess) -> Iterator[Workstation]:
    yield workstation(tmp_path, base_url=ehr.base_url)
    ehr.disarm()


def test_a_submitted_reading_is_durable_before_any_ehr_is_asked(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    run = station.run("submit", "-", "--patient", PATIENT, stdin=reading_line())
    assert run.code == 0
    (entry,) = run.objects
    assert tuple(entry) == LISTED
    assert entry["state"] == "queued"
    assert entry["reading_id"] == json.loads(reading_line())["id"]
    assert station.queue() == [entry]


def test_submit_waits_until_the_ehr_has_it(station: Workstation, ehr: EhrProcess) -> None:
    file = station.profile / "readings.ndjson"
    file.write_text(reading_line(10))
    run = station.run(
        "submit", str(file), "--patient", PATIENT, "--performer", PRACTITIONER, "--wait"
    )
    assert run.code == 0, run.stderr
    (entry,) = run.objects
    assert (entry["state"], entry["attempts"], entry["last_error"]) == ("verified", 1, None)
    (stored,) = ehr.observations(10)
    assert entry["ehr_reference"] == f"Observation/{stored['id']}"
    assert stored["subject"]["reference"] == PATIENT
    assert stored["performer"] == [{"reference": PRACTITIONER}]
    assert [part["valueQuantity"]["value"] for part in stored["component"]] == [128, 82]


def test_a_reading_belongs_to_the_visit_and_the_order_it_is_given(
    station: Workstation, ehr: EhrProcess
) -> None:
    context = ("--encounter", "Encounter/enc-771", "--based-on", "ServiceRequest/order-31")
    run = station.run(
        "submit", "-", "--patient", PATIENT, *context, "--wait", stdin=reading_line(14)
    )
    assert run.code == 0, run.stderr
    (stored,) = ehr.observations(14)
    assert stored["encounter"] == {"reference": "Encounter/enc-771"}
    assert stored["basedOn"] == [{"reference": "ServiceRequest/order-31"}]


@pytest.mark.parametrize(
    "context", [("--encounter", "Patient/1"), ("--based-on", "Encounter/enc-771")]
)
def test_a_context_of_another_kind_is_wrong_usage(
    station: Workstation, context: tuple[str, str]
) -> None:
    run = station.run("map", "-", "--patient", PATIENT, *context, stdin=reading_line())
    assert run.code == 2
    assert [tuple(told) for told in run.objects] == [("error",)]


def test_several_readings_each_arrive(station: Workstation, ehr: EhrProcess) -> None:
    lines = "\n".join(reading_line(minute) for minute in (20, 21, 22))
    run = station.run("submit", "-", "--patient", PATIENT, "--wait", stdin=lines)
    assert run.code == 0, run.stderr
    assert [entry["state"] for entry in run.objects] == ["verified"] * 3
    assert [len(ehr.observations(minute)) for minute in (20, 21, 22)] == [1, 1, 1]


def test_a_reading_submitted_twice_is_one_entry_and_one_observation(
    station: Workstation, ehr: EhrProcess
) -> None:
    command = ("submit", "-", "--patient", PATIENT, "--wait")
    first = station.run(*command, stdin=reading_line(30))
    again = station.run(*command, stdin=f"{reading_line(30)}\n{reading_line(30)}")
    assert (first.code, again.code) == (0, 0)
    assert again.objects == first.objects * 2
    assert len(ehr.observations(30)) == 1


def test_two_stations_that_submit_one_reading_leave_one_observation(
    station: Workstation, ehr: EhrProcess, tmp_path: Path
) -> None:
    other = workstation(tmp_path / "other", base_url=ehr.base_url)
    for each in (station, other):
        run = each.run("submit", "-", "--patient", PATIENT, "--wait", stdin=reading_line(31))
        assert run.code == 0, run.stderr
    assert len(ehr.observations(31)) == 1


def test_commands_at_the_same_time_on_one_profile_send_each_reading_once(
    station: Workstation, ehr: EhrProcess
) -> None:
    def submit(minute: int) -> Run:
        return station.run(
            "submit", "-", "--patient", PATIENT, "--wait", stdin=reading_line(minute)
        )

    # The queue does not exist yet, so they also race for making it and its key.
    with ThreadPoolExecutor(4) as threads:
        runs = list(threads.map(submit, (33, 33, 34, 35)))
    assert [run.code for run in runs] == [0, 0, 0, 0], [run.stderr for run in runs]
    assert [len(ehr.observations(minute)) for minute in (33, 34, 35)] == [1, 1, 1]
    assert len(station.queue()) == 3


def test_a_reading_is_not_filed_for_a_second_patient(station: Workstation, ehr: EhrProcess) -> None:
    first = station.run("submit", "-", "--patient", PATIENT, "--wait", stdin=reading_line(32))
    assert first.code == 0
    other = station.run(
        "submit", "-", "--patient", ANOTHER_PATIENT, "--wait", stdin=reading_line(32)
    )
    assert other.code != 0
    assert other.error["code"] == "filed-for-another"
    assert station.queue() == first.objects
    (stored,) = ehr.observations(32)
    assert stored["subject"]["reference"] == PATIENT


def test_a_discarded_reading_is_not_said_to_be_queued(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    submit = ("submit", "-", "--patient", PATIENT)
    (entry,) = station.run(*submit, stdin=reading_line()).objects
    assert station.run("queue", "discard", entry["id"], "--reason", "wrong-patient").code == 0
    again = station.run(*submit, stdin=reading_line())
    assert again.code == 2
    assert "discarded" in again.error["message"]


# ── an EHR that does not help ────────────────────────────────────────────────────────────────


def test_an_ehr_that_is_down_leaves_the_reading_queued(tmp_path: Path) -> None:
    station = workstation(tmp_path, base_url=NOBODY)
    submit = ("submit", "-", "--patient", PATIENT, "--wait", "--seconds", "2")
    run = station.run(*submit, stdin=reading_line())
    assert run.code == 6
    entry, error = run.objects
    assert (entry["state"], error["error"]["code"]) == ("queued", "unreachable")
    assert "cannot be reached" in entry["last_error"]
    (listed,) = station.queue()
    assert (listed["id"], listed["state"]) == (entry["id"], "queued")


def test_no_ehr_at_all_is_a_matter_of_settings(tmp_path: Path) -> None:
    station = workstation(tmp_path)
    run = station.run("submit", "-", "--patient", PATIENT, "--wait", stdin=reading_line())
    assert (run.code, run.error["code"]) == (3, "configuration")


@pytest.mark.parametrize(
    ("minute", "fault", "state"),
    [(40, "unprocessable", "needs-attention"), (41, "unauthorized", "queued")],
)
def test_a_refusing_ehr_wants_a_person_and_nothing_is_lost(
    station: Workstation, ehr: EhrProcess, minute: int, fault: str, state: str
) -> None:
    ehr.arm(fault, times=None, scope="writes")
    run = station.run("submit", "-", "--patient", PATIENT, "--wait", stdin=reading_line(minute))
    assert run.code == 7, run.stderr
    entry, error = run.objects
    assert entry["state"] == state
    assert entry["last_error"]
    assert error["error"]["code"] in {"refused", "not-authorised"}
    assert ehr.observations(minute) == []
    # The cause is mended, a person says "again", and it arrives.
    ehr.disarm()
    assert station.run("queue", "retry", entry["id"]).code == 0
    drained = station.run("queue", "drain")
    assert drained.code == 0, drained.stderr
    assert len(ehr.observations(minute)) == 1


def test_a_patient_the_ehr_does_not_know_wants_a_person(
    station: Workstation, ehr: EhrProcess
) -> None:
    run = station.run(
        "submit", "-", "--patient", "Patient/nobody", "--wait", stdin=reading_line(42)
    )
    assert run.code == 7
    assert run.objects[0]["state"] == "needs-attention"
    assert "does not have this patient any more" in run.objects[0]["last_error"]
    assert ehr.observations(42) == []


def test_a_slow_ehr_is_waited_for(station: Workstation, ehr: EhrProcess) -> None:
    ehr.arm("delay", delay_s=3.0, scope="writes")
    run = station.run("submit", "-", "--patient", PATIENT, "--wait", stdin=reading_line(43))
    assert run.code == 0
    assert run.objects[0]["attempts"] == 1
    assert len(ehr.observations(43)) == 1


def test_an_ehr_too_slow_for_the_settings_gets_it_once(
    station: Workstation, ehr: EhrProcess
) -> None:
    ehr.arm("delay", delay_s=2.5, scope="writes")
    run = station.run(
        *("submit", "-", "--patient", PATIENT, "--wait", "--seconds", "30"),
        stdin=reading_line(44),
        OHX_EHR__TIMEOUT_S="1",
    )
    assert run.code == 0, run.stderr
    assert run.objects[0]["attempts"] > 1
    assert len(ehr.observations(44)) == 1


@pytest.mark.parametrize(
    ("minute", "fault"),
    [(45, "commit-then-drop"), (46, "truncated-json"), (47, "html"), (48, "unavailable")],
)
def test_an_answer_that_is_lost_or_spoilt_does_not_double_the_reading(
    station: Workstation, ehr: EhrProcess, minute: int, fault: str
) -> None:
    ehr.arm(fault, scope="writes")
    run = station.run(
        *("submit", "-", "--patient", PATIENT, "--wait", "--seconds", "30"),
        stdin=reading_line(minute),
    )
    assert run.code == 0, run.stderr
    assert run.objects[0]["attempts"] == 2
    assert len(ehr.observations(minute)) == 1


def test_ctrl_c_while_waiting_keeps_the_reading(tmp_path: Path) -> None:
    station = workstation(tmp_path, base_url=NOBODY)
    command = [sys.executable, "-m", "ohx_desktop", "--profile", str(station.profile)]
    with subprocess.Popen(
        [*command, "submit", "-", "--patient", PATIENT, "--wait"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment({}),
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(reading_line())
        process.stdin.close()
        while not any(entry["attempts"] for entry in station.queue()):
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        told = process.stderr.read()
        assert process.wait(30) == 130
    assert told == "cancelled; what was queued before stays queued\n"
    (entry,) = station.queue()
    assert entry["state"] in {"queued", "sending"}
