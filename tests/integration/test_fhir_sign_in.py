"""Every way to sign in against a live counterpart: right, wrong, ended, taken back, reduced."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fhir_line import a_bundle

from ohx_desktop.domain.errors import ConfigurationError, Misconfigured, NotAuthorised, RemoteError
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
from ohx_desktop.oauth.client_key import Algorithm, ClientKey, jwks, new_key
from ohx_desktop.oauth.token_source import TokenSource
from ohx_desktop.transport import HttpClient, build_client
from ohx_desktop.virtual.ehr.authorization import AuthorizationServer, Client
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PRACTITIONER

SECRET = "a secret of this test"  # noqa: S105 - it opens nothing
KEY = new_key(Algorithm.ES384)
OTHER_KEY = new_key(Algorithm.ES384)
SECRETS = {CLIENT_SECRET: SECRET, CLIENT_KEY: KEY}
NOBODY = PatientQuery(identifier="nobody")

BY_SECRET = Registration(method="client-credentials", client_id="kiosk")
BY_KEY = Registration(method="smart-backend", client_id="backend")
BY_BROWSER = Registration(method="smart-launch", client_id="desk", stays_signed_in=True)
MACHINES = pytest.mark.parametrize("registration", [BY_SECRET, BY_KEY], ids=lambda r: r.method)


class _Clock:
    """The sandbox's clock, which may go wrong or run ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class _Line:
    """A sandbox that wants a sign-in, and the client's side of it."""

    def __init__(self, sandbox: SandboxEhr, base_url: str, bare: HttpClient, clock: _Clock) -> None:
        self.sandbox, self.base_url, self.bare, self.clock = sandbox, base_url, bare, clock

    @property
    def server(self) -> AuthorizationServer:
        assert self.sandbox.authorization is not None
        return self.sandbox.authorization

    def proof(self, registration: Registration, **secrets: str) -> Credentials:
        kept = SECRETS | {name.replace("_", ".", 1): value for name, value in secrets.items()}
        return credentials(registration, self.base_url, self.bare, kept.get)

    @asynccontextmanager
    async def ehr(self, proof: Credentials) -> AsyncIterator[EhrClient]:
        async with await build_client(headers=proof.headers, auth=proof.auth) as http:
            yield await connect_ehr(http, self.base_url)

    async def search(self, registration: Registration, **secrets: str) -> None:
        async with self.ehr(self.proof(registration, **secrets)) as ehr:
            await ehr.find_patients(NOBODY)


@pytest.fixture
async def line() -> AsyncIterator[_Line]:
    clock = _Clock()
    sandbox = SandboxEhr(now=clock, wants_sign_in=True)
    base_url = await sandbox.start()
    assert sandbox.authorization is not None
    for client in (
        Client(client_id="kiosk", secret=SECRET),
        Client(client_id="backend", jwks=jwks([ClientKey(KEY)])),
        Client(client_id="desk"),
    ):
        sandbox.authorization.register(client)
    try:
        async with await build_client() as bare:
            yield _Line(sandbox, base_url, bare, clock)
    finally:
        await sandbox.stop()


# ── as a program ─────────────────────────────────────────────────────────────────────────────


@MACHINES
async def test_a_program_signs_in_files_and_reads_back(
    line: _Line, registration: Registration
) -> None:
    async with line.ehr(line.proof(registration)) as ehr:
        bundle = a_bundle()
        outcome = await ehr.transact(bundle)
        assert await ehr.verify(bundle, outcome)


async def test_without_a_token_nobody_gets_in(line: _Line) -> None:
    with pytest.raises(NotAuthorised):
        await line.search(Registration(method="none"))


@MACHINES
async def test_a_token_that_ended_or_was_taken_back_is_renewed_once(
    line: _Line, registration: Registration
) -> None:
    async with line.ehr(line.proof(registration)) as ehr:
        await ehr.find_patients(NOBODY)
        line.server.revoke_all()
        await ehr.find_patients(NOBODY)
        # Its end by the clock as well, of which the client knows.
        line.server.end_all()
        assert (await ehr.transact(a_bundle())).created


@MACHINES
async def test_many_requests_at_once_ask_for_one_token(
    line: _Line, registration: Registration
) -> None:
    asked: list[str] = []

    async def count(request: httpx.Request) -> None:
        asked.append(request.url.path)

    line.bare.event_hooks["request"].append(count)
    async with line.ehr(line.proof(registration)) as ehr:
        await asyncio.gather(*(ehr.find_patients(NOBODY) for _ in range(6)))
    assert asked.count("/auth/token") == 1


