"""What is sent, before an EHR that we did not write: HAPI with its own validator refuses nothing.

`pytest -m hapi tests/contract`; see tests/hapi for what it needs.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import Refused
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, pressure
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.client import FHIR_JSON, EhrClient
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.review.submission import Gateway, Submission
from ohx_desktop.transport import build_client, exchange

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]

SYSTEM = "urn:oid:1.2.3.4.5"
MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")
PATIENT = {
    "resourceType": "Patient",
    "id": "pat-4711",
    "identifier": [{"system": SYSTEM, "value": "943 476 5919"}],
    "name": [{"family": "Bennett", "given": ["Margaret", "Rose"]}],
    "birthDate": "1952-03-14",
}
CUFF = DeviceIdentity(
    manufacturer="Example", model="BPM-200", address="A4:C1:38:0B:11:2E", firmware="1.4.2"
)


@asynccontextmanager
async def _line(base: str) -> AsyncIterator[EhrClient]:
    async with await build_client() as http:
        await exchange(
            http,
            "PUT",
            f"{base}/Patient/{PATIENT['id']}",
            content=encode(PATIENT),
            headers={"Content-Type": FHIR_JSON},
        )
        yield await connect_ehr(http, base, patient_identifier_system=SYSTEM)


def _bundle(
    source: Source, device: DeviceIdentity | None, *, unit: Unit = Unit.MM_HG, upper: str = "138"
) -> bytes:
    reading = Reading(
        source=source,
        device=device,
        measured_at=MEASURED,
        received_at=MEASURED,
        clock=DeviceClock(trust=ClockTrust.UNKNOWN),
        quantities=(
            pressure(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, Decimal(upper), unit),
            pressure(QuantityKind.DIASTOLIC_BLOOD_PRESSURE, Decimal("11.20"), unit),
            Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE),
        ),
        flags=frozenset(Flag),
    )
    submission = Submission(
        reading=reading,
        patient=f"Patient/{PATIENT['id']}",
        performer=f"Patient/{PATIENT['id']}",
        confirmed_at=MEASURED,
        gateway=Gateway(installation=UUID(int=7), station="kiosk-3", version="0.1.0"),
    )
    return encode(transaction_bundle(submission))


BUNDLES = {
    "cuff": _bundle(Source.BLUETOOTH, CUFF),
    "cuff in kPa": _bundle(Source.BLUETOOTH, CUFF, unit=Unit.KILOPASCAL, upper="18.40"),
    "cuff behind a private address": _bundle(
        Source.BLUETOOTH, DeviceIdentity(address="0B8B2C8A-5C8E-4E0B-9D5B-5B1E0E4B7E3A")
    ),
    "cloud device": _bundle(Source.WITHINGS, DeviceIdentity(model="BPM Core")),
    "by hand": _bundle(Source.MANUAL, None),
}


@pytest.mark.parametrize("name", BUNDLES)
async def test_hapi_stores_a_reading_once_and_as_it_was_sent(base: str, name: str) -> None:
    async with _line(base) as ehr:
        first = await ehr.transact(BUNDLES[name])
        again = await ehr.transact(BUNDLES[name])
        assert (first.created, again.created) == (True, False)
        assert first.main_reference == again.main_reference
        assert first.hints == ()
        assert await ehr.read_back(BUNDLES[name], first) == ()


async def test_hapi_is_recognised_and_finds_the_patient(base: str) -> None:
    async with _line(base) as ehr:
        able = await ehr.capabilities()
        assert able.version is Version.R5
        assert able.transaction
        assert able.conditional_create
        by_number = (await ehr.find_patients(PatientQuery(identifier="943 476 5919"))).patients
        by_name = (await ehr.find_patients(PatientQuery(family="bennett", given="marg"))).patients
        assert [p.reference for p in by_number] == ["Patient/pat-4711"]
        assert by_number == by_name


async def test_hapi_refuses_a_broken_panel_and_the_element_is_named(base: str) -> None:
    broken = decode(_bundle(Source.BLUETOOTH, CUFF, upper="139"))
    del broken["entry"][2]["resource"]["component"][1]
    async with _line(base) as ehr:
        with pytest.raises(Refused, match=r"Bundle\.entry\[2\].*Blood pressure"):
            await ehr.transact(encode(broken))
