"""Only a whole and fitting answer counts as filed; everything else keeps the reading here."""

from typing import Any

import httpx
import pytest
from fhir_answers import BASE, BUNDLE, answering, fhir, filing, outcome, transaction_response

from ohx_desktop.domain.errors import Refused, Transient
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.transaction import TransactionOutcome, reference_in

Json = dict[str, Any]


async def _filed(answer: Json) -> TransactionOutcome:
    return await filing(answering(fhir(answer))).transact(BUNDLE)


async def test_the_first_upload_tells_where_everything_is() -> None:
    filed = await _filed(transaction_response())
    assert filed.created
    assert filed.main_reference == "Observation/502"
    assert [entry.reference for entry in filed.entries] == [
        "Device/500",
        "Device/501",
        "Observation/502",
        "Observation/503",
        "Provenance/504",
    ]


async def test_the_repetition_is_a_success_that_created_nothing() -> None:
    filed = await _filed(transaction_response("200 OK"))
    assert not filed.created
    assert filed.main_reference == "Observation/502"


async def test_the_bundle_is_sent_as_it_is() -> None:
    seen: list[httpx.Request] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return fhir(transaction_response())

    await filing(server).transact(BUNDLE)
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", BASE)
    assert request.content == BUNDLE
    assert request.headers["Content-Type"] == "application/fhir+json"
    assert request.headers["Prefer"] == "return=minimal"


async def test_warnings_are_kept_as_hints() -> None:
    said = outcome("business-rule", "warning", diagnostics="quoted", expression=["Observation"])
    said["issue"] += outcome("informational", "information")["issue"]
    filed = await _filed(transaction_response(outcome=said))
    assert set(filed.hints) == {"a rule of the EHR forbids it (business-rule) at Observation"}


async def test_a_missing_location_is_taken_from_the_resource_or_left_unknown() -> None:
    answer = transaction_response()
    for entry in answer["entry"]:
        del entry["response"]["location"]
    answer["entry"][2]["resource"] = {"resourceType": "Observation", "id": "7"}
    filed = await _filed(answer)
    assert filed.main_reference == "Observation/7"
    assert filed.entries[3].reference is None


def _spoiled() -> list[bytes]:
    whole = transaction_response()
    short = transaction_response()
    short["entry"].pop()
    batch = transaction_response() | {"type": "batch-response"}
    mixed = transaction_response()
    mixed["entry"][2]["response"]["location"] = "Patient/1/_history/1"
    bare = transaction_response()
    bare["entry"][0] = {}
    worded = transaction_response("Created")
    return [
        b"",
        b"<html>please sign in</html>",
        encode(whole)[:-40],
        b'{"ok": true}',
        b"[]",
        encode({"resourceType": "Patient", "id": "1"}),
        encode(outcome("informational", "information")),
        *map(encode, (short, batch, mixed, bare, worded, whole | {"entry": None})),
    ]


@pytest.mark.parametrize("body", _spoiled())
async def test_a_200_that_is_no_whole_transaction_response_is_no_success(body: bytes) -> None:
    with pytest.raises(Transient) as caught:
        await filing(answering(httpx.Response(200, content=body))).transact(BUNDLE)
    assert "not in FHIR" in caught.value.what
    assert "sign in" not in str(caught.value)


async def test_an_entry_that_failed_inside_a_200_is_a_refusal() -> None:
    answer = transaction_response()
    answer["entry"][2]["response"] = {"status": "422", "outcome": outcome("invariant")}
    with pytest.raises(Refused, match="invariant"):
        await _filed(answer)


@pytest.mark.parametrize(
    ("location", "reference"),
    [
        ("Observation/502", "Observation/502"),
        ("Observation/502/_history/1", "Observation/502"),
        ("http://inner:8080/fhir/Observation/a-b.c/_history/2", "Observation/a-b.c"),
        ("/Observation/1", "Observation/1"),
        ("Observation", None),
        ("Observation/502?x=1", None),
        ("Observation/" + "x" * 65, None),
        (None, None),
        (7, None),
    ],
)
def test_locations_of_every_form_give_the_reference(
    location: object, reference: str | None
) -> None:
    assert reference_in(location) == reference
