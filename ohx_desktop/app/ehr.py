"""The EHR: signed in, over one pooled client."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ohx_desktop.app.profile import no_ehr, opened_profile, settings_of

if TYPE_CHECKING:
    from ohx_desktop.fhir.auth.credentials import Credentials
    from ohx_desktop.fhir.check import CheckedEhr
    from ohx_desktop.fhir.client import EhrClient
    from ohx_desktop.settings.model import EhrSettings, Settings
    from ohx_desktop.settings.profile import Profile
    from ohx_desktop.transport import HttpClient


@asynccontextmanager
async def open_ehr(directory: Path | None) -> AsyncGenerator["EhrClient"]:
    """Connect to the EHR of a profile. Raises ConfigurationError where none is set."""
    profile = opened_profile(directory)
    settings = await asyncio.to_thread(settings_of, profile)
    async with connected_ehr(profile, settings) as ehr:
        yield ehr


@asynccontextmanager
async def open_ehr_check(
    directory: Path | None, *, patient: str | None, write: bool
) -> AsyncGenerator["CheckedEhr"]:
    """Open what `check_ehr` works with."""
    profile = opened_profile(directory)
    settings = await asyncio.to_thread(settings_of, profile)
    async with signed_in_ehr(profile, settings) as (ehr, proof):
        yield checked_ehr(ehr, proof, settings, patient=patient, write=write)


def checked_ehr(
    ehr: "EhrClient",
    proof: "Credentials",
    settings: "Settings",
    *,
    patient: str | None,
    write: bool,
) -> "CheckedEhr":
    """Return what `check_ehr` works with, over a connection that is there."""
    from ohx_desktop.fhir.auth.scopes import Subject
    from ohx_desktop.fhir.check import CheckedEhr

    return CheckedEhr(
        ehr=ehr,
        tokens=proof.tokens,
        subject=Subject.USER if proof.launch else Subject.SYSTEM,
        version=settings.ehr.fhir_version,
        write=write,
        patient=patient,
    )


@asynccontextmanager
async def connected_ehr(profile: "Profile", settings: "Settings") -> AsyncGenerator["EhrClient"]:
    """Connect to the EHR, signed in as the settings say."""
    async with signed_in_ehr(profile, settings) as (ehr, _):
        yield ehr


@asynccontextmanager
async def signed_in_ehr(
    profile: "Profile", settings: "Settings"
) -> AsyncGenerator["tuple[EhrClient, Credentials]"]:
    """Connect to the EHR; yield the client and what signs its requests."""
    from ohx_desktop.fhir.connect import connect_ehr
    from ohx_desktop.transport import build_client

    ehr = settings.ehr
    if ehr.base_url is None:
        raise no_ehr()
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(await build_client(read_timeout_s=ehr.timeout_s))
        proof = await asyncio.to_thread(_credentials, profile, ehr, bare)
        http = await stack.enter_async_context(
            await build_client(
                headers=proof.headers,
                auth=proof.auth,
                client_certificate=proof.certificate,
                read_timeout_s=ehr.timeout_s,
            )
        )
        client = await connect_ehr(
            http,
            ehr.base_url,
            patient_identifier_system=ehr.patient_identifier_system,
            fhir_version=ehr.fhir_version,
        )
        yield client, proof


def _credentials(profile: "Profile", ehr: "EhrSettings", bare: "HttpClient") -> "Credentials":
    from ohx_desktop.fhir.auth.credentials import Registration, credentials
    from ohx_desktop.keystore import get_secret

    auth, base_url = ehr.auth, ehr.base_url
    if base_url is None:
        raise no_ehr()
    registration = Registration(
        method=auth.method,
        client_id=auth.client_id,
        redirect_port=auth.redirect_port,
        stays_signed_in=auth.stay_signed_in,
        certificate=auth.certificate,
        certificate_key=auth.certificate_key,
    )
    return credentials(registration, base_url, bare, partial(get_secret, profile.data))
