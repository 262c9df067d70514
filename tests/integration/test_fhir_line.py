"""The whole line to an EHR over a real socket: find, file, file again, read back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import Misconfigured, NotAuthorised, Refused, RemoteError, Transient
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.connect import connect_ehr
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.review.submission import Gateway, Submission
from ohx_desktop.transport import build_client
from ohx_desktop.virtual.ehr.faults import Fault
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import ENCOUNTER, MRN_SYSTEM, PATIENT, PRACTITIONER

MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")


def _bundle(patient: str = f"Patient/{PATIENT}") -> bytes:
    values = (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "138", Unit.MM_HG),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "84.0", Unit.MM_HG),
        (QuantityKind.PULSE_RATE, "71", Unit.PER_MINUTE),
    )
    reading = Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Example", model="BPM-200", address="A4:C1:38:0B:11:2E"),
        measured_at=MEASURED,
        received_at=MEASURED,
        clock=DeviceClock(device=MEASURED.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit) for kind, value, unit in values
        ),
        flags=frozenset({Flag.IRREGULAR_PULSE}),
    )
    submission = Submission(
        reading=reading,
        patient=patient,
        performer=f"Practitioner/{PRACTITIONER}",
        verifier=f"Practitioner/{PRACTITIONER}",
        encounter=f"Encounter/{ENCOUNTER}",
        confirmed_at=MEASURED,
        gateway=Gateway(
            installation=UUID("0529d9e6-f06b-56ca-89fc-c396a28e5e2f"), station="1", version="0.1.0"
        ),
    )
    return encode(transaction_bundle(submission))


@asynccontextmanager
async def _line() -> AsyncIterator[tuple[SandboxEhr, EhrClient]]:
    sandbox = SandboxEhr()
    base = await sandbox.start()
    try:
        async with await build_client() as http:
            yield sandbox, await connect_ehr(http, base, patient_identifier_system=MRN_SYSTEM)
    finally:
        await sandbox.stop()


async def test_a_reading_sent_twice_is_stored_once_and_as_it_was_sent() -> None:
    async with _line() as (_, ehr):
        assert (await ehr.capabilities()).is_supported_version
        (patient,) = await ehr.find_patients(PatientQuery(identifier="943 476 5919"))
        bundle = _bundle(patient.reference)
        first = await ehr.transact(bundle)
        again = await ehr.transact(bundle)
        stored = await ehr.resources("Observation").search(subject=patient.reference).fetch()
        assert (first.created, again.created) == (True, False)
        assert first.main_reference == again.main_reference
        assert len(stored) == 2  # the panel and the pulse
        assert await ehr.read_back(bundle, first) == ()
        assert await ehr.verify(bundle, again)


async def test_patients_are_found_as_people_look_for_them() -> None:
    async with _line() as (_, ehr):
        by_name = PatientQuery(family="muller", given="jur", birth_date=date(1967, 11, 2))
        (patient,) = await ehr.find_patients(by_name)
        assert (patient.family, patient.birth_date) == ("Müller", date(1967, 11, 2))
        assert patient.identifier is not None
        assert patient.identifier.system == MRN_SYSTEM
        assert await ehr.patient(patient.reference) == patient
        assert len(await ehr.find_patients(PatientQuery(family="Novak"))) == 2
        assert await ehr.find_patients(PatientQuery(identifier="809 316 5527")) == ()
        with pytest.raises(Refused):
            await ehr.patient("Patient/pat-4717")


async def test_a_reading_for_an_unknown_patient_is_refused_and_leaves_nothing() -> None:
    async with _line() as (_, ehr):
        with pytest.raises(Refused) as caught:
            await ehr.transact(_bundle("Patient/nobody"))
        assert "Bundle.entry[" in caught.value.what
        assert await ehr.resources("Observation").search().fetch() == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.UNAUTHORIZED, NotAuthorised),
        (Fault.FORBIDDEN, Misconfigured),
        (Fault.CONFLICT, Transient),
        (Fault.PRECONDITION_FAILED, Refused),
        (Fault.UNPROCESSABLE, Refused),
        (Fault.TOO_MANY_REQUESTS, Transient),
        (Fault.UNAVAILABLE, Transient),
        (Fault.HTML, Transient),
        (Fault.REDIRECT, Misconfigured),
        (Fault.DROP, Transient),
    ],
)
async def test_a_failure_is_told_by_its_kind_and_the_reading_goes_through_afterwards(
    fault: Fault, expected: type[RemoteError]
) -> None:
    async with _line() as (sandbox, ehr):
        sandbox.faults.arm(fault)
        with pytest.raises(expected):
            await ehr.transact(_bundle())
        assert (await ehr.transact(_bundle())).created


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_DROP, Fault.TRUNCATED_JSON])
async def test_a_lost_answer_is_repeated_and_nothing_is_stored_twice(fault: Fault) -> None:
    async with _line() as (sandbox, ehr):
        sandbox.faults.arm(fault)
        bundle = _bundle()
        with pytest.raises(Transient):
            await ehr.transact(bundle)
        again = await ehr.transact(bundle)
        assert not again.created
        assert await ehr.verify(bundle, again)
        assert len(await ehr.resources("Observation").search().fetch()) == 2


async def test_the_wait_that_the_ehr_asks_for_is_told() -> None:
    async with _line() as (sandbox, ehr):
        sandbox.faults.arm(Fault.UNAVAILABLE, retry_after=120)
        with pytest.raises(Transient) as caught:
            await ehr.transact(_bundle())
        assert caught.value.retry_after_s == 120
