"""Patients as the banner shows them, from records as real servers hold them."""

from datetime import date
from typing import Any

import pytest
from fhir_answers import patient, searchset
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.patient import PatientIdentifier, PatientQuery
from ohx_desktop.fhir.patients import is_current, matches, patient_from, search_form

Json = dict[str, Any]
NHS = "urn:oid:1.2.3"


def test_an_identifier_is_looked_for_in_its_system() -> None:
    query = PatientQuery(identifier=" 943|476 ", family="ignored")
    assert search_form(query, system=NHS, limit=5) == {
        "identifier": rf"{NHS}|943\|476",
        "_count": "5",
    }
    assert search_form(query, system=None, limit=5)["identifier"] == r"943\|476"


def test_a_comma_in_a_name_is_no_second_name() -> None:
    query = PatientQuery(family="A,B$C|D\\", given="É", birth_date=date(1954, 3, 2))
    assert search_form(query, system=NHS, limit=20) == {
        "family": "A\\,B\\$C\\|D\\\\",
        "given": "É",
        "birthdate": "1954-03-02",
        "_count": "20",
    }


def test_only_matching_patients_are_taken_from_a_searchset() -> None:
    bundle = searchset(patient("p1"), {"resourceType": "Encounter", "id": "e"})
    bundle["entry"] += [
        {"resource": patient("included"), "search": {"mode": "include"}},
        {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}},
        {"resource": patient("p2")},
        {},
        "x",
    ]
    assert [resource["id"] for resource in matches(bundle)] == ["p1", "p2"]


@pytest.mark.parametrize(
    ("more", "current"),
    [
        ({}, True),
        ({"active": True}, True),
        ({"active": False}, False),
        ({"link": [{"type": "replaced-by"}]}, False),
        ({"link": [{"type": "replaces"}, {"type": "seealso"}]}, True),
    ],
)
def test_records_out_of_use_are_recognised(more: Json, current: bool) -> None:
    assert is_current(patient(**more)) is current


def test_the_name_a_person_is_called_by_is_shown() -> None:
    names = [
        {"use": "old", "family": "Before"},
        {"use": "nickname", "given": ["Mary"]},
        {"use": "official", "family": "Ocaña", "given": ["María", "José"], "prefix": ["Dr."]},
    ]
    found = patient_from(patient(name=names), system=None)
    assert found is not None
    assert (found.prefix, found.given, found.family) == ("Dr.", "María José", "Ocaña")


def test_a_name_that_is_only_text_is_shown_as_it_is() -> None:
    found = patient_from(patient(name=[{"text": "María José Ocaña"}]), system=None)
    assert found is not None
    assert found.family == "María José Ocaña"


def test_the_identifier_of_the_clinic_is_shown_before_others() -> None:
    identifiers = [
        {"system": "urn:other", "value": "1"},
        {"system": NHS, "value": "943", "type": {"coding": [{"display": "NHS number"}]}},
    ]
    found = patient_from(patient(identifier=identifiers), system=NHS)
    assert found is not None
    assert found.identifier == PatientIdentifier(system=NHS, value="943", label="NHS number")


@pytest.mark.parametrize(
    ("more", "born", "deceased"),
    [
        ({"birthDate": "1954"}, None, False),
        ({"birthDate": "1954-03-02", "deceasedBoolean": True}, date(1954, 3, 2), True),
        ({"deceasedBoolean": False}, date(1954, 3, 2), False),
        ({"deceasedDateTime": "2020"}, date(1954, 3, 2), True),
    ],
)
def test_partial_dates_and_deaths_are_told(more: Json, born: date | None, deceased: bool) -> None:
    found = patient_from(patient(**more), system=None)
    assert found is not None
    assert (found.birth_date, found.deceased) == (born, deceased)


@pytest.mark.parametrize("patient_id", [None, "", "..", "a/b", "a b"])
def test_a_record_without_a_usable_id_is_left_out(patient_id: Any) -> None:
    assert patient_from(patient(patient_id), system=None) is None


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {"resourceType": st.just("Patient"), "id": st.just("p1")},
        optional={
            name: _anything
            | st.lists(st.fixed_dictionaries({"family": _anything, "type": _anything}))
            for name in ("name", "identifier", "birthDate", "gender", "link", "active")
        },
    )
)
def test_no_record_however_odd_breaks_the_search(record: Json) -> None:
    is_current(record)
    found = patient_from(record, system=NHS)
    assert found is not None
    assert found.reference == "Patient/p1"


def test_a_number_typed_in_groups_finds_the_record_kept_either_way() -> None:
    query = PatientQuery(identifier="943 476 5919")
    assert search_form(query, system=NHS, limit=5)["identifier"] == (
        f"{NHS}|943 476 5919,{NHS}|9434765919"
    )
