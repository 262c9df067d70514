"""What is sent, before EHRs that we did not write: HAPI with its own validator refuses nothing.

`make test-hapi`; see tests/hapi for what it needs.
"""

from decimal import Decimal

import pytest
from everything_sent import CUFF, a_reading, submitted
from hapi_line import NUMBER, PATIENT, hapi_line

from ohx_desktop.domain.device import ClockTrust, DeviceIdentity
from ohx_desktop.domain.errors import Refused
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, pressure
from ohx_desktop.domain.reading import Source
from ohx_desktop.fhir.capability import Version
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import transaction_bundle

pytestmark = [pytest.mark.hapi, pytest.mark.timeout(1200)]


def _bundle(
    source: Source, device: DeviceIdentity | None, *, unit: Unit = Unit.MM_HG, upper: str = "138"
) -> bytes:
    reading = a_reading(
        pressure(QuantityKind.SYSTOLIC_BLOOD_PRESSURE, Decimal(upper), unit),
        pressure(QuantityKind.DIASTOLIC_BLOOD_PRESSURE, Decimal("11.20"), unit),
        Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE),
        source=source,
        device=device,
        trust=ClockTrust.UNKNOWN,
        flags=frozenset(Flag),
    )
    return encode(transaction_bundle(submitted(reading)))


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
async def test_hapi_stores_a_reading_once_and_as_it_was_sent(
    base: str, version: Version, name: str
) -> None:
    async with hapi_line(base, version) as ehr:
        first = await ehr.transact(BUNDLES[name])
        again = await ehr.transact(BUNDLES[name])
        assert (first.created, again.created) == (True, False)
        assert first.main_reference == again.main_reference
        assert first.hints == ()
        assert await ehr.read_back(BUNDLES[name], first) == ()


async def test_hapi_is_recognised_and_finds_the_patient(base: str, version: Version) -> None:
    async with hapi_line(base, version) as ehr:
        able = await ehr.capabilities()
        assert able.version is version
        assert able.transaction
        assert able.conditional_create
        assert able.validation
        by_number = (await ehr.find_patients(PatientQuery(identifier=NUMBER))).patients
        by_name = (await ehr.find_patients(PatientQuery(family="bennett", given="marg"))).patients
        assert [p.reference for p in by_number] == [PATIENT]
        assert by_number == by_name


async def test_hapi_refuses_a_broken_panel_and_the_element_is_named(
    base: str, version: Version
) -> None:
    broken = decode(_bundle(Source.BLUETOOTH, CUFF, upper="139"))
    del broken["entry"][2]["resource"]["component"][1]
    async with hapi_line(base, version) as ehr:
        with pytest.raises(Refused, match=r"Bundle\.entry\[2\].*Blood pressure"):
            await ehr.transact(encode(broken))
