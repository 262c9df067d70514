"""A record keeps codes and digests only, and its bytes mean one thing."""

from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from audit_samples import RECORDS
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.audit.events import KINDS, Event, Outcome
from ohx_desktop.audit.record import (
    AuditRecord,
    NotARecord,
    canonical,
    fitting,
    record_of,
    who_of,
)

# Computed by hand from the form that the module tells; it must never change.
FIXED = AuditRecord(
    at=1_795_437_296_789,
    event=Event.DISCARDED,
    who="Practitioner/12",
    installation=UUID("11111111-1111-4111-8111-111111111111"),
    station="Zimmer 3 é",
    reading=UUID("22222222-2222-5222-8222-222222222222"),
    detail="wrong-patient",
)
FIXED_BYTES = (
    b"ohx.audit/1"
    b"\x00\x00\x00\x08\x00\x00\x01\xa2\x08\x66\xfc\x95"
    b"\x00\x00\x00\x09discarded"
    b"\x00\x00\x00\x07success"
    b"\x00\x00\x00\x0fPractitioner/12"
    b"\x00\x00\x00\x10\x11\x11\x11\x11\x11\x11\x41\x11\x81\x11\x11\x11\x11\x11\x11\x11"
    b"\x00\x00\x00\x0bZimmer 3 \xc3\xa9"
    b"\xff\xff\xff\xff"
    b'\x00\x00\x00\x10""""""R"\x82"""""""'
    b"\xff\xff\xff\xff"
    b"\xff\xff\xff\xff"
    b"\x00\x00\x00\x0dwrong-patient"
)


def test_the_bytes_of_a_record_are_those_that_are_documented() -> None:
    assert canonical(FIXED) == FIXED_BYTES
    assert record_of(FIXED_BYTES) == FIXED


@given(RECORDS)
def test_a_record_comes_back_from_its_bytes(record: AuditRecord) -> None:
    assert record_of(canonical(record)) == record


@given(RECORDS, RECORDS)
def test_no_two_records_have_the_same_bytes(one: AuditRecord, other: AuditRecord) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


@given(RECORDS, st.data())
def test_bytes_that_are_cut_or_lengthened_are_no_record(
    record: AuditRecord, data: st.DataObject
) -> None:
    content = canonical(record)
    cut = data.draw(st.integers(0, len(content) - 1))
    for other in (content[:cut], content + b"\x00", content + b"\xff\xff\xff\xff"):
        with pytest.raises(NotARecord):
            record_of(other)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_refused(content: bytes) -> None:
    for candidate in (content, b"ohx.audit/1" + content):
        with suppress(NotARecord):
            assert canonical(record_of(candidate)) == candidate


@pytest.mark.parametrize(
    "told",
    [
        {"who": "Patient/4711"},
        {"who": "Ada Lovelace"},
        {"who": "Practitioner/12 "},
        {"subject": "Patient/4711"},
        {"subject": "xPatient/4711"},
        {"subject": "128 mmHg"},
        {"subject": ""},
        {"detail": "128/82"},
        {"detail": "Systolic was 128"},
        {"detail": "128"},
        {"event": "Something else"},
        {"patient": b"Patient/4711"},
    ],
)
def test_what_could_tell_of_a_patient_has_no_place_in_a_record(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=" "):
        AuditRecord(**{"at": 0, "event": Event.CONFIRMED, **told})


def test_a_patient_who_confirms_is_not_named() -> None:
    assert who_of("Patient/4711") == "patient"
    assert who_of("Practitioner/12") == "Practitioner/12"
    assert who_of(None) is None


@given(st.text(max_size=200))
def test_any_name_that_a_person_chose_fits(name: str) -> None:
    AuditRecord(at=0, event=Event.SECRET_SET, subject=fitting(name))


def test_a_name_that_fits_stays() -> None:
    assert fitting("ehr.token") == "ehr.token"
    assert "Patient" not in fitting("Patient/4711")


def test_each_event_is_in_the_table_and_has_a_code() -> None:
    assert set(KINDS) == set(Event)
    for event in Event:
        AuditRecord(at=0, event=event, outcome=Outcome.FAILURE)
