"""Staff sign in with the EHR: the whole workstation against the sandbox's authorization server."""

import asyncio
import re
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cli_bench import PATIENT, reading_line

from ohx_desktop.app import Workstation, open_workstation
from ohx_desktop.audit.events import Event
from ohx_desktop.cli.input import json_values
from ohx_desktop.desk.staff_states import AskingEhr, SignedIn
from ohx_desktop.domain.errors import NobodySignedIn, NotAuthorised
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.domain.reading import Reading
from ohx_desktop.domain.reading_json import reading_from_json
from ohx_desktop.keystore import EphemeralKey
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.settings.model import EhrAuthSettings, EhrSettings, Settings
from ohx_desktop.settings.profile import Profile
from ohx_desktop.virtual.ehr.authorization import AuthorizationServer, Client
from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PRACTITIONER

NOBODY = PatientQuery(identifier="nobody")
VERIFIER = f"Practitioner/{PRACTITIONER}"
# Shorter than the pause of a queue that nobody urges.
DEADLINE_S = 10.0


class _Browser:
    """The system's browser, with a person in it who presses a link. It runs in a thread."""

    def __init__(self) -> None:
        self.person = "Grace Adeyemi"
        self.asked: list[dict[str, list[str]]] = []

    def open(self, url: str) -> bool:
        self.asked.append(parse_qs(urlsplit(url).query))
        with httpx.Client(follow_redirects=True, trust_env=False) as browser:
            link = re.search(rf'href="([^"]+)">{self.person}', browser.get(url).text)
            if link is None:
                return True  # they never press anything
            at = urlsplit(url)
            target = unescape(link[1])
            browser.get(f"{at.scheme}://{at.netloc}{target}" if target[0] == "/" else target)
        return True


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> _Browser:
    made = _Browser()
    monkeypatch.setattr(webbrowser, "open", made.open)
    return made


class _Line:
    def __init__(self, sandbox: SandboxEhr, workstation: Workstation) -> None:
        self.sandbox, self.workstation = sandbox, workstation
        self.staff = workstation.staff

    @property
    def server(self) -> AuthorizationServer:
        assert self.sandbox.authorization is not None
        return self.sandbox.authorization

    def stored(self, resource_type: str) -> list[Resource]:
        return [version.resource for version in self.sandbox.store.versions(resource_type)]

    async def reach(self, entry_state: EntryState) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                entries = await self.workstation.outbox.entries()
                if [entry.state for entry in entries] == [entry_state]:
                    return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[_Line]:
    sandbox = SandboxEhr(wants_sign_in=True)
    base_url = await sandbox.start()
    assert sandbox.authorization is not None
    sandbox.authorization.register(Client(client_id="desk"))
    auth = EhrAuthSettings(method="smart-launch", client_id="desk", stay_signed_in=True)
    settings = Settings(ehr=EhrSettings(base_url=base_url, auth=auth))
    try:
        async with open_workstation(
            Profile.at(folder), settings=settings, key_source=EphemeralKey()
        ) as workstation:
            yield _Line(sandbox, workstation)
    finally:
        await sandbox.stop()


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[_Line]:
    async with _opened(tmp_path) as opened:
        yield opened


def _reading() -> Reading:
    (form,) = json_values(reading_line())
    return reading_from_json(form)


def _verifiers(provenance: Resource) -> list[str]:
    return [
        agent["who"]["reference"]
        for agent in provenance["agent"]
        if agent["type"]["coding"][0]["code"] == "verifier"
    ]


async def test_the_queue_waits_for_a_person_and_goes_on_when_one_has_signed_in(
    line: _Line, browser: _Browser
) -> None:
    station = line.workstation
    # Confirmed by somebody who has left since, as after a restart.
    await station.filing.submit(_reading(), patient=PATIENT, verifier="PractitionerRole/role-12")
    async with asyncio.timeout(DEADLINE_S):
        while station.outbox.problem is None:
            await asyncio.sleep(0.01)
    assert "nobody is signed in at the EHR" in str(station.outbox.problem)
    assert "safe on this computer" in str(station.outbox.problem)
    assert line.stored("Observation") == []

    await line.staff.sign_in_at_ehr()
    await line.reach(EntryState.VERIFIED)
    # Whoever is there now sends it; who confirmed it stays who they were.
    assert _verifiers(line.stored("Provenance")[0]) == ["PractitionerRole/role-12"]


async def test_who_is_signed_in_verifies_and_performs_what_is_confirmed(
    line: _Line, browser: _Browser
) -> None:
    with pytest.raises(NobodySignedIn):
        await line.workstation.filing.submit(_reading(), patient=PATIENT)
    await line.staff.sign_in_at_ehr()
    state = line.staff.state
    assert isinstance(state, SignedIn)
    assert (state.person.reference, state.person.name) == (VERIFIER, "Nurse Grace Adeyemi")
    # Whoever used this browser before is not taken for the one who sits there now.
    assert browser.asked[0]["prompt"] == ["login"]

    await line.workstation.filing.submit(_reading(), patient=PATIENT)
    await line.reach(EntryState.VERIFIED)
    assert _verifiers(line.stored("Provenance")[0]) == [VERIFIER]
    assert {"reference": VERIFIER} in line.stored("Observation")[0]["performer"]


