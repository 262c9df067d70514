"""`ehr check` and `patient find`: questions to the EHR that leave nothing behind."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from cli_bench import MRN_SYSTEM, EhrProcess, Run, Workstation, ehr_process, workstation

NOBODY = "http://127.0.0.1:9/fhir"
CHECKS = (
    *("tls", "reachable", "fhir-version", "way", "transaction", "conditional-create"),
    *("update-create", "validate", "patient-search", "validate-own"),
)


@pytest.fixture(scope="module")
def ehr() -> Iterator[EhrProcess]:
    with ehr_process() as running:
        yield running


@pytest.fixture
def station(tmp_path: Path, ehr: EhrProcess) -> Iterator[Workstation]:
    yield workstation(tmp_path, base_url=ehr.base_url)
    ehr.disarm()


# ── ehr check ────────────────────────────────────────────────────────────────────────────────


def verdicts(run: Run) -> dict[str, bool | None]:
    return {item["check"]: item["ok"] for item in run.objects if "check" in item}


def test_a_fitting_ehr_passes_every_check(station: Workstation) -> None:
    run = station.run("ehr", "check")
    assert run.code == 0, run.stderr
    # Plain http to this very computer is told, and is no failure.
    assert verdicts(run) == {name: None if name == "tls" else True for name in CHECKS}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("transaction-off", "transaction"),
        ("conditional-create-off", "conditional-create"),
        ("update-create-off", "update-create"),
    ],
)
def test_what_an_ehr_says_it_cannot_is_told_and_done_another_way(
    station: Workstation, ehr: EhrProcess, fault: str, told: str
) -> None:
    ehr.arm(fault, times=None)
    run = station.run("ehr", "check")
    assert run.code == 0
    assert [name for name, passed in verdicts(run).items() if passed is None] == ["tls", told]


def test_a_test_write_is_stored_read_back_and_taken_back(
    station: Workstation, ehr: EhrProcess
) -> None:
    run = station.run("ehr", "check", "--write", "--patient", "Patient/pat-4711")
    assert run.code == 0, run.stderr
    (written,) = (each for each in run.objects if each["check"] == "write")
    assert written["ok"] is True
    assert "entered in error" in written["detail"]
    stored = httpx.get(f"{ehr.base_url}/Observation?subject=Patient/pat-4711", trust_env=False)
    left = [entry["resource"] for entry in stored.json().get("entry", [])]
    assert left
    assert {each["status"] for each in left} == {"entered-in-error"}
    assert all(each["meta"]["security"][0]["code"] == "HTEST" for each in left)


def test_a_test_write_for_nobody_is_wrong_usage(station: Workstation) -> None:
    assert station.run("ehr", "check", "--write").code == 2


def test_a_test_write_that_fails_says_so_and_leaves_nothing(
    station: Workstation, ehr: EhrProcess
) -> None:
    ehr.arm("unprocessable", scope="writes", times=None)
    run = station.run("ehr", "check", "--write", "--patient", "Patient/pat-4711")
    assert run.code == 7
    assert verdicts(run)["write"] is False
    (written,) = (each for each in run.objects if each.get("check") == "write")
    assert written["remedy"]


def test_an_r4_server_is_told_that_it_gets_r4(station: Workstation, ehr: EhrProcess) -> None:
    ehr.arm("fhir-4.0.1", times=None)
    run = station.run("ehr", "check")
    assert run.code == 0
    (detail,) = (each["detail"] for each in run.objects if each["check"] == "fhir-version")
    assert detail == "FHIR 4.0.1; R4 is sent"


def test_a_version_that_is_not_spoken_fails_by_name(station: Workstation, ehr: EhrProcess) -> None:
    ehr.arm("fhir-3.0.2", times=None)
    run = station.run("ehr", "check")
    assert (run.code, run.error["code"]) == (7, "refused")
    assert [name for name, passed in verdicts(run).items() if passed is False] == ["fhir-version"]
    assert "fhir-version" in run.error["message"]


@pytest.mark.parametrize(
    ("fault", "scope", "ending"),
    [
        ("unauthorized", "metadata", (7, "not-authorised", "reachable")),
        ("unauthorized", "reads", (7, "not-authorised", "patient-search")),
        ("forbidden", "reads", (7, "ehr-misconfigured", "patient-search")),
        ("unavailable", "metadata", (6, "unreachable", "reachable")),
        ("html", "metadata", (6, "unreachable", "reachable")),
        ("drop", "metadata", (6, "unreachable", "reachable")),
    ],
)
def test_an_ehr_that_does_not_answer_as_it_must_is_told(
    station: Workstation,
    ehr: EhrProcess,
    fault: str,
    scope: str,
    ending: tuple[int, str, str],
) -> None:
    ehr.arm(fault, scope=scope, times=None)
    run = station.run("ehr", "check")
    (failed,) = (name for name, passed in verdicts(run).items() if passed is False)
    assert (run.code, run.error["code"], failed) == ending, run.stderr
    # There is no reading that could stay anywhere.
    assert "no reading was affected" in run.error["message"]


class _SilentEhr(BaseHTTPRequestHandler):
    """An EHR of few words, as HAPI is: it lists its interactions and states no abilities."""

    def do_GET(self) -> None:
        resources = [{"type": name} for name in ("Observation", "Device", "Provenance")]
        server = {"mode": "server", "resource": resources, "interaction": [{"code": "transaction"}]}
        self._answer(
            {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0", "rest": [server]}
        )

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"resourceType": "Bundle", "type": "searchset"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, resource: dict[str, Any]) -> None:
        body = json.dumps(resource).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_what_an_ehr_does_not_state_is_no_failure(station: Workstation) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _SilentEhr) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}/fhir"
        run = station.run("ehr", "check", OHX_EHR__BASE_URL=url)
        server.shutdown()
        serving.join()
    assert run.code == 0, run.stderr
    unknown = [name for name, passed in verdicts(run).items() if passed is None]
    assert unknown == ["tls", "conditional-create", "update-create", "validate"]
    (told,) = (item["detail"] for item in run.objects if item["check"] == "update-create")
    assert told.startswith("does not state whether it offers")


def test_an_ehr_that_is_down_is_unreachable(station: Workstation) -> None:
    run = station.run("ehr", "check", OHX_EHR__BASE_URL=NOBODY)
    assert run.code == 6
    assert verdicts(run) == {"tls": None, "reachable": False}


def test_the_check_leaves_nothing_behind(station: Workstation, ehr: EhrProcess) -> None:
    def totals() -> list[int]:
        kinds = ("Patient", "Observation", "Device", "Provenance")
        answers = [httpx.get(f"{ehr.base_url}/{kind}", trust_env=False) for kind in kinds]
        return [answer.raise_for_status().json()["total"] for answer in answers]

    before = totals()
    assert station.run("ehr", "check").code == 0
    assert totals() == before


# ── patient find ─────────────────────────────────────────────────────────────────────────────


def find(station: Workstation, query: Any) -> Run:
    return station.run("patient", "find", stdin=json.dumps(query, ensure_ascii=False))


def test_a_patient_is_found_by_number(station: Workstation) -> None:
    run = find(station, {"identifier": "943 476 5919"})
    assert run.code == 0
    assert run.objects == [
        {
            "reference": "Patient/pat-4711",
            "family": "Bennett",
            "given": "Margaret Rose",
            "prefix": None,
            "birthdate": "1952-03-14",
            "gender": "female",
            "identifier": {"system": MRN_SYSTEM, "value": "943 476 5919"},
            "deceased": False,
        }
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"family": "Novak", "given": "Anna", "birthdate": "1991-09-05"}, ["pat-4716"]),
        ({"family": "Novak", "given": "Anna", "birthdate": None}, ["pat-4715", "pat-4716"]),
        ({"family": "Müller"}, ["pat-4712"]),
        ({"family": "الحسيني", "given": "ليلى"}, ["pat-4713"]),
        ({"family": "Nobody"}, []),
        ({"identifier": "809 316 5527"}, []),
    ],
    ids=["birth date", "two", "umlaut", "arabic", "nobody", "inactive"],
)
def test_a_patient_is_found_by_name_and_birth_date(
    station: Workstation, query: Any, found: list[str]
) -> None:
    run = find(station, query)
    assert run.code == 0, run.stderr
    assert sorted(patient["reference"] for patient in run.objects) == [
        f"Patient/{id_}" for id_ in found
    ]


@pytest.mark.parametrize(
    ("identifier", "found", "told"),
    [
        ("286 540 7719", ["Patient/pat-4718"], "replaced by another"),
        ("809 316 5527", [], "inactive record"),
    ],
)
def test_a_record_that_is_not_in_use_is_said_to_be_one(
    station: Workstation, identifier: str, found: list[str], told: str
) -> None:
    run = find(station, {"identifier": identifier})
    assert [patient["reference"] for patient in run.objects] == found
    assert told in run.stderr
    assert identifier not in run.stderr


@pytest.mark.parametrize(
    "stdin",
    [
        "",
        "Bennett, Margaret",
        "[]",
        "null",
        "{}",
        '{"identifier": ""}',
        '{"identifier": "  "}',
        '{"identifier": 5}',
        '{"identifier": ["Bennett"]}',
        '{"given": "Bennett"}',
        '{"birthdate": "1952-03-14"}',
        '{"family": "Bennett", "birthdate": "14.03.1952"}',
        '{"family": "Bennett", "birthDate": "1952-03-14"}',
        '{"Bennett": "Margaret"}',
        '{"identifier": "1"} {"identifier": "2"}',
        b"\xff\xfeB\x00",
    ],
)
def test_what_is_no_query_is_refused_and_not_quoted(
    station: Workstation, stdin: str | bytes
) -> None:
    run = station.run("patient", "find", stdin=stdin)
    assert (run.code, run.error["code"]) == (2, "usage")
    assert "Bennett" not in run.stdout + run.stderr
    assert "1952" not in run.stdout + run.stderr


def test_a_search_in_an_ehr_that_is_down_is_transient(station: Workstation) -> None:
    run = station.run("patient", "find", stdin='{"family": "Bennett"}', OHX_EHR__BASE_URL=NOBODY)
    assert (run.code, run.error["code"]) == (6, "unreachable")
    assert "Bennett" not in run.stderr
