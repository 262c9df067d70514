"""`link`: an account is linked on the command line, and nothing of a person stands there."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cli_bench import (
    ANOTHER_PATIENT,
    PATIENT,
    EhrProcess,
    Run,
    Workstation,
    ehr_process,
    environment,
    workstation_with_keyring,
)

# What a browser does, for a patient who consents at once.
FOLLOW = """
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=20).read()
"""


BENNETT = {"family": "Bennett", "birthdate": "1952-03-14"}
MUELLER = {"family": "Müller", "birthdate": "1967-11-02"}


@pytest.fixture(scope="module")
def ehr() -> Iterator[EhrProcess]:
    with ehr_process() as running:
        yield running


@contextmanager
def _cloud() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "ohx_desktop.virtual.cloud"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment({})) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, ehr: EhrProcess) -> Iterator[Workstation]:
    folder = tmp_path_factory.mktemp("station")
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
        station = Workstation(
            profile=bare.profile, surroundings={**bare.surroundings, "BROWSER": browser}
        )
        secret = withings["client_secret"]
        assert station.run("secret", "set", "cloud.withings", stdin=secret).code == 0
        yield station


def _add(station: Workstation, told: dict[str, str], *answers: str, patient: str = PATIENT) -> Run:
    lines = "\n".join((json.dumps(told), *answers)) + "\n"
    return station.run("link", "add", "--provider", "withings", "--patient", patient, stdin=lines)


def test_a_link_is_added_shown_paused_and_ended_and_is_one_patient_s(
    station: Workstation,
) -> None:
    added = _add(station, BENNETT, "yes", "yes")
    assert added.code == 0, added.stderr
    (link,) = added.objects
    assert (link["provider"], link["patient"], link["state"]) == ("withings", PATIENT, "ok")
    assert "Body Comp" in added.stderr
    assert "last weighing: 20" in added.stderr
    listed = station.run("link", "list")
    assert listed.objects == [link]
    for hidden in ("40417733", "virtual-secret", BENNETT["family"], BENNETT["birthdate"]):
        assert hidden not in added.stdout
    refused = _add(station, MUELLER, "yes", "yes", patient=ANOTHER_PATIENT)
    assert (refused.code, refused.error["code"]) == (7, "cloud-account-taken")
    assert station.run("link", "pause", link["id"]).objects[0]["state"] == "paused"
    assert station.run("link", "resume", link["id"]).objects[0]["state"] == "ok"
    (ended,) = station.run("link", "revoke", link["id"]).objects
    assert ended["revoked"] is True
    assert station.run("link", "list").objects == []
    noted = [
        (item["event"], item["subject"])
        for item in station.run("audit", "list").objects
        if item["event"].startswith("link-")
    ]
    assert noted == [
        (event, link["id"]) for event in ("link-added", "link-paused", "link-resumed", "link-ended")
    ]
    again = station.run("link", "revoke", link["id"])
    assert (again.code, again.error["code"]) == (7, "cloud-not-linked")


@pytest.mark.parametrize(
    ("told", "answers"),
    [
        (BENNETT, ("no",)),
        (BENNETT, ("yes", "no")),
        (MUELLER, ("yes", "yes")),
        ({"family": "Bennett"}, ("yes", "yes")),
    ],
    ids=["no consent", "not their account", "another patient", "one identifier"],
)
def test_nothing_is_linked_without_two_identifiers_and_every_yes(
    station: Workstation, told: dict[str, str], answers: tuple[str, ...]
) -> None:
    refused = _add(station, told, *answers)
    assert (refused.code, refused.error["code"]) == (2, "usage")
    assert "nothing was linked" in refused.error["message"]


def test_a_provider_that_is_off_says_why_before_anything_is_asked(station: Workstation) -> None:
    run = station.run("link", "add", "--provider", "google_health", "--patient", PATIENT)
    assert run.error["code"] == "configuration"
    assert "no new projects" in run.error["hint"]


def test_without_a_browser_the_address_is_printed_and_waited_for(station: Workstation) -> None:
    command = [sys.executable, "-m", "ohx_desktop", "--profile", str(station.profile)]
    command += ["link", "add", "--provider", "withings", "--patient", PATIENT]
    surroundings = {**station.surroundings, "BROWSER": "/does/not/exist %s", "PATH": ""}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment(surroundings),
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(f"{json.dumps(BENNETT)}\nyes\nyes\n")
        process.stdin.close()
        for line in process.stderr:
            if line.startswith("http"):
                follow = [sys.executable, "-c", FOLLOW, line.strip()]
                subprocess.run(follow, check=True, timeout=30)
        assert process.wait(30) == 0