async def test_the_audit_of_the_station_tells_who_came_whom_they_served_and_what_they_changed(
    line: _Line, browser: _Browser
) -> None:
    station = line.workstation
    await line.staff.sign_in_at_ehr()
    station.note(Event.PATIENT_IDENTIFIED, patient=PATIENT)
    await station.filing.submit(_reading(), patient=PATIENT)
    await line.reach(EntryState.VERIFIED)
    await station.mapping.put_in_force(b"", "empty.toml")
    await station.devices._on_forgotten("AA:BB:CC:DD:EE:FF")
    await line.staff.sign_out()
    wanted = {
        ("signed-in", VERIFIER),
        ("patient-identified", VERIFIER),
        ("confirmed", VERIFIER),
        ("verified", None),
        ("mapping-imported", VERIFIER),
        ("device-unenrolled", VERIFIER),
        ("signed-out", VERIFIER),
    }
    async with asyncio.timeout(DEADLINE_S):
        while not wanted <= await _audited(station):
            await asyncio.sleep(0.01)


async def _audited(station: Workstation) -> set[tuple[str, str | None]]:
    links = await station.outbox.read(lambda store: list(store.audit.links()))
    return {(str(link.record.event), link.record.who) for link in links}


async def test_a_reading_that_the_patient_measured_is_verified_by_who_is_signed_in(
    line: _Line, browser: _Browser
) -> None:
    await line.staff.sign_in_at_ehr()
    await line.workstation.filing.submit(_reading(), patient=PATIENT, performer=PATIENT)
    await line.reach(EntryState.VERIFIED)
    assert _verifiers(line.stored("Provenance")[0]) == [VERIFIER]
    assert line.stored("Observation")[0]["performer"] == [{"reference": PATIENT}]


async def test_after_signing_out_nothing_of_the_person_is_left(
    line: _Line, browser: _Browser
) -> None:
    tokens: list[str] = []
    real = line.server.granted

    def granted(token: str) -> object:
        tokens.append(token)
        return real(token)

    line.server.granted = granted  # type: ignore[method-assign,assignment] # a watcher at the door
    await line.staff.sign_in_at_ehr()
    await line.workstation.patients.find_patients(NOBODY)
    line.server.granted = real  # type: ignore[method-assign] # as it was
    assert line.server.granted(tokens[-1]) is not None
    await line.staff.sign_out()
    assert line.staff.state == AskingEhr()
    with pytest.raises(NotAuthorised, match="nobody is signed in"):
        await line.workstation.patients.find_patients(NOBODY)
    with pytest.raises(NobodySignedIn):
        await line.workstation.filing.submit(_reading(), patient=PATIENT)
    # Nor can the refresh token bring it back.
    assert not line.server._refresh


async def test_an_ehr_that_is_gone_does_not_hold_a_person_in(
    line: _Line, browser: _Browser
) -> None:
    await line.staff.sign_in_at_ehr()
    await line.sandbox.stop()
    await line.staff.sign_out()
    assert line.staff.state == AskingEhr()
    with pytest.raises(NotAuthorised, match="nobody is signed in"):
        await line.workstation.patients.find_patients(NOBODY)


async def test_a_locked_station_goes_on_sending(line: _Line, browser: _Browser) -> None:
    await line.staff.sign_in_at_ehr()
    await line.workstation.filing.submit(_reading(), patient=PATIENT)
    line.staff.lock()
    await line.reach(EntryState.VERIFIED)
    with pytest.raises(NobodySignedIn):
        await line.workstation.filing.submit(_reading(), patient="Patient/pat-4712")
    await line.staff.sign_in_at_ehr()
    assert line.staff.who() == VERIFIER
    assert len(line.server._refresh) == 1, "the earlier sign-in was left open"


async def test_who_declines_is_told_and_may_try_again(line: _Line, browser: _Browser) -> None:
    browser.person = "Decline"
    await line.staff.sign_in_at_ehr()
    state = line.staff.state
    assert isinstance(state, AskingEhr)
    assert isinstance(state.error, NotAuthorised)
    browser.person = "Grace Adeyemi"
    await line.staff.sign_in_at_ehr()
    assert line.staff.who() == VERIFIER


async def test_a_sign_in_that_is_given_up_leaves_no_port_and_no_token(
    line: _Line, browser: _Browser
) -> None:
    browser.person = "somebody who never comes"
    signing = asyncio.create_task(line.staff.sign_in_at_ehr())
    async with asyncio.timeout(DEADLINE_S):
        while not browser.asked:
            await asyncio.sleep(0.01)
    line.staff.cancel()
    await signing
    assert line.staff.state == AskingEhr()
    redirect = urlsplit(browser.asked[0]["redirect_uri"][0])
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection(redirect.hostname, redirect.port)


async def test_an_ehr_that_does_not_tell_the_name_still_signs_in(
    line: _Line, browser: _Browser
) -> None:
    line.server.withheld = frozenset({"user/Practitioner.r", "user/PractitionerRole.r"})
    await line.staff.sign_in_at_ehr()
    state = line.staff.state
    assert isinstance(state, SignedIn)
    assert state.person.name == VERIFIER


async def test_a_token_that_comes_for_somebody_who_left_is_thrown_away(
    line: _Line, browser: _Browser
) -> None:
    await line.staff.sign_in_at_ehr()
    line.server.end_all()
    # The search finds the token ended and has it renewed, while the person signs out.
    searching = asyncio.create_task(line.workstation.patients.find_patients(NOBODY))
    real = line.server.token
    renewing = asyncio.Event()

    def token(*asked: object) -> object:
        renewing.set()
        return real(*asked)  # type: ignore[arg-type] # as asked

    line.server.token = token  # type: ignore[method-assign,assignment] # a watcher at the door
    await renewing.wait()
    await line.staff.sign_out()
    with pytest.raises(NotAuthorised, match="nobody is signed in"):
        await searching
