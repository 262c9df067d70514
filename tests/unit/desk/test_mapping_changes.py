"""The preview of a mapping tells what changes, all of it, and alters no value it does not name."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from ohx_desktop.desk.mapping_changes import difference
from ohx_desktop.desk.mapping_difference import Change, Difference, Element, Part, Side
from ohx_desktop.desk.sample_readings import Sample, sample_submission
from ohx_desktop.domain.quantity import Quantity, QuantityKind
from ohx_desktop.fhir.mapping import BUILT_IN, MappingRules, transaction_bundle
from ohx_desktop.fhir.mapping_file import rules_in

K = QuantityKind


def _differing(sample: Sample, text: str, before: MappingRules = BUILT_IN) -> Difference:
    return difference(sample_submission(sample), before, rules_in(text.encode(), "mapping.toml"))


def _side(found: Difference, side: Side) -> str:
    """Return the JSON of one side, as it would stand alone."""
    return "\n".join(line.text for line in found.lines if line.side in {Side.BOTH, side})


@pytest.mark.parametrize("sample", Sample)
def test_an_empty_mapping_changes_nothing(sample: Sample) -> None:
    found = _differing(sample, "")
    assert (found.changes, found.quantities_left_out, found.parts_left_out) == ((), (), ())
    assert {line.side for line in found.lines} == {Side.BOTH}


def test_another_unit_is_told_with_both_values_as_sent() -> None:
    found = _differing(Sample.WEIGHT, '[quantities.body_weight]\nunit = "kg"\n')
    (change,) = found.changes
    assert change.element is Element.VALUE
    assert (change.before, change.after) == (("165.2 lb",), ("74.93 kg",))
    assert '"value": 165.2,' in _side(found, Side.BEFORE)
    assert '"value": 74.93,' in _side(found, Side.AFTER)


def test_what_is_left_out_is_told_and_its_neighbours_stay_unchanged() -> None:
    text = "[quantities.mean_arterial_pressure]\nsend = false\n[send]\nprovenance = false\n"
    found = _differing(Sample.BLOOD_PRESSURE, text)
    assert found.changes == ()
    assert found.quantities_left_out == (K.MEAN_ARTERIAL_PRESSURE,)
    assert found.parts_left_out == (Part.PROVENANCE,)


def test_a_component_is_compared_with_itself_where_one_before_it_is_left_out() -> None:
    text = (
        "[quantities.mean_arterial_pressure]\nsend = false\n"
        '[quantities.diastolic_blood_pressure]\ntext = "Lower"\n'
    )
    (change,) = _differing(Sample.BLOOD_PRESSURE, text).changes
    assert change.element is Element.TEXT
    assert change.after == ("Lower",)
    assert "astolic" in change.subject


def test_a_reading_of_which_nothing_may_be_sent_is_told() -> None:
    found = _differing(Sample.TEMPERATURE, "[quantities.body_temperature]\nsend = false\n")
    assert found.nothing_sent is not None
    assert {line.side for line in found.lines} == {Side.BEFORE}


def test_every_element_that_a_mapping_may_change_is_told() -> None:
    text = """
tags = [{system = "https://clinic.example/tags", code = "kiosk"}]
[quantities.body_weight]
unit = "kg"
text = "Weight"
profiles = []
codes = [{system = "http://loinc.org", code = "3141-9"}]
categories = [{system = "https://clinic.example/cat", code = "desk"}]
"""
    found = _differing(Sample.WEIGHT, text)
    assert {change.element for change in found.changes} == set(Element)
    gone = [change for change in found.changes if change.element is Element.PROFILE]
    assert [change.after for change in gone if change.subject == "Body weight"] == [()]


@pytest.mark.parametrize("sample", Sample)
def test_the_json_is_what_would_be_sent_digit_for_digit(sample: Sample) -> None:
    submission = sample_submission(sample)
    found = difference(submission, BUILT_IN, BUILT_IN)
    entries = transaction_bundle(submission)["entry"]
    sent = [e["resource"] for e in entries if e["resource"]["resourceType"] == "Observation"]
    shown, text = [], _side(found, Side.AFTER)
    decoder = json.JSONDecoder(parse_float=Decimal)
    while text.strip():
        resource, end = decoder.raw_decode(text.lstrip())
        shown.append(resource)
        text = text.lstrip()[end:]
    assert shown == sent


def test_trailing_zeros_of_a_value_are_kept() -> None:
    submission = sample_submission(Sample.TEMPERATURE)
    (quantity,) = submission.reading.quantities
    exact = Quantity(kind=quantity.kind, value=Decimal("36.50"), unit=quantity.unit)
    reading = replace(submission.reading, quantities=(exact,))
    found = difference(replace(submission, reading=reading), BUILT_IN, BUILT_IN)
    assert '"value": 36.50,' in _side(found, Side.AFTER)


def test_a_mapping_that_restores_the_built_in_codes_is_told_too() -> None:
    other = rules_in(
        b'[quantities.body_weight]\nmore_codes = [{system = "urn:oid:1.2.3", code = "W"}]\n', "own"
    )
    (change,) = _differing(Sample.WEIGHT, "", before=other).changes
    assert isinstance(change, Change)
    assert set(change.before) - set(change.after) == {"W (urn:oid:1.2.3)"}
