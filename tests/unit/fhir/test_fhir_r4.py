"""The R4 form: made of the queued R5 Bundle, strict R4 elements, every measured digit kept."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir_samples import submission, submissions
from hypothesis import HealthCheck, given, settings

from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import as_r4, transaction_bundle
from ohx_desktop.review.circumstances import NOTHING_NOTED, Circumstances, CuffSize
from ohx_desktop.review.submission import Submission

GOLDEN = Path(__file__).parents[2] / "golden" / "bp-transaction.r4.json"
Json = dict[str, Any]
_thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _of_type(bundle: Json, resource_type: str) -> list[Json]:
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [r for r in resources if r["resourceType"] == resource_type]


def test_the_golden_bundle_is_what_an_r4_server_gets() -> None:
    rendered = encode(as_r4(transaction_bundle(submission())))
    assert rendered == encode(decode(GOLDEN.read_bytes()))


@_thorough
@given(submissions)
def test_every_submission_has_an_r4_form_that_a_strict_parser_accepts(
    submitted: Submission,
) -> None:
    # R4B has the elements of R4 in all resources that are sent.
    Bundle.model_validate_json(encode(as_r4(transaction_bundle(submitted))))


@_thorough
@given(submissions)
def test_observations_and_requests_are_the_same_bytes_in_both_versions(
    submitted: Submission,
) -> None:
    r5 = transaction_bundle(replace(submitted, circumstances=NOTHING_NOTED))
    r4 = as_r4(r5)
    assert list(map(encode, _of_type(r4, "Observation"))) == list(
        map(encode, _of_type(r5, "Observation"))
    )
    for old, new in zip(r5["entry"], r4["entry"], strict=True):
        assert (old["fullUrl"], old["request"]) == (new["fullUrl"], new["request"])


@_thorough
@given(submissions)
def test_what_was_queued_and_read_again_gives_the_same_r4_bytes(submitted: Submission) -> None:
    r5 = transaction_bundle(submitted)
    assert encode(as_r4(decode(encode(r5)))) == encode(as_r4(r5))


@pytest.mark.parametrize("size", CuffSize)
def test_the_cuff_is_said_in_words_where_r4_allows_no_component_for_it(size: CuffSize) -> None:
    noted = replace(submission(), circumstances=Circumstances(cuff_size=size))
    new, old = (
        _of_type(bundle, "Observation")[0]
        for bundle in (transaction_bundle(noted), as_r4(transaction_bundle(noted)))
    )
    (cuff,) = (part for part in new["component"] if "valueString" in part)
    assert old["component"] == [part for part in new["component"] if part != cuff]
    assert [note["text"] for note in old["note"]] == [
        new["note"][0]["text"],
        f"Blood pressure device Cuff size: {cuff['valueString']}.",
    ]
    unsaid = {"component", "note"}
    assert {n: v for n, v in old.items() if n not in unsaid} == {
        n: v for n, v in new.items() if n not in unsaid
    }


def test_what_a_device_can_do_is_its_specialization() -> None:
    cuff, gateway = _of_type(as_r4(transaction_bundle(submission())), "Device")
    assert cuff["type"]["coding"][0]["code"] == "65573"
    assert [s["systemType"]["coding"][0]["code"] for s in cuff["specialization"]] == ["528391"]
    assert gateway["type"]["coding"][0]["code"] == "531981"
    assert "specialization" not in gateway
    assert "displayName" not in json.dumps([cuff, gateway])


def test_the_queued_bundle_is_left_as_it_was() -> None:
    r5 = transaction_bundle(submission())
    before = encode(r5)
    as_r4(r5)
    assert encode(r5) == before
