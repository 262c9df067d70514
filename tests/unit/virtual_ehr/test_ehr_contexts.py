"""What the sandbox knows of visits and matching: both versions' forms, and grades."""

from typing import Any

import httpx
import pytest

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.matching import match_patients
from ohx_desktop.virtual.ehr.outcome import Refusal
from ohx_desktop.virtual.ehr.r4_forms import as_r4, bundle_as_r4
from ohx_desktop.virtual.ehr.search import find
from ohx_desktop.virtual.ehr.seed import PATIENT_WITH_TWO_VISITS
from ohx_desktop.virtual.ehr.store import Store
from ohx_desktop.virtual.ehr.validation import Validator

BASE = "http://ehr.example/fhir"


def stored(store: Store, type_: str, id_: str) -> Resource:
    version = store.read(type_, id_)
    assert version is not None
    return version.resource


def matched(store: Store, **patient: Any) -> list[tuple[str, str]]:
    wanted = {"resourceType": "Patient", **patient}
    parameters: Resource = {"parameter": [{"name": "resource", "resource": wanted}]}
    bundle = match_patients(store, parameters, BASE)
    return [
        (entry["resource"]["id"], entry["search"]["extension"][0]["valueCode"])
        for entry in bundle.get("entry", [])
    ]


def test_a_match_says_how_sure_it_is(store: Store) -> None:
    name = {"family": "novak", "given": ["Anna"]}
    assert matched(store, name=[name], birthDate="1990-05-09") == [
        ("pat-4715", "certain"),
        ("pat-4716", "possible"),
    ]
    assert matched(store, name=[{"family": "Novak"}], birthDate="1990-05-09") == [
        ("pat-4715", "probable")
    ]
    assert matched(store, birthDate="1990-05-09") == []


def test_a_match_of_nobody_is_refused(store: Store) -> None:
    with pytest.raises(Refusal):
        match_patients(store, {"parameter": [{"name": "count", "valueInteger": 1}]}, BASE)


def test_every_seeded_resource_is_valid(store: Store, validator: Validator) -> None:
    def exists(type_: str, id_: str) -> bool:
        return store.read(type_, id_) is not None

    for type_ in ("Appointment", "Encounter", "ServiceRequest"):
        for version in store.versions(type_):
            assert validator.check(version.resource, exists) == []


def test_a_visit_of_r4_has_the_elements_of_r4(store: Store) -> None:
    visit = as_r4(stored(store, "Encounter", "enc-773"))
    assert visit["class"]["code"] == "AMB"
    assert "start" in visit["period"]
    assert "actualPeriod" not in visit
    assert visit["appointment"] == [{"reference": "Appointment/app-9"}]
    seen = as_r4(stored(store, "Encounter", "enc-771"))
    assert "individual" in seen["participant"][0]


def test_an_order_and_an_appointment_of_r4_have_the_elements_of_r4(store: Store) -> None:
    order = as_r4(stored(store, "ServiceRequest", "order-32"))
    assert order["code"] == {"text": "Blood pressure, three times"}
    appointment = as_r4(stored(store, "Appointment", "app-9"))
    assert "subject" not in appointment
    assert appointment["participant"][0]["required"] == "required"


def test_what_is_r4_already_stays(store: Store) -> None:
    for type_, id_ in (("Encounter", "enc-773"), ("ServiceRequest", "order-32")):
        once = as_r4(stored(store, type_, id_))
        assert as_r4(once) == once
    empty = {"resourceType": "Bundle", "type": "searchset"}
    assert bundle_as_r4(empty) == empty


def test_appointments_are_found_by_patient_and_day(store: Store) -> None:
    patient = f"Patient/{PATIENT_WITH_TWO_VISITS}"
    for day, found in (("2026-11-23", 1), ("ge2026-11-24", 0)):
        assert len(find(store, "Appointment", [("patient", patient), ("date", day)])) == found


async def test_match_is_offered_and_answers(client: httpx.AsyncClient) -> None:
    told = (await client.get("metadata")).json()
    (patient,) = (r for r in told["rest"][0]["resource"] if r["type"] == "Patient")
    assert "match" in [operation["name"] for operation in patient["operation"]]
    who = {"resourceType": "Patient", "name": [{"family": "Novak"}], "birthDate": "1990-05-09"}
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": who}],
    }
    headers = {"Content-Type": "application/fhir+json"}
    answer = await client.post("Patient/$match", json=parameters, headers=headers)
    assert answer.json()["entry"][0]["search"]["score"] == 0.85
