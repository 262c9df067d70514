"""A reading filed again is the same reading, of another patient, with nothing of the first one."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fhir_checks import check_bundle, empty_places
from fhir_samples import GATEWAY, means, submission, submissions
from hypothesis import given, settings

from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.look_up import observations_in
from ohx_desktop.fhir.mapping import as_r4, transaction_bundle
from ohx_desktop.fhir.mapping.refiling import Refiling, refiled_bundle
from ohx_desktop.fhir.normal_form import normal_form
from ohx_desktop.review.circumstances import Circumstances, CuffSize
from ohx_desktop.review.submission import Submission

Json = dict[str, Any]
GOLDEN = Path(__file__).parents[2] / "golden" / "bp-refiled.r5.json"
RIGHT = "Patient/the-right-one"
AT = datetime.fromisoformat("2026-11-23T10:05:00.250+01:00")


def _stored(bundle: Json) -> list[Json]:
    """Return the Observations of a Bundle as a server holds them, with links between them."""
    found = [(entry["fullUrl"], entry["resource"]) for entry in decode(encode(bundle))["entry"]]
    names = {url: f"{resource['resourceType']}/{n}" for n, (url, resource) in enumerate(found)}
    return [
        _linked(resource, names) | {"id": str(n), "issued": "2026-11-23T09:42:31Z"}
        for n, (_, resource) in enumerate(found)
        if resource["resourceType"] == "Observation"
    ]


def _linked(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            k: names.get(v, v) if k == "reference" else _linked(v, names) for k, v in value.items()
        }
    return [_linked(each, names) for each in value] if isinstance(value, list) else value


def _refiled(whole: Submission, stored: list[Json]) -> Json:
    decision = Refiling(
        reading_id=whole.reading.id,
        filed_for=whole.patient,
        patient=RIGHT,
        by="Practitioner/prac-12",
        at=AT,
        gateway=GATEWAY,
    )
    return refiled_bundle(decision, stored, [each["identifier"][0] for each in stored])


# Each is judged by three checkers.
@settings(deadline=None, max_examples=30)
@given(submissions | means())
def test_the_values_are_those_that_were_confirmed_and_the_patient_is_the_right_one(
    whole: Submission,
) -> None:
    stored = _stored(transaction_bundle(whole))
    again = _refiled(whole, stored)
    assert again == _refiled(whole, stored)
    check_bundle(encode(again))
    assert empty_places(again) == []
    measured = [resource for _, resource in observations_in(again)]
    for old, new in zip(stored, measured, strict=True):
        assert normal_form(new) == replace(normal_form(old), subject=RIGHT)
        assert new["identifier"] != old["identifier"]
        assert new.get("note") == old.get("note")
        assert len(new.get("derivedFrom", [])) == len(old.get("derivedFrom", []))


@settings(deadline=None, max_examples=40)
@given(submissions)
def test_its_names_are_those_that_filing_it_rightly_at_once_would_have_given(
    whole: Submission,
) -> None:
    again = _refiled(whole, _stored(transaction_bundle(whole)))
    rightly = transaction_bundle(replace(whole, patient=RIGHT))
    assert [each["identifier"] for _, each in observations_in(again)] == [
        each["identifier"] for _, each in observations_in(rightly)
    ]


def test_nothing_of_the_first_patient_goes_along() -> None:
    whole = submission(
        performer="Patient/pat-4711", encounter="Encounter/enc-771", based_on="ServiceRequest/sr-9"
    )
    stored = _stored(transaction_bundle(whole))
    for each in stored:
        each["note"] = [
            *each.get("note", []),
            {"text": "Mrs Bennett was upset.", "time": "2026-11-23T11:00:00Z"},
            {"text": "Seen with Mrs Bennett.", "authorString": "Dr Rao"},
        ]
        each["text"] = {"status": "generated", "div": "<div>Bennett</div>"}
        each["meta"] |= {"versionId": "3", "security": [{"code": "R"}]}
        each["identifier"].append({"system": "urn:own", "value": "accession-1"})
        each["hasMember"] = [{"reference": "Observation/of-bennett"}]
        each["derivedFrom"] = [{"reference": "Observation/of-bennett"}]
        each["focus"] = [{"reference": "Patient/pat-4711"}]
        each["extension"].append({"url": "urn:own", "valueString": "Bennett"})
    told = encode(_refiled(whole, stored)).decode()
    for trace in ("pat-4711", "enc-771", "sr-9", "Bennett", "accession-1", "security", "issued"):
        assert trace not in told
    assert "irregular pulse" in told


def test_a_server_that_writes_addresses_out_is_understood() -> None:
    whole = submission()
    stored = _stored(transaction_bundle(whole))
    plain = _refiled(whole, stored)
    for each in stored:
        each["performer"] = [{"reference": "https://ehr.example.org/fhir/Practitioner/prac-12"}]
        each["subject"] = {"reference": "https://ehr.example.org/fhir/Patient/pat-4711"}
    assert _refiled(whole, stored) == plain


def test_the_size_of_the_cuff_stays_in_both_versions() -> None:
    whole = replace(submission(), circumstances=Circumstances(cuff_size=CuffSize.LARGE_ADULT))
    bundle = transaction_bundle(whole)
    for form in (bundle, as_r4(bundle)):
        assert "large adult" in encode(_refiled(whole, _stored(form))).decode()


def test_the_new_record_says_what_it_stands_in_place_of() -> None:
    stored = _stored(transaction_bundle(submission()))
    record = _refiled(submission(), stored)["entry"][-1]["resource"]
    assert [each["role"] for each in record["entity"]] == ["source", "revision", "revision"]
    assert [each["what"]["identifier"] for each in record["entity"][1:]] == [
        each["identifier"][0] for each in stored
    ]
    assert record["patient"] == {"reference": RIGHT}


def test_the_bytes_of_a_refiled_reading_are_these() -> None:
    payload = encode(_refiled(submission(), _stored(transaction_bundle(submission()))))
    assert json.loads(payload) == json.loads(GOLDEN.read_bytes())
