"""A client of a cloud service, with an account that was linked at the virtual services.

Time is the test's own: nothing waits, and the rule against the same call within ten seconds holds.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from ohx_desktop.cloud.calls import Call, Calls, unsigned
from ohx_desktop.cloud.google_health import tokens as google_tokens
from ohx_desktop.cloud.google_health.client import GoogleHealthClient
from ohx_desktop.cloud.ports import Page
from ohx_desktop.cloud.token_answers import TokenAnswer
from ohx_desktop.cloud.withings import tokens as withings_tokens
from ohx_desktop.cloud.withings.client import WithingsClient
from ohx_desktop.transport import HttpClient, HttpResponse, build_client, exchange
from ohx_desktop.virtual.cloud import VirtualClouds
from ohx_desktop.virtual.cloud.services import CLIENT_ID, CLIENT_SECRET, Addresses

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
STATE = "a-state-of-many-characters"
REDIRECT = "http://127.0.0.1:8973/callback"
# RFC 7636, appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
_PREFIX = "https://www.googleapis.com/auth/googlehealth."
GOOGLE_SCOPES = " ".join(
    f"{_PREFIX}{scope}.readonly"
    for scope in ("health_metrics_and_measurements", "settings", "sleep", "activity_and_fitness")
)
WITHINGS_SCOPES = "user.metrics,user.activity,user.info"


@dataclass(slots=True)
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = field(default=NOON.timestamp())

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@dataclass(slots=True)
class Linked:
    """The tokens of one account: the simplest keeper there can be."""

    http: HttpClient
    clouds: VirtualClouds
    service: str
    token: TokenAnswer | None = None
    refreshes: int = 0
    permits: int = 0

    async def permit(self) -> None:
        self.permits += 1

    async def __call__(self, *, refused: str | None = None) -> str:
        assert self.token is not None
        if refused == self.token.access_token:
            self.refreshes += 1
            refresh = self.token.refresh_token or ""
            answer = await self._token(grant_type="refresh_token", refresh_token=refresh)
            if answer.refresh_token is None:
                answer = TokenAnswer(
                    access_token=answer.access_token,
                    refresh_token=refresh,
                    expires_in_s=answer.expires_in_s,
                    scopes=answer.scopes,
                )
            self.token = answer
        return self.token.access_token

    async def link(self, scopes: str) -> None:
        """Consent in the browser, and take the first tokens."""
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT,
            "scope": scopes,
            "state": STATE,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        places = self.addresses
        url = str(self.http.build_request("GET", places.authorize_url, params=query).url)
        back = await exchange(self.http, "GET", url)
        assert back.status == HTTPStatus.FOUND
        answer = parse_qs(urlsplit(back.headers["location"]).query)
        assert answer["state"] == [STATE]
        self.token = await self._token(
            grant_type="authorization_code",
            code=answer["code"][0],
            redirect_uri=REDIRECT,
            code_verifier=VERIFIER,
        )

    @property
    def addresses(self) -> Addresses:
        """Where the service of the account is."""
        is_withings = self.service == "withings"
        return self.clouds.withings_addresses if is_withings else self.clouds.google_addresses

    async def _token(self, **form: str) -> TokenAnswer:
        def decode(response: HttpResponse, _wait_s: float | None) -> TokenAnswer:
            module = withings_tokens if self.service == "withings" else google_tokens
            return module.decode_token(response)

        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        if self.service == "withings":
            client["action"] = "requesttoken"
        call = Call(method="POST", path="", form=client | form)
        url = self.addresses.token_url
        return await unsigned(
            self.http, url, call, decode, service=self.service, permit=self.permit
        )


@dataclass(slots=True)
class Line:
    """A client, what is behind it, and the clock of both."""

    clouds: VirtualClouds
    linked: Linked
    calls: Calls
    clock: Clock

    @property
    def withings(self) -> WithingsClient:
        assert self.linked.token is not None
        return WithingsClient(
            self.calls,
            user_id="40417733",
            granted=self.linked.token.scopes,
            now=self.clock.now,
        )

    @property
    def google(self) -> GoogleHealthClient:
        return GoogleHealthClient(self.calls, user_id="7310042256811", now=self.clock.now)


@asynccontextmanager
async def line(service: str, scopes: str | None = None) -> AsyncGenerator[Line]:
    """Start the services and link an account."""
    clock = Clock()
    clouds = VirtualClouds(now=clock)
    http = await build_client()
    try:
        await clouds.start()
        linked = Linked(http, clouds, service)
        usual = WITHINGS_SCOPES if service == "withings" else GOOGLE_SCOPES
        await linked.link(usual if scopes is None else scopes)
        clouds.calls.clear()
        linked.permits = 0
        calls = Calls(
            http,
            linked.addresses.api_url,
            service="the service",
            access_token=linked,
            permit=linked.permit,
        )
        yield Line(clouds, linked, calls, clock)
    finally:
        await http.aclose()
        await clouds.stop()


async def all_of(pages: AsyncIterator[Page]) -> list[Page]:
    """Return all pages of a fetch."""
    return [page async for page in pages]


def values_in(pages: list[Page]) -> list[str]:
    """Return the first value of each record, in the order in which they came."""
    return [f"{record.values[0].quantity.value:f}" for page in pages for record in page.records]
