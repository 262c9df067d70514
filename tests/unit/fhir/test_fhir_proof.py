"""A proof tells whether the EHR still holds what was confirmed, and holds nothing to read."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from fhir_answers import BUNDLE
from fhir_samples import means, submission, submissions
from hypothesis import given, settings
from hypothesis import strategies as st

from ohx_desktop.domain.look_up import Found, together
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.look_up import observations_in
from ohx_desktop.fhir.mapping import as_r4, transaction_bundle
from ohx_desktop.fhir.normal_form import names_of
from ohx_desktop.fhir.proof import compare, names_in, prove
from ohx_desktop.review.circumstances import Circumstances, CuffSize
from ohx_desktop.review.submission import Submission

Json = dict[str, Any]
KEY = bytes(range(32))
PROOF = prove(BUNDLE, KEY)
MAIN: Json = decode(BUNDLE)["entry"][2]["resource"] | {"id": "502"}
PULSE: Json = decode(BUNDLE)["entry"][3]["resource"] | {"id": "503"}


def _held(*resources: Json) -> dict[tuple[str, str], list[Json]]:
    held: dict[tuple[str, str], list[Json]] = {}
    for resource in resources:
        for name in names_of(resource):
            held.setdefault(name, []).append(resource)
    return held


def _found(*resources: Json) -> list[Found]:
    return [finding.found for finding in compare(PROOF, _held(*resources), KEY)]


def test_a_proof_has_identifiers_and_digests_and_nothing_to_read() -> None:
    assert names_in(PROOF) == [names_of(MAIN)[0], names_of(PULSE)[0]]
    form = json.loads(PROOF)
    assert form.pop("version") == 1
    rows = form.pop("observations")
    assert form == {}
    assert [len(row) for row in rows] == [4, 4]
    assert [len(row[2]) for row in rows] == [24, 24]
    told = PROOF.decode()
    assert not any(word in told for word in ("pat-4711", "138", "8480-6", "2026", "final"))
    assert len(PROOF) < 400


def test_a_proof_is_of_one_file_only() -> None:
    other = prove(BUNDLE, bytes(32))
    assert {row[2] for row in json.loads(other)["observations"]}.isdisjoint(
        row[2] for row in json.loads(PROOF)["observations"]
    )


def test_what_servers_add_and_rewrite_is_no_difference() -> None:
    stored = copy.deepcopy(MAIN) | {"text": {"div": "…"}, "issued": "2026"}
    stored["identifier"].insert(0, {"system": "urn:own", "value": "1"})
    stored["subject"] = {"reference": "https://ehr.example.org/fhir/Patient/pat-4711"}
    stored["effectiveDateTime"] = "2026-11-23T08:41:07.000Z"
    stored["component"].reverse()
    stored["component"][-1]["valueQuantity"]["value"] = Decimal("138.00")
    stored["component"][-1]["code"]["coding"].append({"system": "urn:own", "code": "sys"})
    stored["component"].append({"code": {"coding": [{"system": "urn:own", "code": "x"}]}})
    stored["code"]["coding"].append({"system": "urn:own", "code": "bp"})
    assert _found(stored, PULSE) == [Found.SAME, Found.SAME]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r["component"][0]["valueQuantity"].update(value=139),
        lambda r: r["component"][0]["valueQuantity"].update(value="138"),
        lambda r: r["component"][0]["valueQuantity"].update(value=Decimal("1E+999999999")),
        lambda r: r["component"][1]["valueQuantity"].update(code="kPa"),
        lambda r: r["component"].pop(2),
        lambda r: r["component"][-1].update(valueBoolean=False),
        lambda r: r["component"].append(r["component"][0]),
        lambda r: r.update(subject={"reference": "Patient/other"}),
        lambda r: r.pop("subject"),
        lambda r: r.update(effectiveDateTime="2026-11-23T09:41:08+01:00"),
        lambda r: r.update(effectiveDateTime=None),
        lambda r: r.update(status="amended"),
        lambda r: r.update(status=["final"]),
        lambda r: r["code"].update(coding=[]),
        lambda r: r.update(code="85354-9"),
        lambda r: r.update(valueQuantity={"value": 1}),
    ],
)
def test_every_change_that_matters_is_found(spoil: Callable[[Json], object]) -> None:
    stored = copy.deepcopy(MAIN)
    spoil(stored)
    assert _found(stored, PULSE) == [Found.DIFFERENT, Found.SAME]


def test_missing_doubled_and_retracted_are_told_apart() -> None:
    error = {"status": "entered-in-error"}
    assert _found(PULSE) == [Found.ABSENT, Found.SAME]
    assert _found(MAIN, MAIN | {"id": "900"}, PULSE)[0] is Found.DOUBLED
    assert _found(MAIN, MAIN | {"id": "900"} | error, PULSE)[0] is Found.SAME
    assert _found(MAIN | error, PULSE)[0] is Found.RETRACTED
    retracted, pulse = compare(PROOF, _held(MAIN | error, PULSE), KEY)
    assert retracted.is_same_but_for_status
    assert pulse.is_same_but_for_status
    spoilt = copy.deepcopy(MAIN) | error
    spoilt["component"][0]["valueQuantity"]["value"] = 139
    assert not compare(PROOF, _held(spoilt), KEY)[0].is_same_but_for_status


def test_a_proof_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="another version"):
        compare(b'{"version":2,"observations":[]}', {}, KEY)


@settings(deadline=None, max_examples=40)
@given(submissions | means())
def test_every_reading_proves_itself_in_r5_and_in_r4(whole: Submission) -> None:
    bundle = transaction_bundle(whole)
    proof = prove(encode(bundle), KEY)
    older = decode(encode(as_r4(bundle)))
    assert prove(encode(older), KEY) == proof
    for form in (bundle, older):
        stored = [resource | {"id": str(position)} for position, resource in observations_in(form)]
        findings = compare(proof, _held(*stored), KEY)
        assert {finding.found for finding in findings} == {Found.SAME}


def test_the_size_of_the_cuff_is_no_part_of_the_proof() -> None:
    noted = replace(submission(), circumstances=Circumstances(cuff_size=CuffSize.CHILD))
    assert prove(encode(transaction_bundle(noted)), KEY) == PROOF


@given(st.decimals(0, 400, places=2))
def test_only_the_same_number_is_equal(value: Decimal) -> None:
    stored = copy.deepcopy(PULSE)
    stored["valueQuantity"]["value"] = value
    same = value == PULSE["valueQuantity"]["value"]
    assert _found(stored)[1] is (Found.SAME if same else Found.DIFFERENT)


@pytest.mark.parametrize(
    ("each", "whole"),
    [
        ((Found.SAME, Found.SAME), Found.SAME),
        ((Found.ABSENT, Found.ABSENT), Found.ABSENT),
        ((Found.SAME, Found.ABSENT), Found.DIFFERENT),
        ((Found.SAME, Found.DIFFERENT), Found.DIFFERENT),
        ((Found.SAME, Found.RETRACTED), Found.DIFFERENT),
        ((Found.RETRACTED, Found.ABSENT), Found.RETRACTED),
        ((Found.DOUBLED, Found.RETRACTED), Found.DOUBLED),
    ],
)
def test_a_reading_is_what_its_observations_are_together(
    each: tuple[Found, ...], whole: Found
) -> None:
    assert together(each) is whole
