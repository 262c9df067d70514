"""Patients' accounts at cloud services: their links, tokens, and the desk that makes them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.audit import operator
from ohx_desktop.app.keys import source_at_terminal, source_of
from ohx_desktop.app.profile import opened_profile, settings_of
from ohx_desktop.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from uuid import UUID

    from ohx_desktop.cloud.link_service import AsyncLinks
    from ohx_desktop.cloud.ports import Permit
    from ohx_desktop.cloud.providers import Provider
    from ohx_desktop.cloud.registration import Registration
    from ohx_desktop.cloud.tokens import TokenKeeper
    from ohx_desktop.desk.auditing import Note
    from ohx_desktop.desk.cloud_links import CloudLinks, Rooms
    from ohx_desktop.desk.filing import SignedIn
    from ohx_desktop.keystore import KeySource
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.settings.profile import Profile
    from ohx_desktop.transport import HttpClient

    Permits = Callable[[Provider], Permit]

# Named where the clinic asks why the provider is off.
_WHY_OFF = {
    "withings": "register an application with Withings (free), set cloud.withings.client_id, and "
    "keep its secret: ohx-desktop secret set cloud.withings",
    "google_health": "Google takes in no new projects for its Health API at this time; a clinic "
    "that has one sets cloud.google_health.client_id, and keeps its secret: ohx-desktop secret "
    "set cloud.google_health",
}


@asynccontextmanager
async def open_cloud_links(directory: Path | None, *, note: "Note") -> AsyncGenerator["CloudLinks"]:
    """Open the links of a profile, for the command line.

    What is done is done by whom the settings name, or by the account of this computer.
    """
    profile = opened_profile(directory)
    settings = await asyncio.to_thread(settings_of, profile)
    # On this thread: nothing else runs yet, and Ctrl-C must reach the question.
    source = source_at_terminal(profile, settings)

    def who() -> str:
        named = settings.station.practitioner if settings.sign_in == "none" else None
        return named or operator()

    async with (
        opened_links(profile, settings, key_source=source) as links,
        cloud_links_of(profile, settings, links, who, note=note) as desk,
    ):
        yield desk


@asynccontextmanager
async def opened_links(
    profile: "Profile",
    settings: "Settings",
    *,
    key_source: "KeySource | None" = None,
    on_change: Callable[[], None] | None = None,
) -> AsyncGenerator["AsyncLinks"]:
    """Open the encrypted links with the key of the queue. Raises KeystoreError, StoreError."""
    from ohx_desktop.cloud.link_service import AsyncLinks
    from ohx_desktop.keystore import obtain_key

    source = key_source or source_of(profile, settings)

    def key() -> bytes:
        # Where only the links are there and the key is not, a new key could never open them.
        has_links_only = profile.cloud_database.exists() and not profile.database.exists()
        return obtain_key(source, profile.cloud_database if has_links_only else profile.database)

    links = await AsyncLinks.open(profile.cloud_database, key, on_change=on_change)
    try:
        yield links
    finally:
        await links.close()


@asynccontextmanager
async def cloud_links_of(
    profile: "Profile",
    settings: "Settings",
    links: "AsyncLinks",
    signed_in: "SignedIn",
    *,
    permits: "Permits | None" = None,
    note: "Note | None" = None,
) -> AsyncGenerator["CloudLinks"]:
    """Open what makes and ends links. `permits` are the limits of the providers."""
    from ohx_desktop.desk.auditing import note_nothing
    from ohx_desktop.desk.cloud_links import CloudLinks
    from ohx_desktop.transport import build_client

    async with await build_client() as http:
        yield CloudLinks(
            links,
            await asyncio.to_thread(rooms_of, profile, settings, http, permits or _unlimited),
            signed_in=signed_in,
            note=note or note_nothing,
        )


def rooms_of(
    profile: "Profile", settings: "Settings", http: "HttpClient", permits: "Permits"
) -> "Rooms":
    """Return what a consent at each provider needs. Blocking: it reads the secrets."""
    from ohx_desktop.cloud.consenting import ConsentRoom
    from ohx_desktop.cloud.providers import Provider
    from ohx_desktop.cloud.token_endpoint import TokenEndpoint
    from ohx_desktop.domain.errors import OhxError

    found: dict[Provider, ConsentRoom | OhxError] = {}
    for provider in (Provider.WITHINGS, Provider.GOOGLE_HEALTH):
        try:
            registration = registration_of(profile, settings, provider)
        except OhxError as error:
            found[provider] = error
            continue
        permit = permits(provider)
        found[provider] = ConsentRoom(
            http=http,
            registration=registration,
            endpoint=TokenEndpoint(http, registration, permit),
            permit=permit,
        )

    def room(provider: Provider) -> ConsentRoom:
        told = found.get(provider) or ConfigurationError(f"{provider.service} is not offered")
        if isinstance(told, OhxError):
            raise told
        return told

    return room


def keeper_of(
    profile: "Profile", links: "AsyncLinks", rooms: "Rooms", link_id: "UUID", provider: "Provider"
) -> "TokenKeeper":
    """Return the keeper of a link's tokens. Raises what `rooms` raises."""
    from ohx_desktop.cloud.link_locks import LinkLocks
    from ohx_desktop.cloud.tokens import TokenKeeper

    room = rooms(provider)
    return TokenKeeper(
        links, link_id, room.endpoint.renew, LinkLocks(profile.link_locks), permit=room.permit
    )


def registration_of(
    profile: "Profile", settings: "Settings", provider: "Provider"
) -> "Registration":
    """Return how the clinic is registered. Blocking.

    Raises ConfigurationError where it is not, with what to do, and KeystoreError.
    """
    from ohx_desktop.cloud.registration import PUBLIC, Addresses, Registration
    from ohx_desktop.keystore import get_secret

    told = getattr(settings.cloud, provider.value)
    if not told.client_id:
        raise _off(provider, "is not set up")
    secret = get_secret(profile.data, f"cloud.{provider}")
    if secret is None:
        raise _off(provider, "has no secret in the keyring")
    public = PUBLIC[provider]
    return Registration(
        provider=provider,
        client_id=told.client_id,
        client_secret=secret,
        addresses=Addresses(
            authorize=told.authorize_url or public.authorize,
            token=told.token_url or public.token,
            api=told.api_url or public.api,
        ),
        redirect_url=told.redirect_url,
        redirect_port=told.redirect_port,
        with_activity=told.activity,
    )


def _off(provider: "Provider", why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{provider.service} {why} at this workstation",
        meaning="no account can be linked with it; links that are there stay",
        hint=_WHY_OFF[provider.value],
    )


def _unlimited(_provider: "Provider") -> "Permit":
    async def permit() -> None:
        """Let each call through: a person makes a few of them."""

    return permit
