"""Visits, orders and $match against the sandbox EHR, as R5 and as R4; and patients who vanish."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from fhir_line import a_bundle, line

from ohx_desktop.domain.care_context import NO_CONTEXT, CareContext
from ohx_desktop.domain.errors import Refused
from ohx_desktop.domain.patient import Patient, PatientQuery, SearchNote
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.virtual.ehr.faults import Fault
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import ENCOUNTER, PATIENT, PATIENT_WITH_TWO_VISITS

Line = tuple[SandboxEhr, EhrClient]


@pytest.fixture(params=["R5", "R4"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    async with line() as (sandbox, ehr):
        if request.param == "R4":
            sandbox.faults.arm(Fault.FHIR_4_0_1, times=None)
        yield sandbox, ehr


async def test_two_open_visits_are_told_with_their_appointment_and_order(either: Line) -> None:
    _, ehr = either
    told = await ehr.contexts(await ehr.patient(f"Patient/{PATIENT_WITH_TWO_VISITS}"))
    clinic, ward = told.visits
    assert (clinic.name, ward.name) == ("Hypertension clinic", "Stay on ward 4")
    assert clinic.since is not None
    assert clinic.appointment is not None
    assert ward.appointment is None
    assert [order.reference for order in told.orders] == ["ServiceRequest/order-32"]
    assert told.complete
    assert told.usual == NO_CONTEXT


async def test_the_only_open_visit_is_the_usual_one(either: Line) -> None:
    _, ehr = either
    told = await ehr.contexts(await ehr.patient(f"Patient/{PATIENT}"))
    assert told.usual == CareContext(encounter=f"Encounter/{ENCOUNTER}")


async def test_who_has_no_visit_has_none(either: Line) -> None:
    _, ehr = either
    told = await ehr.contexts(await ehr.patient("Patient/pat-4712"))
    assert (told.visits, told.orders, told.complete) == ((), (), True)


async def test_a_name_and_a_birth_date_are_matched(either: Line) -> None:
    sandbox, ehr = either
    query = PatientQuery(family="Muller", given="Jurgen", birth_date=date(1967, 11, 2))
    (found,) = (await ehr.find_patients(query)).patients
    assert found.reference == "Patient/pat-4712"
    paths = [exchange.path for exchange in sandbox.exchanges]
    assert paths == ["/fhir/metadata", "/fhir/Patient/$match"]


async def test_a_replaced_number_leads_to_the_record_in_use(either: Line) -> None:
    _, ehr = either
    told = await ehr.find_patients(PatientQuery(identifier="286 540 7719"))
    assert [patient.reference for patient in told.patients] == ["Patient/pat-4718"]
    assert told.note is SearchNote.REPLACED


async def test_a_search_that_is_withheld_stops_no_reading(either: Line) -> None:
    sandbox, ehr = either
    patient = Patient(reference=f"Patient/{PATIENT}", family="Bennett", given="Margaret")
    await ehr.capabilities()
    sandbox.faults.arm(Fault.FORBIDDEN, times=2)
    told = await ehr.contexts(patient)
    assert (told.visits, told.orders, told.complete) == ((), (), False)
    assert (await ehr.transact(a_bundle())).created


async def test_a_reading_for_a_patient_who_vanished_tells_what_to_do() -> None:
    async with line() as (_, ehr):
        with pytest.raises(Refused) as caught:
            await ehr.transact(a_bundle("Patient/gone"))
        assert "does not have this patient any more" in caught.value.what
        assert "stays safe" in caught.value.meaning
        assert "record of today" in caught.value.hint
