"""A stored reading equals the sent one, or the element that differs is named."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fhir_answers import (
    BUNDLE,
    Handler,
    answering,
    client,
    fhir,
    filing,
    outcome,
    searchset,
    transaction_response,
)
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.errors import Transient
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.readback import differences
from ohx_desktop.fhir.transaction import TransactionOutcome, transaction_outcome
from ohx_desktop.transport import HttpResponse

Json = dict[str, Any]
SENT: Json = decode(BUNDLE)["entry"][2]["resource"]
PULSE: Json = decode(BUNDLE)["entry"][3]["resource"]


def _filed(answer: Json | None = None) -> TransactionOutcome:
    body = encode(answer or transaction_response())
    return transaction_outcome(decode(BUNDLE), HttpResponse(status=200, headers={}, body=body))


def test_what_servers_add_and_rewrite_is_no_difference() -> None:
    stored = copy.deepcopy(SENT) | {"id": "502", "text": {"div": "…"}, "issued": "2026"}
    stored["meta"]["versionId"] = "1"
    stored["identifier"].insert(0, {"system": "urn:own", "value": "1"})
    stored["subject"] = {"reference": "https://ehr.example.org/fhir/Patient/pat-4711"}
    stored["effectiveDateTime"] = "2026-11-23T08:41:07Z"
    stored["component"].reverse()
    stored["component"][-1]["valueQuantity"]["value"] = Decimal("138.00")
    stored["code"]["coding"].append({"system": "urn:own", "code": "bp"})
    assert differences(SENT, stored) == ()


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        (lambda r: r["component"][0]["valueQuantity"].update(value=139), "component[0]"),
        (lambda r: r["component"][0]["valueQuantity"].update(value="138"), "component[0]"),
        (lambda r: r["component"][1]["valueQuantity"].update(code="kPa"), "component[1]"),
        (lambda r: r["component"].pop(2), "component[2]"),
        (lambda r: r["component"][-1].update(valueBoolean=False), "component[4]"),
        (lambda r: r["component"].append(r["component"][0]), "component[0]"),
        (lambda r: r.update(subject={"reference": "Patient/other"}), "subject"),
        (lambda r: r.pop("subject"), "subject"),
        (lambda r: r.update(effectiveDateTime="2026-11-23T09:41:08+01:00"), "effective"),
        (lambda r: r.update(effectiveDateTime="2026-11-23T09:41:07"), "effective"),
        (lambda r: r.update(effectiveDateTime=None), "effective"),
        (lambda r: r.update(status="entered-in-error"), "status"),
        (lambda r: r["identifier"][0].update(value="urn:uuid:other"), "identifier"),
        (lambda r: r["code"].update(coding=[]), "code"),
        (lambda r: r.update(valueQuantity={"value": 1}), "value"),
    ],
)
def test_every_change_that_matters_is_named(spoil: Callable[[Json], object], path: str) -> None:
    stored = copy.deepcopy(SENT)
    spoil(stored)
    assert differences(SENT, stored) == (f"Observation.{path}",)


def test_other_words_in_a_component_are_a_difference() -> None:
    cuff = {"code": {"coding": [{"system": "http://loinc.org", "code": "8358-4"}]}}
    sent = SENT | {"component": [*SENT["component"], cuff | {"valueString": "large adult"}]}
    stored = SENT | {"component": [*SENT["component"], cuff | {"valueString": "child"}]}
    assert differences(sent, sent) == ()
    place = len(SENT["component"])
    assert differences(sent, stored) == (f"Observation.component[{place}]",)


@given(st.decimals(0, 400, places=2))
def test_only_the_same_number_is_equal(value: Decimal) -> None:
    stored = copy.deepcopy(PULSE)
    stored["valueQuantity"]["value"] = value
    assert (differences(PULSE, stored) == ()) == (value == PULSE["valueQuantity"]["value"])


def _ehr(*stored: Json) -> Handler:
    """Return a server that holds these Observations under the ids of transaction_response."""

    def handle(request: httpx.Request) -> httpx.Response:
        assert request.headers["Cache-Control"] == "no-cache"
        for resource in stored:
            if request.url.path.endswith(f"/Observation/{resource['id']}"):
                return fhir(resource)
        return fhir(outcome("not-found"), 404)

    return handle


async def test_the_ehr_is_asked_past_its_caches_and_found_equal() -> None:
    ehr = filing(_ehr(SENT | {"id": "502"}, PULSE | {"id": "503"}))
    assert await ehr.read_back(BUNDLE, _filed()) == ()
    assert await ehr.verify(BUNDLE, _filed())


async def test_a_reading_that_is_gone_is_not_equal() -> None:
    ehr = filing(_ehr(SENT | {"id": "502"}))
    assert await ehr.read_back(BUNDLE, _filed()) == ("Bundle.entry[3]: Observation",)
    assert not await ehr.verify(BUNDLE, _filed())


async def test_a_server_that_is_down_is_no_difference() -> None:
    with pytest.raises(Transient):
        await client(answering(httpx.Response(503))).read_back(BUNDLE, _filed())


@pytest.mark.parametrize(("copies", "equal"), [(1, True), (0, False), (2, False)])
async def test_without_a_location_the_identifier_finds_exactly_one(
    copies: int, equal: bool
) -> None:
    answer = transaction_response()
    for entry in answer["entry"]:
        del entry["response"]["location"]

    def handle(request: httpx.Request) -> httpx.Response:
        wanted = [r for r in (SENT, PULSE) if _in_form(r, request)]
        assert request.url.path == "/fhir/Observation/_search"
        return fhir(searchset(*wanted * copies))

    assert await filing(handle).verify(BUNDLE, _filed(answer)) is equal


def _in_form(resource: Json, request: httpx.Request) -> bool:
    token = json.dumps(resource["identifier"][0]["value"].removeprefix("urn:uuid:")).strip('"')
    return token in request.content.decode()
