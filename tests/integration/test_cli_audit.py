"""`audit`: who did what when, from the first import to an archive, as an administrator sees it."""

import json
from collections.abc import Callable, Iterator
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest
from cli_bench import (
    PATIENT,
    PRACTITIONER,
    EhrProcess,
    Workstation,
    ehr_process,
    reading_line,
    workstation,
    workstation_with_keyring,
)
from fhir.resources.auditevent import AuditEvent

ME = f"local:{getuser()}"


@pytest.fixture(scope="module")
def ehr() -> Iterator[EhrProcess]:
    with ehr_process() as running:
        yield running


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return workstation(tmp_path)


def submit(station: Workstation, *more: str, minute: int = 0) -> Any:
    run = station.run("submit", "-", "--patient", PATIENT, *more, stdin=reading_line(minute))
    assert run.code == 0, run.stderr
    return run.objects[0]


def listed(station: Workstation, *more: str) -> list[Any]:
    run = station.run("audit", "list", *more)
    assert run.code == 0, run.stderr
    return run.objects


def events(station: Workstation) -> list[str]:
    return [row["event"] for row in listed(station)]


def test_the_way_of_a_reading_is_told_by_who_and_when(tmp_path: Path, ehr: EhrProcess) -> None:
    station = workstation(tmp_path, base_url=ehr.base_url)
    entry = submit(station, "--performer", PRACTITIONER, "--wait")
    rows = [row for row in listed(station) if row["entry"] == entry["id"]]
    assert [(row["event"], row["who"]) for row in rows] == [
        ("confirmed", PRACTITIONER),
        ("sent", None),
        ("acknowledged", None),
        ("verified", None),
    ]
    assert {row["reading"] for row in rows} == {entry["reading_id"]}
    text = json.dumps(rows)
    assert PATIENT not in text
    assert "128" not in {word for row in rows for word in map(str, row.values())}


def test_a_person_without_a_name_is_the_account_of_the_computer(station: Workstation) -> None:
    entry = submit(station)
    station.run("queue", "discard", entry["id"], "--reason", "wrong-patient")
    told = [(row["event"], row["who"], row["detail"]) for row in listed(station)]
    assert told == [("confirmed", ME, None), ("discarded", ME, "wrong-patient")]


def test_what_is_changed_before_there_is_a_queue_is_noted_when_there_is(
    tmp_path: Path,
) -> None:
    station = workstation_with_keyring(tmp_path)
    file = tmp_path / "new.toml"
    file.write_text('[station]\nname = "Room 3"\n')
    assert station.run("config", "import", str(file)).code == 0
    assert not (station.profile / "outbox.db").exists(), "an import made a key and a queue"
    told = [(row["event"], row["who"], row["detail"]) for row in listed(station)]
    assert told == [("settings-imported", ME, "noted-later")]


def test_each_change_of_the_set_up_is_noted_by_its_name(tmp_path: Path) -> None:
    station = workstation_with_keyring(tmp_path)
    submit(station)
    for *command, stdin in (
        ("secret", "set", "ehr.token", "token-canary"),
        ("secret", "delete", "ehr.token", ""),
        ("staff", "add", PRACTITIONER, "Grace Canary"),
        ("staff", "pin", PRACTITIONER, "86420975"),
        ("staff", "remove", PRACTITIONER, ""),
        ("ehr", "key", ""),
    ):
        assert station.run(*command, stdin=stdin).code == 0
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[quantities.body_weight]\nunit = "kg"\n')
    assert station.run("mapping", "import", str(mapping)).code == 0
    rows = listed(station)[1:]
    assert [(row["event"], row["subject"]) for row in rows[:-1]] == [
        ("secret-set", "ehr.token"),
        ("secret-deleted", "ehr.token"),
        ("staff-added", PRACTITIONER),
        ("staff-pin-set", PRACTITIONER),
        ("staff-removed", PRACTITIONER),
        ("secret-set", "ehr.client_key"),
    ]
    assert rows[-1]["event"] == "mapping-imported"
    assert rows[-1]["subject"].startswith("sha256:")
    assert {row["who"] for row in rows} == {ME}
    assert "anary" not in json.dumps(rows)


def test_a_change_while_the_queue_cannot_be_opened_is_told_and_noted_later(
    station: Workstation, tmp_path: Path
) -> None:
    submit(station)
    key = tmp_path / "store.key"
    kept = key.read_bytes()
    key.unlink()
    file = tmp_path / "new.toml"
    file.write_text((station.profile / "config.toml").read_text())
    run = station.run("config", "import", str(file))
    assert run.code == 0
    assert "not in the audit yet" in run.stderr
    key.write_bytes(kept)
    key.chmod(0o600)
    assert events(station) == ["confirmed", "settings-imported"]


# ── verify ───────────────────────────────────────────────────────────────────────────────────


