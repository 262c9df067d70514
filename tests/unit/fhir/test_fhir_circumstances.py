"""How was measured, and of what a mean is made: sent where it was noted, never assumed."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fhir_checks import check_bundle, empty_places
from fhir_samples import (
    DIASTOLIC,
    MEASURED,
    STEPS,
    SYSTOLIC,
    means,
    mm_hg,
    pulse,
    reading,
    submission,
)
from hypothesis import HealthCheck, given, settings

from ohx_desktop.domain.flags import Flag
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.fhir.transaction import main_entry
from ohx_desktop.review.circumstances import BodyPosition, BodySite, Circumstances, CuffSize
from ohx_desktop.review.submission import Submission

Json = dict[str, Any]
GOLDEN = Path(__file__).parents[2] / "golden" / "bp-mean-transaction.r5.json"
NOTED = Circumstances(
    position=BodyPosition.SITTING,
    site=BodySite.LEFT_UPPER_ARM,
    cuff_size=CuffSize.LARGE_ADULT,
    method="Oscillometry",
)


def _taken(minute: int, systolic: str, diastolic: str, rate: str, *flags: Flag) -> Any:
    at = MEASURED + timedelta(minutes=minute)
    return replace(
        reading(
            measured_at=at,
            quantities=(mm_hg(SYSTOLIC, systolic), mm_hg(DIASTOLIC, diastolic), pulse(rate)),
            flags=frozenset(flags),
        ),
        received_at=at,
        sequence=minute,
    )


MEMBERS = (_taken(1, "138", "84", "71"), _taken(3, "134", "82", "69", Flag.IRREGULAR_PULSE))
MEAN = replace(
    submission(_taken(4, "136", "83", "70", Flag.MEASUREMENT_AVERAGED)),
    members=MEMBERS,
    circumstances=NOTED,
)


def _observations(submitted: Submission) -> list[Json]:
    bundle = json.loads(encode(transaction_bundle(submitted)))
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [r for r in resources if r["resourceType"] == "Observation"]


def test_the_golden_mean_is_what_is_sent() -> None:
    assert encode(transaction_bundle(MEAN)) == encode(decode(GOLDEN.read_bytes()))
    check_bundle(GOLDEN.read_bytes())


def test_what_was_noted_stands_on_the_pressure_in_standard_codes() -> None:
    panel, rate = _observations(replace(submission(), circumstances=NOTED))
    assert panel["bodySite"]["coding"][0]["code"] == "368208006"
    assert panel["method"] == {"text": "Oscillometry"}
    (cuff,) = (c for c in panel["component"] if c["code"]["coding"][0]["code"] == "8358-4")
    assert cuff["valueString"] == "large adult"
    assert "bodySite" not in rate
    for resource in (panel, rate):
        (position,) = resource["extension"][1:]
        assert position["valueCodeableConcept"]["coding"][0]["code"] == "33586001"


def test_what_nobody_noted_is_not_sent() -> None:
    panel, _ = _observations(submission())
    assert not {"bodySite", "method", "derivedFrom"} & panel.keys()
    assert len(panel["extension"]) == 1
    assert "8358-4" not in json.dumps(panel)


@pytest.mark.parametrize("circumstances", [Circumstances(site=site) for site in BodySite])
def test_every_site_is_accepted(circumstances: Circumstances) -> None:
    check_bundle(encode(transaction_bundle(replace(submission(), circumstances=circumstances))))


def test_a_mean_is_linked_to_each_of_its_members_by_kind() -> None:
    bundle = json.loads(encode(transaction_bundle(MEAN)))
    entries = [e for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation"]
    names = [entry["fullUrl"] for entry in entries]
    linked = [
        [names.index(source["reference"]) for source in entry["resource"].get("derivedFrom", [])]
        for entry in entries
    ]
    # Panel and pulse of the first, of the second, and of the mean.
    assert linked == [[], [], [], [], [0, 2], [1, 3]]


def test_a_member_is_the_same_observation_as_when_it_is_sent_alone() -> None:
    alone = [o["identifier"] for o in _observations(submission(MEMBERS[0]))]
    assert [o["identifier"] for o in _observations(MEAN)[:2]] == alone


def test_a_member_keeps_its_own_warnings() -> None:
    notes = [o.get("note", [{"text": ""}])[0]["text"] for o in _observations(MEAN)]
    assert "irregular pulse" in notes[2]
    assert "mean of several" in notes[4]
    assert "irregular pulse" not in notes[4]


def test_the_mean_stands_for_the_reading() -> None:
    bundle = transaction_bundle(MEAN)
    main = bundle["entry"][main_entry(bundle)]["resource"]
    assert main["identifier"] == _observations(MEAN)[4]["identifier"]


def test_devices_of_members_are_sent_once() -> None:
    bundle = transaction_bundle(MEAN)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds.count("Device") == 2
    assert len({entry["fullUrl"] for entry in bundle["entry"]}) == len(bundle["entry"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(means())
def test_every_mean_satisfies_parser_schema_and_profiles(submitted: Submission) -> None:
    payload = encode(transaction_bundle(submitted))
    check_bundle(payload)
    assert empty_places(json.loads(payload)) == []


def test_what_counts_over_a_time_has_the_period() -> None:
    (observation,) = _observations(submission(STEPS))
    assert observation["effectivePeriod"] == {
        "start": "2026-11-23T00:00:00+01:00",
        "end": "2026-11-24T00:00:00+01:00",
    }
    assert "effectiveDateTime" not in observation
    assert observation["category"][0]["coding"][0]["code"] == "activity"
    assert observation["valueQuantity"]["code"] == "{steps}"
