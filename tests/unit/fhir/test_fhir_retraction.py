"""An order to take a reading back: frozen when decided, and the same writes at every attempt."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir_answers import BUNDLE
from fhir_checks import check_bundle, empty_places
from fhir_samples import GATEWAY
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.look_up import observations_in
from ohx_desktop.fhir.mapping.retraction import (
    RetractionOrder,
    decode_order,
    encode_order,
    is_order,
    nullification,
    update_of,
)
from ohx_desktop.fhir.proof import names_in, prove

Json = dict[str, Any]
KEY = bytes(range(32))
GOLDEN = Path(__file__).parents[2] / "golden" / "bp-retraction.r5.json"
STORED = [
    resource | {"id": str(n), "meta": resource["meta"] | {"versionId": str(n)}}
    for n, resource in observations_in(decode(BUNDLE))
]
ORDER = RetractionOrder(
    proof=prove(BUNDLE, KEY),
    key=KEY,
    reference="Observation/2",
    reason="wrong-patient",
    by="Practitioner/prac-12",
    at=datetime.fromisoformat("2026-11-23T10:05:00.250+01:00"),
    gateway=GATEWAY,
)


def _bundle(order: RetractionOrder) -> Json:
    names = [value for _, value in names_in(order.proof)]
    entries = [*map(update_of, STORED), nullification(order, names, STORED)]
    for entry in entries:
        for reference in ("device", "extension"):
            entry["resource"].pop(reference, None)
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@given(
    st.builds(
        RetractionOrder,
        proof=st.binary(),
        key=st.binary(),
        reference=st.none() | st.text(),
        reason=st.text(),
        by=st.none() | st.text(),
        at=st.datetimes(timezones=st.just(UTC)),
        gateway=st.just(GATEWAY),
        send_provenance=st.booleans(),
    )
)
def test_every_order_comes_back_from_its_bytes(order: RetractionOrder) -> None:
    back = decode_order(encode_order(order))
    assert back == order
    assert encode_order(back) == encode_order(order)
    assert is_order(decode(encode_order(order)))


def test_a_bundle_is_no_order_and_an_order_of_another_version_is_refused() -> None:
    assert not is_order(decode(BUNDLE))
    other = encode_order(ORDER).replace(b"retraction/1", b"retraction/2")
    with pytest.raises(ValueError, match="not an"):
        decode_order(other)


def test_what_is_written_is_these_bytes() -> None:
    payload = encode(_bundle(ORDER))
    check_bundle(payload)
    assert empty_places(json.loads(payload)) == []
    assert json.loads(payload) == json.loads(GOLDEN.read_bytes())


def test_only_the_status_changes_and_only_of_the_version_that_was_read() -> None:
    for stored in STORED:
        entry = update_of(stored)
        assert entry["resource"] == stored | {"status": "entered-in-error"}
        assert entry["request"]["ifMatch"] == f'W/"{stored["meta"]["versionId"]}"'
    assert "ifMatch" not in update_of({"id": "2", "status": "final"})["request"]


def test_another_decision_is_another_record() -> None:
    later = replace(ORDER, at=datetime.fromisoformat("2026-11-24T10:05:00+01:00"))
    names = ["urn:uuid:1"]
    ids = {nullification(order, names, STORED)["resource"]["id"] for order in (ORDER, later)}
    assert len(ids) == 2


def test_nobody_is_named_where_nobody_signs_in() -> None:
    record = nullification(replace(ORDER, by=None), ["urn:uuid:1"], STORED)["resource"]
    assert [each["type"]["coding"][0]["code"] for each in record["agent"]] == ["assembler"]


def test_an_order_does_not_show_its_proof_where_it_is_printed() -> None:
    assert "proof" not in repr(ORDER)