def test_a_whole_audit_is_verified_against_a_head_noted_before(station: Workstation) -> None:
    submit(station)
    (head,) = station.run("audit", "head").objects
    submit(station, minute=1)
    run = station.run("audit", "verify", "--head", head["digest"])
    assert run.code == 0
    assert run.objects[0]["checked"] == 2
    last = listed(station)[-1]
    assert (last["event"], last["subject"]) == (
        "audit-verified",
        run.objects[0]["head"]["digest"],
    )


def test_a_head_that_is_no_place_of_it_is_exit_code_8(station: Workstation) -> None:
    submit(station)
    run = station.run("audit", "verify", "--head", "00" * 32)
    assert (run.code, run.error["code"]) == (8, "audit-broken")
    assert "head" in run.error["message"]
    assert listed(station)[-1]["outcome"] == "failure"
    assert station.run("audit", "verify", "--head", "00").code == 2


def test_the_first_record_that_was_changed_is_named(station: Workstation, tmp_path: Path) -> None:
    for minute in range(3):
        submit(station, minute=minute)
    file = tmp_path / "audit.ndjson"
    assert station.run("audit", "export", str(file), "--format", "ndjson").code == 0
    assert station.run("audit", "verify", str(file)).code == 0
    lines = file.read_text().splitlines()
    lines[2] = lines[2].replace("confirmed", "discarded")
    file.write_text("\n".join(lines))
    run = station.run("audit", "verify", str(file))
    assert (run.code, run.error["code"]) == (8, "audit-broken")
    assert "record 2" in run.error["message"]


def test_what_is_no_archive_is_wrong_usage(station: Workstation, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\x00")
    (tmp_path / "y").write_text("{}")
    for name in ("x", "y", "none"):
        assert station.run("audit", "verify", str(tmp_path / name)).code == 2


# ── export and archive ───────────────────────────────────────────────────────────────────────


def test_an_export_is_audit_events_a_line_each(station: Workstation, tmp_path: Path) -> None:
    entry = submit(station, "--performer", PRACTITIONER)
    run = station.run("audit", "export", "-")
    assert run.code == 0
    (resource,) = run.objects
    AuditEvent.model_validate_json(json.dumps(resource))
    assert resource["agent"][0]["who"] == {"reference": PRACTITIONER}
    reading = {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{entry['reading_id']}"}
    assert resource["entity"][0]["what"]["identifier"] == reading
    installation = (station.profile / "installation-id").read_text().strip()
    observer = resource["source"]["observer"]["identifier"]["value"]
    assert observer == f"urn:uuid:{installation}"
    file = tmp_path / "out.ndjson"
    assert station.run("audit", "export", str(file)).code == 0
    first, second = map(json.loads, file.read_text().splitlines())
    assert first == resource
    assert second["code"]["coding"][1]["code"] == "audit-exported"
    assert station.run("audit", "export", str(file)).code == 2, "it replaced a file"


def test_an_export_since_a_day_to_come_is_empty(station: Workstation) -> None:
    submit(station)
    assert station.run("audit", "export", "-", "--since", "2999-01-01").stdout == ""
    assert listed(station, "--since", "2999-01-01") == []
    assert len(listed(station, "--since", "2020-01-01T00:00:00+01:00")) == 2
    assert station.run("audit", "list", "--since", "yesterday").code == 2


def test_an_archive_and_what_stays_are_verified_each_by_itself(
    station: Workstation, tmp_path: Path
) -> None:
    submit(station)
    submit(station, minute=1)
    (head,) = station.run("audit", "head").objects
    file = tmp_path / "old.ndjson"
    run = station.run("audit", "archive", str(file), "--before", "2999-01-01")
    assert (run.code, run.objects[0]["archived"]) == (0, 2)
    assert events(station) == ["audit-archived"]
    assert station.run("audit", "verify", "--head", head["digest"]).code == 0
    assert station.run("audit", "verify", str(file), "--head", head["digest"]).code == 0
    again = station.run("audit", "archive", str(tmp_path / "x"), "--before", "2020-01-01")
    assert (again.code, again.stdout) == (0, "")


def test_people_read_lines(station: Workstation, as_people: Callable[..., str]) -> None:
    submit(station, "--performer", PRACTITIONER)
    (line,) = as_people(station, "audit", "list").splitlines()
    assert f"confirmed  {PRACTITIONER}" in line
    assert "whole: 1 events" in as_people(station, "audit", "verify")


@pytest.fixture
def as_people() -> Callable[..., str]:
    from cli_bench import run_program

    def run(station: Workstation, *arguments: str) -> str:
        done = run_program(
            "--profile", str(station.profile), *arguments, surroundings=station.surroundings
        )
        assert done.code == 0, done.stderr
        return done.stdout

    return run
