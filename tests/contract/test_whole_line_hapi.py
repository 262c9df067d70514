"""The whole line into EHRs that we did not write: radio, reading, queue, transaction, chart.

`make test-hapi`; see tests/hapi for what it needs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hapi_line import put

from ohx_desktop.fhir.encoding import decode
from ohx_desktop.transport import build_client, exchange

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

PATIENT = "Patient/line-1"
PRACTITIONER = "Practitioner/line-2"
CHECKED = "Patient/line-3"


@contextmanager
def bench() -> Iterator[dict[str, str]]:
    """Run an emulated BlueZ with a cuff in another process; yield where it is."""
    command = [sys.executable, "-m", "ohx_desktop.virtual.bench", "--scenario", "omron"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(10)


def ohx(profile: Path, *arguments: str, **environment: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "ohx_desktop", "--profile", str(profile), "--json", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def station(folder: Path, base: str) -> Path:
    """Set a workstation up; each has an installation id and a queue of its own."""
    folder.mkdir()
    key = (folder / "key").as_posix()
    (folder / "config.toml").write_text(
        f'[ehr]\nbase_url = "{base}"\n[store]\nkey_source = "file"\nkey_file = "{key}"\n'
    )
    return folder


async def observations(base: str, code: str) -> list[dict[str, Any]]:
    async with await build_client() as http:
        answer = await exchange(
            http,
            "GET",
            f"{base}/Observation?patient={PATIENT}&code=http://loinc.org%7C{code}",
            headers={"Cache-Control": "no-cache"},
        )
    return [entry["resource"] for entry in decode(answer.body).get("entry", [])]


async def test_from_the_cuff_to_the_chart_and_a_replay_changes_nothing(
    base: str, tmp_path: Path
) -> None:
    await put(base, PATIENT, {"name": [{"family": "Bennett"}], "birthDate": "1952-03-14"})
    await put(base, PRACTITIONER, {"name": [{"family": "Adeyemi"}]})
    first, second = station(tmp_path / "a", base), station(tmp_path / "b", base)

    with bench() as radio:
        address = radio["DBUS_SYSTEM_BUS_ADDRESS"]
        (reading,) = ohx(first, "read", "--seconds", "30", DBUS_SYSTEM_BUS_ADDRESS=address)
    file = tmp_path / "reading.ndjson"
    file.write_text(json.dumps(reading))
    submit = ("submit", str(file), "--patient", PATIENT, "--performer", PRACTITIONER, "--wait")

    (entry,) = ohx(first, *submit)
    assert entry["state"] == "verified"
    # The same command again, and the same reading from another station.
    (again,) = ohx(first, *submit)
    (other,) = ohx(second, *submit)
    assert again["ehr_reference"] == other["ehr_reference"] == entry["ehr_reference"]

    (pressure,) = await observations(base, "85354-9")
    values = [part["valueQuantity"]["value"] for part in pressure["component"][:2]]
    assert [str(value) for value in values] == ["128", "82"]
    assert f"Observation/{pressure['id']}" == entry["ehr_reference"]
    assert len(await observations(base, "8867-4")) == 1


async def test_an_admin_is_told_that_readings_will_arrive(base: str, tmp_path: Path) -> None:
    await put(base, CHECKED, {"name": [{"family": "Test"}]})
    checked = ohx(station(tmp_path / "a", base), "ehr", "check", "--write", "--patient", CHECKED)
    written = next(line for line in checked if line["check"] == "write")
    assert written["detail"] == "stored, read back and deleted again"
    # Plain http to this very computer is told, and is no failure.
    assert {line["check"] for line in checked if line["ok"] is not True} == {"tls", "update-create"}
