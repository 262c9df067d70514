"""Mutual TLS from the settings to the reading; and each wrong certificate is told by its name."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from fhir_line import a_bundle, line
from tls_line import Authority, Pair, authority, tls_end

from ohx_desktop.domain.errors import ConfigurationError, Misconfigured, Transient
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.fhir.auth.credentials import Registration, credentials
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.transport import build_client

NOBODY = PatientQuery(identifier="nobody")
VERSIONS = pytest.mark.parametrize(
    "newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=lambda v: v.name
)


@dataclass(frozen=True)
class Trust:
    """The clinic's authority and a stranger's."""

    clinic: Authority
    stranger: Authority


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Trust:
    folder = tmp_path_factory.mktemp("tls")
    return Trust(authority(folder, "clinic"), authority(folder, "stranger"))


@asynccontextmanager
async def _behind(
    trust: Trust,
    server: Pair,
    own: Pair | None,
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> AsyncIterator[EhrClient]:
    """Yield a client with this certificate of a server with that one."""
    clients = trust.clinic.file
    async with (
        line() as (_, plain),
        await build_client(client_certificate=own, extra_ca=clients) as http,
    ):
        with tls_end(plain.base_url, server, clients, newest=newest) as base:
            yield await connect_ehr(http, base)


async def _refused(ehr: EhrClient) -> str:
    with pytest.raises(Misconfigured) as caught:
        await ehr.find_patients(NOBODY)
    return caught.value.what


@VERSIONS
async def test_a_workstation_with_its_certificate_files_and_reads_back(
    trust: Trust, newest: ssl.TLSVersion
) -> None:
    certificate, key = trust.clinic.issue("kiosk")
    registration = Registration(method="mtls", certificate=certificate, certificate_key=key)
    async with await build_client() as bare:
        proof = credentials(registration, "https://ehr.example.org/fhir", bare, lambda _name: None)
    assert proof.headers == {}
    bundle = a_bundle()
    async with _behind(trust, trust.clinic.issue("ehr"), proof.certificate, newest) as ehr:
        outcome = await ehr.transact(bundle)
        assert await ehr.verify(bundle, outcome)


@pytest.mark.parametrize("missing", ["certificate", "certificate_key"])
async def test_a_certificate_without_its_key_is_told_before_anything_is_sent(
    trust: Trust, missing: str
) -> None:
    certificate, key = trust.clinic.issue("half")
    parts = {"certificate": certificate, "certificate_key": key, missing: None}
    async with await build_client() as bare:
        with pytest.raises(ConfigurationError, match=r"ehr\.auth\.certificate"):
            credentials(
                Registration(method="mtls", **parts), "https://e.example", bare, lambda _name: None
            )


async def test_without_a_certificate_the_server_says_that_it_wants_one(trust: Trust) -> None:
    async with _behind(trust, trust.clinic.issue("ehr"), None) as ehr:
        assert "wants a certificate of this workstation" in await _refused(ehr)


@VERSIONS
async def test_a_certificate_of_a_strange_authority_is_told_as_ours(
    trust: Trust, newest: ssl.TLSVersion
) -> None:
    own = trust.stranger.issue("kiosk")
    async with _behind(trust, trust.clinic.issue("ehr"), own, newest) as ehr:
        assert "did not accept the certificate of this workstation" in await _refused(ehr)


@VERSIONS
async def test_our_expired_certificate_is_told_as_ours(
    trust: Trust, newest: ssl.TLSVersion
) -> None:
    own = trust.clinic.issue("old-kiosk", days=-1)
    async with _behind(trust, trust.clinic.issue("ehr"), own, newest) as ehr:
        assert "did not accept the certificate of this workstation" in await _refused(ehr)


async def test_a_server_of_a_strange_authority_gets_no_reading(trust: Trust) -> None:
    async with _behind(trust, trust.stranger.issue("ehr"), trust.clinic.issue("kiosk")) as ehr:
        with pytest.raises(Misconfigured, match="authority that this computer does not trust"):
            await ehr.transact(a_bundle())


async def test_a_server_whose_certificate_expired_gets_no_reading(trust: Trust) -> None:
    expired = trust.clinic.issue("old-ehr", days=-1)
    async with _behind(trust, expired, trust.clinic.issue("kiosk")) as ehr:
        with pytest.raises(Misconfigured, match="has expired"):
            await ehr.transact(a_bundle())


async def test_a_server_with_the_certificate_of_another_gets_no_reading(trust: Trust) -> None:
    other = trust.clinic.issue("other", host="other.example.org")
    async with _behind(trust, other, trust.clinic.issue("kiosk")) as ehr:
        with pytest.raises(Misconfigured, match="for another name"):
            await ehr.transact(a_bundle())


async def test_a_certificate_that_changed_stops_the_queue_and_a_renewed_one_does_not(
    trust: Trust,
) -> None:
    """The same address answers with one certificate after the other; the client stays."""
    newest, own, bundle = ssl.TLSVersion.TLSv1_3, trust.clinic.issue("kiosk"), a_bundle()
    clients = trust.clinic.file
    async with line() as (_, plain):
        behind = plain.base_url
        async with await build_client(client_certificate=own, extra_ca=clients) as http:
            with tls_end(behind, trust.clinic.issue("first"), clients, newest=newest) as base:
                port = urlsplit(base).port or 0
                ehr = await connect_ehr(http, base)
                assert (await ehr.transact(bundle)).created

            stranger = trust.stranger.issue("first")
            with (
                tls_end(behind, stranger, clients, newest=newest, port=port),
                pytest.raises(Misconfigured, match="does not trust"),
            ):
                await _after_the_old_connection(ehr, bundle)

            renewed = trust.clinic.issue("second")
            with tls_end(behind, renewed, clients, newest=newest, port=port):
                assert not (await ehr.transact(bundle)).created


async def _after_the_old_connection(ehr: EhrClient, bundle: bytes) -> None:
    """Send; a pooled connection may be found closed first, which is tried again."""
    try:
        await ehr.transact(bundle)
    except Transient:
        await ehr.transact(bundle)
