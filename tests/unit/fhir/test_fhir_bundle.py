"""What is sent for a submission: the golden Bundle, and laws that hold for every submission."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir_checks import check_bundle, empty_places
from fhir_samples import (
    CUFF,
    DIASTOLIC,
    MEASURED,
    SYSTOLIC,
    mm_hg,
    pulse,
    reading,
    submission,
    submissions,
)
from hypothesis import HealthCheck, given, settings

from ohx_desktop.domain.device import ClockTrust, DeviceClock
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import UNITS, QuantityKind, Unit, pressure
from ohx_desktop.domain.reading import Source
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import as_r4, transaction_bundle
from ohx_desktop.fhir.mapping.codes import SOURCE_CODES
from ohx_desktop.fhir.mapping.flag_codes import FLAG_CODES
from ohx_desktop.fhir.mapping.quantity_codes import QUANTITY_CODES, UNIT_NAMES
from ohx_desktop.review.submission import Submission

GOLDEN = Path(__file__).parents[2] / "golden" / "bp-transaction.r5.json"
Json = dict[str, Any]
_thorough = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _resources(submitted: Submission, resource_type: str = "Observation") -> list[Json]:
    bundle = transaction_bundle(submitted)
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [r for r in resources if r["resourceType"] == resource_type]


def _note(resource: Json) -> str:
    return str(resource.get("note", [{"text": ""}])[0]["text"])


def test_the_golden_bundle_is_what_is_sent() -> None:
    assert encode(transaction_bundle(submission())) == encode(decode(GOLDEN.read_bytes()))


def test_the_golden_bundle_of_an_order_is_what_is_sent_and_valid() -> None:
    """Each Observation is based on the order, in R4 as in R5."""
    ordered = transaction_bundle(submission(based_on="ServiceRequest/order-31"))
    golden = GOLDEN.with_name("bp-ordered-transaction.r5.json").read_bytes()
    assert encode(ordered) == encode(decode(golden))
    check_bundle(golden)
    in_r4 = [entry["resource"] for entry in as_r4(ordered)["entry"]]
    basis = [r["basedOn"] for r in in_r4 if r["resourceType"] == "Observation"]
    assert basis == [[{"reference": "ServiceRequest/order-31"}]] * 2


def test_the_golden_bundle_satisfies_parser_schema_and_profiles() -> None:
    check_bundle(GOLDEN.read_bytes())


@_thorough
@given(submissions)
def test_every_submission_satisfies_parser_schema_and_profiles(submitted: Submission) -> None:
    payload = encode(transaction_bundle(submitted))
    check_bundle(payload)
    assert empty_places(json.loads(payload)) == []


@_thorough
@given(submissions)
def test_the_same_submission_gives_the_same_bytes(submitted: Submission) -> None:
    again = replace(submitted, reading=replace(submitted.reading))
    assert encode(transaction_bundle(again)) == encode(transaction_bundle(submitted))


@_thorough
@given(submissions)
def test_no_value_is_lost_or_changed_on_its_way(submitted: Submission) -> None:
    sent: list[Decimal] = []
    for resource in _resources(submitted):
        for part in [resource, *resource.get("component", [])]:
            sent += [part["valueQuantity"]["value"]] if "valueQuantity" in part else []
    assert sorted(map(str, sent)) == sorted(str(q.value) for q in submitted.reading.quantities)


@_thorough
@given(submissions)
def test_inner_references_lead_somewhere_and_no_placeholder_is_a_condition(
    submitted: Submission,
) -> None:
    bundle = transaction_bundle(submitted)
    names = [entry["fullUrl"] for entry in bundle["entry"]]
    text = encode(bundle).decode()
    assert len(set(names)) == len(names)
    for part in text.split('"reference":"')[1:]:
        reference = part.partition('"')[0]
        assert reference in names or "/" in reference
    for entry in bundle["entry"]:
        assert not any(name in entry["request"].get("ifNoneExist", "") for name in names)


def test_the_same_reading_for_another_patient_is_another_observation() -> None:
    mine = {r["identifier"][0]["value"] for r in _resources(submission())}
    other = {r["identifier"][0]["value"] for r in _resources(submission(patient="Patient/other"))}
    assert not mine & other


def test_a_reading_confirmed_by_someone_else_keeps_its_identifiers() -> None:
    mine = [r["identifier"] for r in _resources(submission())]
    other = [r["identifier"] for r in _resources(submission(verifier=None, performer=None))]
    assert mine == other


def test_a_self_measured_reading_names_the_patient_as_performer() -> None:
    submitted = submission(performer="Patient/pat-4711", verifier=None, encounter=None)
    (provenance,) = _resources(submitted, "Provenance")
    agents = [(a["type"]["coding"][0]["code"], a["who"]) for a in provenance["agent"]]
    assert agents[0] == ("performer", {"reference": "Patient/pat-4711"})
    assert [code for code, _ in agents] == ["performer", "author", "assembler"]
    assert all("encounter" not in r for r in _resources(submitted))


def test_a_manual_entry_has_no_device_and_says_so() -> None:
    by_hand = reading(source=Source.MANUAL, device=None, flags=frozenset({Flag.MANUAL_ENTRY}))
    bundle = transaction_bundle(submission(by_hand))
    check_bundle(encode(bundle))
    assert [e["resource"]["resourceType"] for e in bundle["entry"]].count("Device") == 1
    for resource in _resources(submission(by_hand)):
        assert "device" not in resource
        assert _note(resource) == "The values were entered by hand."
        assert len(resource["category"]) == 1


def test_a_missing_diastolic_is_absent_and_not_zero() -> None:
    only = reading(quantities=(mm_hg(SYSTOLIC, "138"),))
    (panel,) = _resources(submission(only))
    assert "valueQuantity" not in panel["component"][1]
    assert panel["component"][1]["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    check_bundle(encode(transaction_bundle(submission(only))))


def test_a_pulse_alone_carries_the_words_of_the_flags() -> None:
    (only,) = _resources(submission(reading(quantities=(pulse("71"),))))
    assert "irregular pulse" in _note(only)
    assert "component" not in only


def test_kilopascals_are_told_in_the_note_as_the_device_showed_them() -> None:
    quantities = (
        pressure(SYSTOLIC, Decimal("18.4"), Unit.KILOPASCAL),
        pressure(DIASTOLIC, Decimal("11.2"), Unit.KILOPASCAL),
    )
    (panel,) = _resources(submission(reading(quantities=quantities, flags=frozenset())))
    assert _note(panel) == (
        "Systolic blood pressure was measured as 18.4 kPa. "
        "Diastolic blood pressure was measured as 11.2 kPa."
    )
    assert panel["component"][0]["valueQuantity"]["value"] == Decimal("138.0")


@pytest.mark.parametrize("flag", list(Flag))
def test_every_flag_is_said_in_words(flag: Flag) -> None:
    panel, *_ = _resources(submission(reading(flags=frozenset({flag}))))
    assert FLAG_CODES[flag].words in _note(panel)


def test_a_status_bit_is_sent_only_where_the_device_vouches_for_it() -> None:
    def bits(*flags: Flag) -> dict[str, bool]:
        panel, *_ = _resources(submission(reading(flags=frozenset(flags))))
        parts = [part for part in panel["component"] if "valueBoolean" in part]
        return {part["code"]["coding"][0]["code"]: part["valueBoolean"] for part in parts}

    assert bits() == {}
    assert bits(Flag.IRREGULAR_PULSE) == {"8410608.2": True}
    assert bits(Flag.CUFF_FIT_OK) == {"8410608.1": False}
    assert bits(Flag.CUFF_FIT_OK, Flag.CUFF_TOO_LOOSE) == {"8410608.1": True}
    assert bits(Flag.PULSE_OUT_OF_RANGE, Flag.USER_CONFIRMED) == {}


@pytest.mark.parametrize(
    ("measured_at", "clock", "expected"),
    [
        (MEASURED, DeviceClock(trust=ClockTrust.DEVICE), ""),
        (None, DeviceClock(trust=ClockTrust.RECEIVED), "that of reception"),
        (MEASURED, DeviceClock(trust=ClockTrust.RECEIVED), "that of reception"),
        (None, DeviceClock(trust=ClockTrust.UNKNOWN), "that of reception"),
        (MEASURED, DeviceClock(trust=ClockTrust.UNKNOWN), "may be wrong"),
        (
            MEASURED,
            DeviceClock(
                device=datetime(2026, 11, 23, 9, 39, 2),
                offset_s=-125.0,
                trust=ClockTrust.CORRECTED,
            ),
            "was 125 s behind; the time given is corrected. The device showed 2026-11-23 09:39:02.",
        ),
    ],
)
def test_a_doubtful_time_is_told_on_every_observation(
    measured_at: datetime | None, clock: DeviceClock, expected: str
) -> None:
    doubted = reading(measured_at=measured_at, clock=clock, flags=frozenset())
    for resource in _resources(submission(doubted)):
        assert expected in _note(resource)
        assert bool(expected) == bool(_note(resource))
        assert resource["effectiveDateTime"].startswith("2026-11-23T09:41:")


def test_times_keep_their_offset_and_seconds() -> None:
    panel, *_ = _resources(submission())
    assert panel["effectiveDateTime"] == "2026-11-23T09:41:07+01:00"
    odd = MEASURED.astimezone(timezone(timedelta(hours=1, seconds=28)))
    panel, *_ = _resources(submission(reading(measured_at=odd)))
    assert panel["effectiveDateTime"] == "2026-11-23T08:41:07+00:00"


def test_a_large_exponent_is_written_out_as_readers_expect_it() -> None:
    (panel,) = _resources(submission(reading(quantities=(mm_hg(SYSTOLIC, "1.2E+2"),))))
    assert b'"value":120,' in encode(panel)


def test_every_kind_flag_and_source_has_its_row() -> None:
    assert set(QUANTITY_CODES) == set(QuantityKind)
    assert set(UNIT_NAMES) == set().union(*UNITS.values())
    assert set(FLAG_CODES) == set(Flag)
    assert set(SOURCE_CODES) == set(Source)


def test_loinc_codes_have_right_check_digits() -> None:
    rows = QUANTITY_CODES.values()
    codes = [code for row in rows for code, _ in (*row.loinc, *row.by_unit.values())]
    for loinc in codes + [row.panel.loinc[0] for row in rows if row.panel]:
        number, _, check = loinc.partition("-")
        assert _mod10(number) == int(check)


def _mod10(number: str) -> int:
    """LOINC's check digit: every second digit from the right doubled, digit sums, modulo 10."""
    total = 0
    for position, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value // 10 + value % 10
    return -total % 10


def test_cuff_of_the_sample_is_found_by_its_address() -> None:
    cuff, gateway = _resources(submission(), "Device")
    assert cuff["identifier"][0]["value"] == "A4-C1-38-0B-11-2E"
    assert CUFF.serial == cuff["serialNumber"]
    assert gateway["identifier"][0]["value"].endswith("c396a28e5e2f")
