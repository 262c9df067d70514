"""Signing in at an authorization server that we did not write: Keycloak, by each way we have.

`make test-keycloak`; see README.md for what it needs.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape

import httpx
import pytest
from keycloak_realm import (
    PASSWORD,
    PATIENT_PERSON,
    PERSON,
    SECRET,
    SHORT_S,
    STAFF,
    realm,
)
from keycloak_server import keycloak_server, why_not
from smart_adaptor import Adaptor, adaptor

from ohx_desktop.domain.errors import NotAuthorised
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.fhir.auth.credentials import (
    CLIENT_KEY,
    CLIENT_SECRET,
    Credentials,
    Registration,
    credentials,
)
from ohx_desktop.fhir.auth.launch import SmartLaunch
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.fhir.write_check import written_and_taken_back
from ohx_desktop.oauth.client_key import Algorithm, ClientKey, new_key
from ohx_desktop.oauth.token_source import TokenSource
from ohx_desktop.transport import HttpClient, build_client
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PATIENT

pytestmark = [pytest.mark.keycloak, pytest.mark.timeout(900)]

# The form is filled in at once.
SIGN_IN_S = 20
NOBODY = PatientQuery(identifier="nobody")
BY_SECRET = Registration(method="client-credentials", client_id="kiosk")
BY_ES384 = Registration(method="smart-backend", client_id="backend-es")
BY_RS384 = Registration(method="smart-backend", client_id="backend-rs")
BY_BROWSER = Registration(method="smart-launch", client_id="desk")
MACHINES = pytest.mark.parametrize(
    "registration", [BY_SECRET, BY_ES384, BY_RS384], ids=lambda r: r.client_id
)


@dataclass(frozen=True)
class Keycloak:
    """A running realm; the keys are those of its clients by name."""

    issuer: str
    keys: dict[str, str]


@pytest.fixture(scope="session")
def keycloak() -> Iterator[Keycloak]:
    if reason := why_not():
        pytest.skip(reason)
    keys = {"backend-es": new_key(Algorithm.ES384), "backend-rs": new_key(Algorithm.RS384)}
    clients = {name: ClientKey(pem) for name, pem in keys.items()}
    with keycloak_server(realm(clients["backend-es"], clients["backend-rs"])) as issuer:
        yield Keycloak(issuer, keys)


@dataclass(frozen=True)
class Line:
    """An EHR behind a gateway that trusts Keycloak, and our side of it."""

    keycloak: Keycloak
    gateway: Adaptor
    bare: HttpClient

    def proof(self, registration: Registration, **other: str) -> Credentials:
        kept = {
            CLIENT_SECRET: SECRET,
            CLIENT_KEY: self.keycloak.keys.get(registration.client_id or "", ""),
            **{name.replace("_", ".", 1): value for name, value in other.items()},
        }
        return credentials(registration, self.gateway.base_url, self.bare, kept.get)

    @asynccontextmanager
    async def ehr(self, proof: Credentials) -> AsyncIterator[EhrClient]:
        async with await build_client(headers=proof.headers, auth=proof.auth) as http:
            yield await connect_ehr(http, self.gateway.base_url)

    async def search(self, registration: Registration, **other: str) -> Credentials:
        proof = self.proof(registration, **other)
        async with self.ehr(proof) as ehr:
            await ehr.find_patients(NOBODY)
        return proof


@pytest.fixture
async def line(keycloak: Keycloak) -> AsyncIterator[Line]:
    sandbox = SandboxEhr()
    fhir_base = await sandbox.start()
    try:
        async with (
            adaptor(keycloak.issuer, fhir_base) as gateway,
            await build_client() as bare,
        ):
            yield Line(keycloak, gateway, bare)
    finally:
        await sandbox.stop()


# ── as a program ─────────────────────────────────────────────────────────────────────────────


@MACHINES
async def test_a_program_signs_in_files_and_reads_back(
    line: Line, registration: Registration
) -> None:
    async with line.ehr(line.proof(registration)) as ehr:
        remedy, _ = await written_and_taken_back(ehr, f"Patient/{PATIENT}")
    assert remedy is None


@MACHINES
async def test_a_token_that_is_refused_is_renewed_once(
    line: Line, registration: Registration
) -> None:
    async with line.ehr(line.proof(registration)) as ehr:
        await ehr.find_patients(NOBODY)
        line.gateway.end_all()
        await ehr.find_patients(NOBODY)
    assert line.gateway.answers == [200, 401, 200]


async def test_a_token_is_renewed_before_it_ends(line: Line) -> None:
    proof = line.proof(replace(BY_SECRET, client_id="short"))
    assert proof.tokens is not None
    async with line.ehr(proof) as ehr:
        await ehr.find_patients(NOBODY)
        first = proof.tokens.token
        assert first is not None
        async with asyncio.timeout(SHORT_S + 5):
            while first.is_fresh:
                await asyncio.sleep(0.05)
        await ehr.find_patients(NOBODY)
    assert line.gateway.answers == [200, 200]
    assert proof.tokens.token != first


@pytest.mark.parametrize(
    ("registration", "other"),
    [
        (BY_SECRET, {"ehr_client_secret": "another"}),
        (BY_ES384, {"ehr_client_key": new_key(Algorithm.ES384)}),
        (replace(BY_ES384, client_id="backend-rs"), {"ehr_client_key": new_key(Algorithm.ES384)}),
        (replace(BY_SECRET, client_id="nobody"), {}),
    ],
    ids=["wrong secret", "wrong key", "wrong algorithm", "unknown client"],
)
async def test_a_wrong_proof_is_refused_in_words_that_quote_none_of_it(
    line: Line, registration: Registration, other: dict[str, str]
) -> None:
    with pytest.raises(NotAuthorised, match="was not accepted") as caught:
        await line.search(registration, **other)
    assert not any(value in str(caught.value) for value in other.values())


async def test_a_client_that_may_not_sign_in_as_a_program_is_told_so(line: Line) -> None:
    with pytest.raises(NotAuthorised, match="may not sign in this way"):
        await line.search(replace(BY_SECRET, client_id="silent"))


async def test_an_assertion_for_another_audience_is_refused(line: Line) -> None:
    # The address of a proxy before Keycloak is none that Keycloak knows itself by.
    line.gateway.told["token_endpoint"] = line.gateway.base_url.replace("/fhir", "/token")
    with pytest.raises(NotAuthorised, match="was not accepted"):
        await line.search(BY_ES384)


async def test_an_assertion_that_has_expired_is_refused(line: Line) -> None:
    # We sign by the server's clock; this one tells a time of an hour ago.
    line.gateway.clock = timedelta(hours=-1)
    with pytest.raises(NotAuthorised, match="was not accepted"):
        await line.search(BY_ES384)


async def test_a_token_for_another_server_does_not_get_in(line: Line) -> None:
    with pytest.raises(NotAuthorised):
        await line.search(replace(BY_SECRET, client_id="elsewhere"))
    assert line.gateway.answers == [401, 401]


async def test_scopes_that_keycloak_does_not_grant_are_a_matter_for_an_administrator(
    line: Line,
) -> None:
    with pytest.raises(NotAuthorised, match="does not grant what this program needs"):
        await line.search(replace(BY_SECRET, client_id="narrow"))


# ── as a person ──────────────────────────────────────────────────────────────────────────────

Browse = Callable[[str], Awaitable[bool]]
_visits: list[asyncio.Task[None]] = []


@pytest.fixture(autouse=True)
async def visits() -> AsyncIterator[None]:
    yield
    await asyncio.gather(*_visits)
    _visits.clear()


def _browser(person: str = PERSON, password: str = PASSWORD) -> Browse:
    """Return a browser in which a person fills in Keycloak's own form."""

    async def visit(url: str) -> None:
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
            page = await browser.get(url)
            form = re.search(r'<form[^>]*action="([^"]+)"', page.text)
            assert form is not None, page.text
            # They are marked for https only; browsers make an exception for this very computer.
            cookies = "; ".join(c.split(";")[0] for c in page.headers.get_list("set-cookie"))
            await browser.post(
                unescape(form[1]),
                data={"username": person, "password": password},
                headers={"Cookie": cookies},
            )

    async def browse(url: str) -> bool:
        _visits.append(asyncio.create_task(visit(url)))
        return True

    return browse


