"""Visits and orders: only open ones, only this patient's; what cannot be read stops nothing."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from fhir_answers import client, fhir, outcome, searchset, statement

from ohx_desktop.domain.care_context import NO_CONTEXT, CareContext, OfferedContexts
from ohx_desktop.domain.patient import Patient

Json = dict[str, Any]
JANE = Patient(reference="Patient/jane", family="Smith", given="Jane")
MINE = {"reference": "Patient/jane"}
R5_VISIT = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "in-progress",
    "class": [{"coding": [{"code": "AMB", "display": "ambulatory"}]}],
    "serviceType": [{"concept": {"text": "Hypertension clinic"}}],
    "subject": MINE,
    "actualPeriod": {"start": "2026-11-23T09:53:00+01:00"},
    "appointment": [{"reference": "Appointment/a1"}],
}
R4_VISIT = {
    "resourceType": "Encounter",
    "id": "e1",
    "status": "arrived",
    "class": {"code": "AMB", "display": "ambulatory"},
    "serviceType": {"text": "Hypertension clinic"},
    "subject": MINE,
    "period": {"start": "2026-11-23T09:53:00+01:00"},
    "appointment": [{"reference": "Appointment/a1"}],
}
APPOINTMENT = {
    "resourceType": "Appointment",
    "id": "a1",
    "status": "arrived",
    "start": "2026-11-23T10:00:00+01:00",
}
R5_ORDER = {
    "resourceType": "ServiceRequest",
    "id": "s1",
    "status": "active",
    "code": {"concept": {"coding": [{"display": "Blood pressure"}]}},
    "subject": MINE,
    "authoredOn": "2026-11-23",
}
R4_ORDER = R5_ORDER | {"code": {"coding": [{"display": "Blood pressure"}]}}


class Ehr:
    """An EHR with these resources, which finds all of a type; or answers a type with a refusal."""

    def __init__(self, *resources: Json, version: str = "5.0.0") -> None:
        self.resources = resources
        self.version = version
        self.refusals: dict[str, httpx.Response] = {}
        self.asked: dict[str, Json] = {}

    async def tells(self) -> OfferedContexts:
        return await client(self.answer).contexts(JANE)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/metadata"):
            return fhir(statement(fhirVersion=self.version, rest=[]))
        kind = request.url.path.split("/")[2]
        self.asked[kind] = {k: v[0] for k, v in parse_qs(request.content.decode()).items()}
        found = [resource for resource in self.resources if resource["resourceType"] == kind]
        return self.refusals.get(kind) or fhir(searchset(*found))


@pytest.mark.parametrize(
    ("version", "visit", "order", "statuses"),
    [
        ("5.0.0", R5_VISIT, R5_ORDER, "in-progress"),
        ("4.0.1", R4_VISIT, R4_ORDER, "arrived,triaged,in-progress"),
    ],
)
async def test_a_visit_and_an_order_are_told_alike_in_both_versions(
    version: str, visit: Json, order: Json, statuses: str
) -> None:
    ehr = Ehr(visit, order, APPOINTMENT, version=version)
    told = await ehr.tells()
    (seen,), (ordered,) = told.visits, told.orders
    assert (seen.reference, seen.name) == ("Encounter/e1", "Hypertension clinic")
    assert seen.since == datetime.fromisoformat("2026-11-23T09:53:00+01:00")
    assert seen.appointment == datetime.fromisoformat("2026-11-23T10:00:00+01:00")
    assert (ordered.reference, ordered.name) == ("ServiceRequest/s1", "Blood pressure")
    assert ordered.since is None
    assert told.complete
    assert told.usual == CareContext(encounter="Encounter/e1")
    assert ehr.asked["Encounter"]["status"] == statuses
    assert ehr.asked["Encounter"]["patient"] == "Patient/jane"
    assert ehr.asked["ServiceRequest"]["status"] == "active"
    assert ehr.asked["Appointment"]["_id"] == "a1"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": {"reference": "Patient/omar"}},
        {"subject": {"reference": "Patient/not-jane"}},
        {"subject": {"display": "Jane"}},
        {"subject": None},
        {"status": "completed"},
        {"status": None},
        {"id": "no good"},
    ],
)
async def test_a_visit_that_is_not_open_or_not_theirs_is_not_offered(changes: Json) -> None:
    told = await Ehr(R5_VISIT | changes, R5_ORDER | changes).tells()
    assert (told.visits, told.orders) == ((), ())


async def test_an_absolute_reference_to_the_patient_is_theirs() -> None:
    subject = {"reference": "https://ehr.example.org/fhir/Patient/jane"}
    assert len((await Ehr(R5_VISIT | {"subject": subject}).tells()).visits) == 1


async def test_several_visits_come_newest_first_and_none_is_assumed() -> None:
    older = R5_VISIT | {"id": "e0", "actualPeriod": {"start": "2026-11-21T08:00:00+01:00"}}
    undated = R5_VISIT | {"id": "e2", "actualPeriod": "odd"}
    told = await Ehr(older, undated, R5_VISIT).tells()
    ids = [visit.reference for visit in told.visits]
    assert ids == ["Encounter/e1", "Encounter/e0", "Encounter/e2"]
    assert told.usual == NO_CONTEXT


@pytest.mark.parametrize("status", [401, 403, 404, 405, 500])
@pytest.mark.parametrize("kind", ["Encounter", "ServiceRequest"])
async def test_what_is_withheld_is_left_out_and_said_so(kind: str, status: int) -> None:
    ehr = Ehr(R5_VISIT, R5_ORDER)
    ehr.refusals[kind] = fhir(outcome("forbidden"), status)
    told = await ehr.tells()
    assert len(told.visits) + len(told.orders) == 1
    assert not told.complete
    assert told.usual == NO_CONTEXT


async def test_an_appointment_that_cannot_be_read_costs_its_time_only() -> None:
    ehr = Ehr(R5_VISIT)
    ehr.refusals["Appointment"] = fhir(outcome("forbidden"), 403)
    told = await ehr.tells()
    assert told.visits[0].appointment is None
    assert told.usual == CareContext(encounter="Encounter/e1")


async def test_a_cancelled_appointment_is_no_time_to_show() -> None:
    told = await Ehr(R5_VISIT, APPOINTMENT | {"status": "cancelled"}).tells()
    assert told.visits[0].appointment is None


async def test_a_server_that_cannot_be_asked_offers_nothing() -> None:
    down = client(lambda _request: fhir(outcome("transient"), 503))
    assert await down.contexts(JANE) == OfferedContexts(complete=False)


async def test_a_type_that_the_server_does_not_have_is_not_asked_for() -> None:
    asked: list[str] = []

    def small(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return fhir(statement())

    assert await client(small).contexts(JANE) == OfferedContexts()
    assert asked == ["/fhir/metadata"]


async def test_a_name_of_any_length_or_shape_does_no_harm() -> None:
    odd = R5_VISIT | {"serviceType": [{"concept": {"text": "x\n" * 400}}], "appointment": [7, {}]}
    bare = R5_VISIT | {"id": "e3", "serviceType": 5, "class": None, "appointment": "x"}
    told = await Ehr(odd, bare).tells()
    names = [visit.name for visit in told.visits]
    assert names[1] is None
    assert names[0] is not None
    assert len(names[0]) <= 60
    assert names[0].isprintable()
