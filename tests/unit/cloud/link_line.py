"""Links of a profile with the virtual services behind them, in a time of the test's own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from cloud_line import (
    CHALLENGE,
    GOOGLE_SCOPES,
    NOON,
    REDIRECT,
    VERIFIER,
    WITHINGS_SCOPES,
    Clock,
)

from ohx_desktop.cloud.link_locks import LinkLocks
from ohx_desktop.cloud.link_service import AsyncLinks
from ohx_desktop.cloud.links import Consent, Link, Pair
from ohx_desktop.cloud.providers import Provider
from ohx_desktop.cloud.registration import Addresses, Registration
from ohx_desktop.cloud.token_endpoint import TokenEndpoint
from ohx_desktop.cloud.tokens import TokenKeeper, pair_of
from ohx_desktop.transport import HttpClient, build_client
from ohx_desktop.virtual.cloud import VirtualClouds
from ohx_desktop.virtual.cloud.services import CLIENT_ID, CLIENT_SECRET

KEY = bytes(range(32))
PATIENT = "Patient/4711"
FIRST = "40417733"
SECOND = "40417799"
GOOGLE_FIRST = "7310042256811"


def consent(at: datetime = NOON, scopes: str = WITHINGS_SCOPES) -> Consent:
    """Return a consent as the desk records it."""
    granted = frozenset(scopes.replace(",", " ").split())
    return Consent(at=at, by="Practitioner/12", text="1", scopes=granted)


def pair(name: str = "a", at: datetime = NOON) -> Pair:
    """Return a pair that no service has given."""
    return Pair(
        access=f"access-{name}",
        refresh=f"refresh-{name}",
        obtained_at=at,
        expires_at=at + timedelta(hours=3),
    )


@dataclass(slots=True)
class Time:
    """Passes when somebody waits, and when a test says so. `skew_s` is how wrong the clock is."""

    clock: Clock = field(default_factory=Clock)
    skew_s: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.seconds + self.skew_s, UTC)

    def monotonic(self) -> float:
        return self.clock.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.seconds += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class LinkLine:
    """The links of a profile, the services, and the time of both."""

    links: AsyncLinks
    clouds: VirtualClouds
    http: HttpClient
    folder: Path
    time: Time
    addresses: dict[Provider, Addresses] = field(default_factory=dict)

    def endpoint(self, provider: Provider) -> TokenEndpoint:
        """Return the token endpoint of a service."""
        told = registration(self.clouds, provider)
        if provider in self.addresses:
            told = replace(told, addresses=self.addresses[provider])
        return TokenEndpoint(self.http, told, permit, now=self.time.now)

    def keeper(self, link_id: UUID, provider: Provider = Provider.WITHINGS) -> TokenKeeper:
        """Return a new keeper, as another process would have it."""
        return TokenKeeper(
            self.links,
            link_id,
            self.endpoint(provider).renew,
            LinkLocks(self.folder / "locks"),
            permit=permit,
            now=self.time.now,
            monotonic=self.time.monotonic,
            sleep=self.time.sleep,
        )

    async def link(self, provider: Provider = Provider.WITHINGS) -> Link:
        """Link the first account of a service to a patient."""
        is_withings = provider is Provider.WITHINGS
        service = self.clouds.withings if is_withings else self.clouds.google
        scopes = WITHINGS_SCOPES if is_withings else GOOGLE_SCOPES
        account = FIRST if is_withings else GOOGLE_FIRST
        granted = tuple(scopes.replace(",", " ").split())
        code = service.tokens.code(account, granted, REDIRECT)
        if not is_withings:
            self.clouds.google.challenges[code] = CHALLENGE
        answer = await self.endpoint(provider).exchange(
            code, redirect_uri=REDIRECT, verifier=VERIFIER
        )
        return await self.links.add(
            provider=provider,
            account=account,
            patient=PATIENT,
            consent=consent(self.time.now(), scopes),
            pair=pair_of(answer, self.time.now()),
        )

    def opens(self, access: str, provider: Provider = Provider.WITHINGS) -> bool:
        """Use a token at the service, and tell whether it was accepted."""
        is_withings = provider is Provider.WITHINGS
        service = self.clouds.withings if is_withings else self.clouds.google
        return service.tokens.user_of(access) is not None


async def permit() -> None:
    """Let every call through: the limits are another's matter."""


def registration(clouds: VirtualClouds, provider: Provider) -> Registration:
    """Return how the clinic is registered with a virtual service."""
    is_withings = provider is Provider.WITHINGS
    places = clouds.withings_addresses if is_withings else clouds.google_addresses
    return Registration(
        provider=provider,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        addresses=Addresses(
            authorize=places.authorize_url, token=places.token_url, api=places.api_url
        ),
    )


@asynccontextmanager
async def link_line(folder: Path) -> AsyncGenerator[LinkLine]:
    """Start the services and open the links of an empty profile."""
    time = Time()
    clouds = VirtualClouds(now=time.clock)
    http = await build_client()
    try:
        await clouds.start()
        links = await AsyncLinks.open(folder / "cloud.db", lambda: KEY, now=time.now)
        try:
            yield LinkLine(links, clouds, http, folder, time)
        finally:
            await links.close()
    finally:
        await http.aclose()
        await clouds.stop()