def _launch(
    line: Line, browse: Browse, *, stays: bool = False
) -> tuple[SmartLaunch, Credentials, TokenSource]:
    proof = line.proof(replace(BY_BROWSER, stays_signed_in=stays))
    assert proof.launch is not None
    assert proof.tokens is not None
    return replace(proof.launch, open_browser=browse), proof, proof.tokens


@pytest.mark.parametrize("stays", [False, True], ids=["session", "offline"])
async def test_a_nurse_signs_in_by_the_form_and_stays_signed_in_by_refresh(
    line: Line, *, stays: bool
) -> None:
    launch, proof, tokens = _launch(line, _browser(), stays=stays)
    signed_in = await launch.sign_in(deadline_s=SIGN_IN_S)
    assert (signed_in.staff.reference, signed_in.staff.name) == (STAFF, "Grace Adeyemi")
    assert ("offline_access" in signed_in.token.scopes) is stays
    tokens.use(signed_in.token)
    async with line.ehr(proof) as ehr:
        remedy, _ = await written_and_taken_back(ehr, f"Patient/{PATIENT}")
        assert remedy is None
        for _ in range(2):  # each refresh token is good for one refresh
            line.gateway.end_all()
            await ehr.find_patients(NOBODY)
    assert tokens.token is not None
    assert tokens.token.refresh_token != signed_in.token.refresh_token


async def test_a_refresh_token_that_was_used_is_worth_nothing(line: Line) -> None:
    launch, _, _ = _launch(line, _browser())
    token = (await launch.sign_in(deadline_s=SIGN_IN_S)).token
    await launch.refreshed(token)
    with pytest.raises(NotAuthorised, match="ended or was taken back"):
        await launch.refreshed(token)


async def test_after_signing_out_the_sign_in_cannot_be_renewed(line: Line) -> None:
    launch, _, _ = _launch(line, _browser())
    token = (await launch.sign_in(deadline_s=SIGN_IN_S)).token
    await launch.revoke(token)
    with pytest.raises(NotAuthorised, match="ended or was taken back"):
        await launch.refreshed(token)


async def test_a_wrong_password_leads_nowhere(line: Line) -> None:
    launch, _, _ = _launch(line, _browser(password=PASSWORD[:-1]))
    with pytest.raises(NotAuthorised, match="in time"):
        await launch.sign_in(deadline_s=3)


async def test_who_is_no_practitioner_cannot_confirm_readings(line: Line) -> None:
    launch, _, _ = _launch(line, _browser(PATIENT_PERSON))
    with pytest.raises(NotAuthorised, match="practitioner"):
        await launch.sign_in(deadline_s=SIGN_IN_S)


async def test_an_id_token_of_another_issuer_is_not_believed(line: Line) -> None:
    line.gateway.told["issuer"] = "https://elsewhere.example/realms/clinic"
    launch, _, _ = _launch(line, _browser())
    with pytest.raises(NotAuthorised, match="not certain"):
        await launch.sign_in(deadline_s=SIGN_IN_S)
