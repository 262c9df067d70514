"""The clinic's mapping from outside: schema, check, preview, in force, and broken later."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_bench import Workstation, reading_line, workstation

PATIENT = "Patient/pat-4711"
RULES = '[quantities.pulse_rate]\nsend = false\n\n[panels.blood_pressure]\ntext = "Blutdruck"\n'
BROKEN = "[quantities.pulse_rate]\nsend = maybe\n"


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return workstation(tmp_path / "profile")


def _texts(bundle: dict[str, Any]) -> list[str]:
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [r["code"]["text"] for r in resources if r["resourceType"] == "Observation"]


def _map(station: Workstation, *options: str) -> list[str]:
    run = station.run("map", "-", "--patient", PATIENT, *options, stdin=reading_line())
    assert run.code == 0, run.stderr
    return _texts(run.objects[0])


def test_a_mapping_is_previewed_before_it_is_in_force(station: Workstation, tmp_path: Path) -> None:
    file = tmp_path / "clinic.toml"
    file.write_text(RULES)
    assert station.run("mapping", "validate", str(file)).code == 0
    assert _map(station, "--mapping", str(file)) == ["Blutdruck"]
    assert _map(station) == ["Blood pressure", "Pulse rate"]


def test_an_imported_mapping_is_in_force_and_survives_a_broken_edit(
    station: Workstation, tmp_path: Path
) -> None:
    file = tmp_path / "clinic.toml"
    file.write_text(RULES)
    imported = station.run("mapping", "import", str(file))
    assert imported.code == 0
    assert _map(station) == ["Blutdruck"]
    Path(imported.objects[0]["file"]).write_text(BROKEN)
    assert _map(station) == ["Blutdruck"]


def test_a_broken_mapping_is_refused_and_not_put_in_force(
    station: Workstation, tmp_path: Path
) -> None:
    file = tmp_path / "clinic.toml"
    file.write_text('[quantities.body_weight]\nunit = "ounce"\n')
    for command in ("validate", "import"):
        run = station.run("mapping", command, str(file))
        assert (run.code, run.error["code"]) == (3, "configuration")
        assert "line 2" in run.error["message"]
    preview = station.run(
        "map", "-", "--patient", PATIENT, "--mapping", str(file), stdin=reading_line()
    )
    assert preview.code == 3
    assert _map(station) == ["Blood pressure", "Pulse rate"]


def test_the_form_of_the_file_is_told(station: Workstation) -> None:
    run = station.run("mapping", "schema")
    schema = json.loads(run.stdout)
    assert {"quantities", "panels", "tags", "send"} <= schema["properties"].keys()