@pytest.mark.parametrize(
    ("registration", "secrets"),
    [
        (BY_SECRET, {"ehr_client_secret": "another"}),
        (BY_KEY, {"ehr_client_key": OTHER_KEY}),
        (replace(BY_SECRET, client_id="nobody"), {}),
        (replace(BY_KEY, client_id="kiosk"), {}),
    ],
    ids=["wrong secret", "wrong key", "unknown client", "another's name"],
)
async def test_a_wrong_proof_is_refused_in_words_that_quote_none_of_it(
    line: _Line, registration: Registration, secrets: dict[str, str]
) -> None:
    with pytest.raises(NotAuthorised, match="was not accepted") as caught:
        await line.search(registration, **secrets)
    for secret in (SECRET, *secrets.values()):
        assert secret not in str(caught.value)


async def test_an_assertion_for_another_audience_is_refused(line: _Line) -> None:
    line.server.issuer += "/other"
    with pytest.raises((NotAuthorised, RemoteError)):
        await line.search(BY_KEY)


@pytest.mark.parametrize("wrong", [timedelta(hours=-3), timedelta(minutes=20)])
async def test_a_workstation_with_a_wrong_clock_is_not_locked_out(
    line: _Line, wrong: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server's Date header is this machine's, so ours is the one that is moved.
    from ohx_desktop.fhir.auth import discovery, machine

    for module in (discovery, machine):
        monkeypatch.setattr(
            module, "time", lambda: datetime.now(UTC).timestamp() + wrong.total_seconds()
        )
    await line.search(BY_KEY)


@MACHINES
async def test_scopes_that_are_not_granted_are_named(
    line: _Line, registration: Registration
) -> None:
    line.server.withheld = frozenset({"system/Observation.crus"})
    with pytest.raises(NotAuthorised, match=r"does not grant system/Observation\.crus"):
        await line.search(registration)


@MACHINES
async def test_scopes_that_are_only_useful_may_be_withheld(
    line: _Line, registration: Registration
) -> None:
    line.server.withheld = frozenset({"system/Appointment.rs", "system/Encounter.rs"})
    await line.search(registration)


async def test_an_rsa_key_serves_as_well(line: _Line) -> None:
    key = await asyncio.to_thread(new_key, Algorithm.RS384)
    line.server.register(Client(client_id="backend", jwks=jwks([ClientKey(key)])))
    await line.search(BY_KEY, ehr_client_key=key)


def test_an_assertion_is_taken_once_and_lives_five_minutes_at_most() -> None:
    now = datetime.now(UTC).timestamp()
    server = AuthorizationServer(now=lambda: now, issuer="http://127.0.0.1/auth")
    server.register(Client(client_id="backend", jwks=jwks([ClientKey(KEY)])))
    key = ClientKey(KEY)
    signed = {key.assertion("backend", server.token_url, issued_at=int(now)) for _ in range(3)}
    assert len(signed) == 3


# ── as a person ──────────────────────────────────────────────────────────────────────────────

Browse = Callable[[str], Awaitable[bool]]


def _browser(person: str = "Grace Adeyemi") -> Browse:
    """Return a browser in which a person presses the link with this text."""

    async def browse(url: str) -> bool:
        async def visit() -> None:
            async with httpx.AsyncClient(follow_redirects=True) as browser:
                page = (await browser.get(url)).text
                link = re.search(rf'href="([^"]+)">{person}', page)
                assert link is not None, page
                target = unescape(link[1])
                at = urlsplit(url)
                if target.startswith("/"):
                    target = f"{at.scheme}://{at.netloc}{target}"
                await browser.get(target)

        _visits.append(asyncio.create_task(visit()))
        return True

    return browse


_visits: list[asyncio.Task[None]] = []


@pytest.fixture(autouse=True)
async def visits() -> AsyncIterator[None]:
    yield
    await asyncio.gather(*_visits)
    _visits.clear()


def _launch(line: _Line, browse: Browse) -> tuple[SmartLaunch, Credentials, TokenSource]:
    proof = line.proof(BY_BROWSER)
    assert proof.launch is not None
    assert proof.tokens is not None
    return replace(proof.launch, open_browser=browse), proof, proof.tokens


async def test_a_nurse_signs_in_by_browser_and_is_the_verifier(line: _Line) -> None:
    launch, proof, tokens = _launch(line, _browser())
    with pytest.raises(NotAuthorised, match="nobody is signed in"):
        async with line.ehr(proof) as ehr:
            await ehr.find_patients(NOBODY)
    signed_in = await launch.sign_in()
    tokens.use(signed_in.token)
    assert signed_in.staff.reference == f"Practitioner/{PRACTITIONER}"
    async with line.ehr(proof) as ehr:
        assert (await ehr.transact(a_bundle())).created
        line.server.end_all()
        # The refresh token is used, and replaced, without a person.
        await ehr.find_patients(NOBODY)
        line.server.end_all()
        await ehr.find_patients(NOBODY)


async def test_who_declines_is_not_signed_in(line: _Line) -> None:
    launch, _, _ = _launch(line, _browser("Decline"))
    with pytest.raises(NotAuthorised, match="declined"):
        await launch.sign_in()


async def test_a_sign_in_that_nobody_finishes_comes_to_an_end(line: _Line) -> None:
    async def nobody(_url: str) -> bool:
        return True

    launch, _, _ = _launch(line, nobody)
    with pytest.raises(NotAuthorised, match="in time"):
        await launch.sign_in(deadline_s=0.2)


async def test_a_computer_without_a_browser_says_so(line: _Line) -> None:
    async def none(_url: str) -> bool:
        return False

    launch, _, _ = _launch(line, none)
    with pytest.raises(ConfigurationError, match="browser"):
        await launch.sign_in()


async def test_an_answer_with_another_state_is_not_ours(line: _Line) -> None:
    seen: list[int] = []

    async def forged(url: str) -> bool:
        redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        async with httpx.AsyncClient() as browser:
            answer = await browser.get(f"{redirect}?code=stolen&state=another")
        seen.append(answer.status_code)
        return await _browser()(url)

    launch, _, _ = _launch(line, forged)
    assert (await launch.sign_in()).staff.reference == f"Practitioner/{PRACTITIONER}"
    assert seen == [400]


async def test_an_id_token_of_another_issuer_or_key_is_not_believed(line: _Line) -> None:
    launch, _, _ = _launch(line, _browser())
    real = line.server.id_token

    def forged(asked: Any, staff: str) -> str:
        other = AuthorizationServer(
            now=line.server.now, issuer=line.server.issuer, base_url=line.base_url
        )
        return other.id_token(asked, staff)

    line.server.id_token = forged  # type: ignore[method-assign] # an attacker's key
    with pytest.raises(NotAuthorised, match="not certain"):
        await launch.sign_in()
    line.server.id_token = lambda asked, staff: real(replace(asked, nonce="old"), staff)  # type: ignore[method-assign] # a replay
    with pytest.raises(NotAuthorised, match="not certain"):
        await launch.sign_in()


async def test_who_is_no_practitioner_cannot_confirm_readings(line: _Line) -> None:
    launch, _, _ = _launch(line, _browser())
    real = line.server.id_token
    line.server.id_token = lambda asked, _staff: real(asked, "Patient/pat-1")  # type: ignore[method-assign] # a patient's account
    with pytest.raises(NotAuthorised, match="practitioner"):
        await launch.sign_in()


async def test_after_signing_out_the_token_is_worth_nothing(line: _Line) -> None:
    launch, proof, tokens = _launch(line, _browser())
    signed_in = await launch.sign_in()
    tokens.use(signed_in.token)
    await launch.revoke(signed_in.token)
    line.server.end_all()
    async with line.ehr(proof) as ehr:
        with pytest.raises(NotAuthorised):
            await ehr.find_patients(NOBODY)
    tokens.forget()
    assert tokens.token is None


async def test_a_server_without_pkce_is_not_used(
    line: _Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ohx_desktop.fhir.auth.launch as launching

    real = launching.discover

    async def weak(http: HttpClient, base_url: str) -> Any:
        return replace(await real(http, base_url), has_s256=False)

    monkeypatch.setattr(launching, "discover", weak)
    launch, _, _ = _launch(line, _browser())
    with pytest.raises(Misconfigured, match="PKCE"):
        await launch.sign_in()


async def test_an_ehr_without_smart_configuration_says_so() -> None:
    sandbox = SandboxEhr()
    base_url = await sandbox.start()
    try:
        async with await build_client() as bare:
            proof = credentials(BY_SECRET, base_url, bare, SECRETS.get)
            async with await build_client(auth=proof.auth) as http:
                ehr = await connect_ehr(http, base_url)
                with pytest.raises(RemoteError):
                    await ehr.find_patients(NOBODY)
    finally:
        await sandbox.stop()


async def test_the_token_is_given_to_no_other_host(line: _Line) -> None:
    async with await build_client(auth=line.proof(BY_SECRET).auth) as http:
        other = line.base_url.replace("127.0.0.1", "localhost")
        answer = await http.get(f"{other}/Patient")
        assert answer.status_code == 401
        assert "Authorization" not in answer.request.headers
