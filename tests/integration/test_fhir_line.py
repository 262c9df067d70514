"""The whole line to an EHR over a real socket: find, file, file again, read back."""

from datetime import date

import pytest
from fhir_line import a_bundle, line

from ohx_desktop.domain.errors import Misconfigured, NotAuthorised, Refused, RemoteError, Transient
from ohx_desktop.domain.patient import PatientQuery, PatientsFound, SearchNote
from ohx_desktop.fhir.capability import Version
from ohx_desktop.virtual.ehr.faults import Fault, Scope
from ohx_desktop.virtual.ehr.seed import MRN_SYSTEM


async def test_a_reading_sent_twice_is_stored_once_and_as_it_was_sent() -> None:
    async with line() as (_, ehr):
        assert (await ehr.capabilities()).version is Version.R5
        (patient,) = (await ehr.find_patients(PatientQuery(identifier="943 476 5919"))).patients
        bundle = a_bundle(patient.reference)
        first = await ehr.transact(bundle)
        again = await ehr.transact(bundle)
        stored = await ehr.resources("Observation").search(subject=patient.reference).fetch()
        assert (first.created, again.created) == (True, False)
        assert first.main_reference == again.main_reference
        assert len(stored) == 2  # the panel and the pulse
        assert await ehr.read_back(bundle, first) == ()
        assert await ehr.verify(bundle, again)


async def test_patients_are_found_as_people_look_for_them() -> None:
    async with line() as (_, ehr):
        by_name = PatientQuery(family="muller", given="jur", birth_date=date(1967, 11, 2))
        (patient,) = (await ehr.find_patients(by_name)).patients
        assert (patient.family, patient.birth_date) == ("Müller", date(1967, 11, 2))
        assert patient.identifier is not None
        assert patient.identifier.system == MRN_SYSTEM
        assert await ehr.patient(patient.reference) == patient
        assert len((await ehr.find_patients(PatientQuery(family="Novak"))).patients) == 2
        inactive = await ehr.find_patients(PatientQuery(identifier="809 316 5527"))
        assert inactive == PatientsFound(note=SearchNote.INACTIVE)
        with pytest.raises(Refused):
            await ehr.patient("Patient/pat-4717")


async def test_a_reading_for_an_unknown_patient_is_refused_and_leaves_nothing() -> None:
    async with line() as (_, ehr):
        with pytest.raises(Refused) as caught:
            await ehr.transact(a_bundle("Patient/nobody"))
        assert "does not have this patient any more" in caught.value.what
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
    async with line() as (sandbox, ehr):
        sandbox.faults.arm(fault, scope=Scope.WRITES)
        with pytest.raises(expected):
            await ehr.transact(a_bundle())
        assert (await ehr.transact(a_bundle())).created


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_DROP, Fault.TRUNCATED_JSON])
async def test_a_lost_answer_is_repeated_and_nothing_is_stored_twice(fault: Fault) -> None:
    async with line() as (sandbox, ehr):
        sandbox.faults.arm(fault, scope=Scope.WRITES)
        bundle = a_bundle()
        with pytest.raises(Transient):
            await ehr.transact(bundle)
        again = await ehr.transact(bundle)
        assert not again.created
        assert await ehr.verify(bundle, again)
        assert len(await ehr.resources("Observation").search().fetch()) == 2


async def test_the_wait_that_the_ehr_asks_for_is_told() -> None:
    async with line() as (sandbox, ehr):
        sandbox.faults.arm(Fault.UNAVAILABLE, scope=Scope.WRITES, retry_after=120)
        with pytest.raises(Transient) as caught:
            await ehr.transact(a_bundle())
        assert caught.value.retry_after_s == 120
