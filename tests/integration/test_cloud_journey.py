"""From a patient's consent to the EHR, with nobody typing a value: link, night, review, send."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cli_bench import (
    PATIENT,
    PRACTITIONER,
    EhrProcess,
    Workstation,
    ehr_process,
    environment,
    workstation_with_keyring,
)
from test_cli_links import BENNETT, FOLLOW, _add, _cloud

# The window's services, without the window, in the night after the evening when it was set up.
NIGHT = """
import asyncio, json, sys
from datetime import timedelta
from pathlib import Path
from ohx_desktop.app import open_workstation, tasks
from ohx_desktop.domain.clock import system_now
from ohx_desktop.settings.profile import Profile

tasks.JITTER_S = 0.0
profile = Profile.at(Path(sys.argv[1]))
evening = system_now() - timedelta(days=1)
queue = tasks.open_queue(profile.tasks_file)
told = {"wall": evening.replace(tzinfo=None).isoformat(), "at": evening.isoformat()}
queue.put("nightly", told)
queue.storage.close()

async def night():
    async with open_workstation(profile) as station, asyncio.timeout(60):
        while (await station.tray.summary()).waiting < 6:
            await asyncio.sleep(0.05)
        (link,) = await station.clouds.links.links()
        while link.last_sync_at is None:
            await asyncio.sleep(0.05)
            (link,) = await station.clouds.links.links()
    print(json.dumps({"state": link.state}))

asyncio.run(night())
"""


@pytest.fixture(scope="module")
def ehr() -> Iterator[EhrProcess]:
    with ehr_process() as running:
        yield running


@pytest.fixture
def station(tmp_path_factory: pytest.TempPathFactory, ehr: EhrProcess) -> Iterator[Workstation]:
    folder = tmp_path_factory.mktemp("journey")
    with _cloud() as told:
        bare = workstation_with_keyring(folder)
        (folder / "follow.py").write_text(FOLLOW)
        withings = told["withings"]
        places = "".join(
            f'{name} = "{withings[name]}"\n'
            for name in ("client_id", "authorize_url", "token_url", "api_url")
        )
        bare.configure(
            f'[ehr]\nbase_url = "{ehr.base_url}"\n[cloud.withings]\nredirect_port = 0\n{places}'
        )
        browser = f"{sys.executable} {folder / 'follow.py'} %s"
        surroundings = {**bare.surroundings, "BROWSER": browser}
        station = Workstation(profile=bare.profile, surroundings=surroundings)
        secret = withings["client_secret"]
        assert station.run("secret", "set", "cloud.withings", stdin=secret).code == 0
        yield station


def _weights(ehr: EhrProcess) -> list[Any]:
    answer = httpx.get(
        f"{ehr.base_url}/Observation",
        params={"code": "http://loinc.org|29463-7", "_count": "100"},
        trust_env=False,
    )
    return [entry["resource"] for entry in answer.raise_for_status().json().get("entry", [])]


def test_what_a_patient_weighed_at_home_reaches_the_ehr(
    station: Workstation, ehr: EhrProcess
) -> None:
    added = _add(station, BENNETT, "yes", "yes")
    assert added.code == 0, added.stderr
    night = subprocess.run(
        [sys.executable, "-c", NIGHT, str(station.profile)],
        env=environment(station.surroundings),
        capture_output=True,
        timeout=90,
        check=False,
        text=True,
    )
    assert night.returncode == 0, night.stderr
    assert '"ok"' in night.stdout
    waiting = station.run("tray", "list", "--show-values").objects
    sure = [
        item
        for item in waiting
        if item["patient_in_view"] == PATIENT
        and item["reading"]["quantities"][0]["kind"] == "body_weight"
    ]
    assert len(sure) == 4
    assert [item["patient_in_view"] for item in waiting].count(None) == 1
    assert {item["reading"]["source"] for item in waiting} == {"withings"}
    for item in sure[:2]:
        assigned = station.run(
            "tray", "assign", item["id"], "--patient", PATIENT, "--performer", PRACTITIONER
        )
        assert assigned.code == 0, assigned.stderr
    assert station.run("queue", "drain").code == 0
    sent = _weights(ehr)
    values = sorted(str(each["valueQuantity"]["value"]) for each in sent)
    assert len(values) == 2
    assert {each["subject"]["reference"] for each in sent} == {PATIENT}
    # All of it again: nothing is new, and nothing is sent twice.
    again = station.run("sync")
    assert (again.code, again.objects) == (0, [])
    assert len(station.run("tray", "list").objects) == len(waiting) - 2


def test_sync_prints_what_is_new_and_its_exit_code_says_who_must_act(
    station: Workstation,
) -> None:
    nothing = station.run("sync")
    assert (nothing.code, nothing.objects) == (0, [])
    assert "no account is linked" in nothing.stderr
    added = _add(station, BENNETT, "yes", "yes")
    (link,) = added.objects
    first = station.run("sync", "--provider", "withings")
    assert first.code == 0, first.stderr
    assert [reading["schema"] for reading in first.objects] == ["ohx.reading/1"] * 6
    assert "6 new" in first.stderr
    lost = station.run(
        "sync", "--link", link["id"], OHX_CLOUD__WITHINGS__API_URL="http://127.0.0.1:9"
    )
    assert (lost.code, lost.error["code"]) == (6, "cloud-unavailable")
    (listed,) = station.run("link", "list").objects
    assert listed["last_sync_at"] is not None
    assert station.run("link", "pause", link["id"]).code == 0
    paused = station.run("sync", "--link", link["id"])
    assert (paused.code, paused.error["code"]) == (7, "cloud-link-paused")
    unknown = station.run("sync", "--link", "7d0f1c1e-0000-4000-8000-000000000000")
    assert (unknown.code, unknown.error["code"]) == (7, "cloud-not-linked")
    wrong = station.run("sync", "--link", "x")
    assert wrong.code == 2
    for run in (first, lost, paused):
        for hidden in ("40417733", "virtual-secret", BENNETT["family"]):
            assert hidden not in run.stderr
