"""A clinic's own mapping: it changes what is asked, never a name, and never a measured value."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir_checks import check_bundle
from fhir_samples import mm_hg, pulse, reading, submission, submissions
from hypothesis import HealthCheck, given, settings

from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.domain.quantity import (
    UNITS,
    Quantity,
    QuantityKind,
    Unit,
    can_exchange,
    in_unit,
)
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import BUILT_IN, MappingRules, transaction_bundle
from ohx_desktop.fhir.mapping.rules import ElementRules
from ohx_desktop.fhir.mapping_file import line_of, load_rules, read_rules
from ohx_desktop.review.submission import Submission

Json = dict[str, Any]
K = QuantityKind


def _rules(tmp_path: Path, text: str) -> MappingRules:
    file = tmp_path / "mapping.toml"
    file.write_text(text, encoding="utf-8")
    return read_rules(file)


def _refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        _rules(tmp_path, text)
    return caught.value.what


def _observations(submitted: Submission, rules: MappingRules) -> list[Json]:
    bundle = json.loads(encode(transaction_bundle(submitted, rules)))
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [r for r in resources if r["resourceType"] == "Observation"]


def _weight(value: str, unit: Unit) -> Submission:
    quantity = Quantity(kind=K.BODY_WEIGHT, value=Decimal(value), unit=unit)
    return submission(reading(quantities=(quantity,), flags=frozenset()))


WHOLE = """
tags = [{system = "https://clinic.example/tags", code = "kiosk"}]

[quantities.body_weight]
unit = "kg"
codes = [
  {system = "http://loinc.org", code = "29463-7", display = "Body weight"},
  {system = "http://loinc.org", code = "3141-9", display = "Body weight Measured"},
]

[quantities.mean_arterial_pressure]
send = false

[quantities.pulse_rate]
more_codes = [{system = "https://clinic.example/codes", code = "PULS", display = "Puls"}]
text = "Puls"

[panels.blood_pressure]
profiles = ["http://hl7.org/fhir/StructureDefinition/bp", "https://clinic.example/bp"]
"""


def test_what_a_clinic_changes_is_sent_and_still_satisfies_its_profiles(tmp_path: Path) -> None:
    rules = _rules(tmp_path, WHOLE)
    check_bundle(encode(transaction_bundle(_weight("82.5", Unit.KILOGRAM), rules)))
    panel, rate = _observations(submission(), rules)
    assert len(panel["meta"]["profile"]) == 2
    assert panel["meta"]["tag"][-1] == {"system": "https://clinic.example/tags", "code": "kiosk"}
    assert "8478-0" not in json.dumps(panel)
    assert rate["code"]["text"] == "Puls"
    assert rate["code"]["coding"][-1]["code"] == "PULS"


def test_a_weight_in_pounds_is_sent_in_kilograms_and_told_as_it_was_shown(tmp_path: Path) -> None:
    (weight,) = _observations(_weight("165.4", Unit.POUND), _rules(tmp_path, WHOLE))
    assert weight["valueQuantity"]["code"] == "kg"
    assert weight["valueQuantity"]["value"] == pytest.approx(75.02)
    assert "was measured as 165.4 [lb_av]" in weight["note"][0]["text"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(submissions)
def test_no_rule_changes_the_name_of_an_observation(submitted: Submission) -> None:
    coded = ElementRules(codings=({"system": "urn:x", "code": "1"},), profiles=())
    rules = MappingRules(kinds=dict.fromkeys(K, coded), blood_pressure=coded)
    names = [o["identifier"] for o in _observations(submitted, rules)]
    assert names == [o["identifier"] for o in _observations(submitted, BUILT_IN)]


def test_without_a_change_the_bytes_are_the_built_in_ones(tmp_path: Path) -> None:
    rules = _rules(tmp_path, "")
    assert rules == BUILT_IN
    assert encode(transaction_bundle(submission(), rules)) == encode(
        transaction_bundle(submission())
    )


def test_a_kind_that_is_not_sent_leaves_no_trace(tmp_path: Path) -> None:
    rules = _rules(tmp_path, "[quantities.pulse_rate]\nsend = false\n")
    (panel,) = _observations(submission(), rules)
    assert "8867-4" not in json.dumps(panel)
    bundle = transaction_bundle(submission(), rules)
    assert len(bundle["entry"][-1]["resource"]["target"]) == 1


def test_a_reading_of_which_nothing_may_be_sent_is_refused(tmp_path: Path) -> None:
    rules = _rules(tmp_path, "[quantities.pulse_rate]\nsend = false\n")
    only = submission(reading(quantities=(pulse("71"),)))
    with pytest.raises(ConfigurationError, match="nothing of this reading"):
        transaction_bundle(only, rules)


def test_devices_and_provenance_can_be_left_out_and_are_named_then(tmp_path: Path) -> None:
    rules = _rules(tmp_path, "[send]\ndevices = false\nprovenance = false\n")
    payload = encode(transaction_bundle(submission(), rules))
    check_bundle(payload)
    kinds = {entry["resource"]["resourceType"] for entry in decode(payload)["entry"]}
    assert kinds == {"Observation"}
    panel, _ = _observations(submission(), rules)
    assert panel["device"] == {"display": "Example Medical Ltd BPM-200"}
    assert panel["extension"][0]["valueReference"]["identifier"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[quantities.body_weight\n", "not valid TOML"),
        ("x = 1\n", "line 1, x: Extra inputs"),
        ("\n[quantities.weight]\nsend = false\n", "line 2, quantities.weight"),
        ('[quantities.body_weight]\nunit = "stone"\n', "line 2, quantities.body_weight.unit"),
        (
            '[quantities.body_weight]\nunit = "mm[Hg]"\n',
            "line 1, quantities.body_weight: it cannot",
        ),
        ('[quantities.blood_glucose]\nunit = "mmol/L"\n', "it cannot be told in mmol/L"),
        ("[quantities.body_weight]\ncodes = []\n", "line 2, quantities.body_weight.codes"),
        (
            '[quantities.body_weight]\ncodes = [{system = "http://loinc.org", code = "3141-9"}]\n',
            "demands the code 29463-7",
        ),
        (
            '[quantities.body_weight]\ncategories = [{system = "urn:x", code = "y"}]\n',
            "demands the category vital-signs",
        ),
        (
            '[quantities.body_weight]\nmore_codes = [{system = "loinc", code = "1"}]\n',
            "line 2, quantities.body_weight.more_codes.0.system",
        ),
        ("[quantities.systolic_blood_pressure]\nsend = false\n", "both pressures"),
        ("[quantities.diastolic_blood_pressure]\nprofiles = []\n", "panels.blood_pressure"),
        ('[quantities.pulse_rate]\ntext = "\\u0007"\n', "printable"),
        ('[panels.blood_pressure]\ncodes = [{system = "urn:x", code = "1"}]\n', "85354-9"),
    ],
)
def test_a_broken_file_is_refused_with_its_line_and_the_reason(
    tmp_path: Path, text: str, told: str
) -> None:
    assert told in _refusal(tmp_path, text)


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    told = _refusal(tmp_path, "[send]\ndevice = 1\n[panels.weight]\nsend = true\n")
    assert "line 2, send.device" in told
    assert "line 3, panels.weight" in told


def test_the_last_good_mapping_stays_when_the_file_breaks(tmp_path: Path) -> None:
    file, kept = tmp_path / "mapping.toml", tmp_path / "mapping.last-good.toml"
    assert load_rules(file, kept).rules == BUILT_IN
    file.write_text("[quantities.pulse_rate]\nsend = false\n")
    good = load_rules(file, kept)
    assert good.problem is None
    file.write_text("[quantities.pulse_rate]\nsend = fal")
    broken = load_rules(file, kept)
    assert broken.rules == good.rules != BUILT_IN
    assert broken.problem is not None
    assert "mapping.toml is not valid TOML" in str(broken.problem)
    assert "still sent" in str(broken.problem)


def test_a_first_file_that_is_broken_leaves_the_built_in_mapping(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_bytes(b"\xff\xfe")
    loaded = load_rules(file, tmp_path / "last-good.toml")
    assert loaded.rules == BUILT_IN
    assert loaded.problem is not None


def test_the_line_of_what_is_not_there_is_that_of_what_holds_it() -> None:
    text = "# a comment\n[quantities.body_weight] # the scale\nunit = 'kg'\n"
    assert line_of(text, ["quantities", "body_weight", "codes", "0"]) == 2
    assert line_of(text, ["quantities", "body_weight", "unit"]) == 3
    assert line_of(text, ["panels"]) is None


@pytest.mark.parametrize("kind", K)
def test_units_are_exchanged_only_where_every_value_can_be(kind: QuantityKind) -> None:
    exchangeable = {unit for unit in Unit if can_exchange(kind, unit)}
    assert exchangeable <= UNITS[kind]
    assert kind is not K.BLOOD_GLUCOSE or not exchangeable


@pytest.mark.parametrize(
    ("kind", "value", "unit", "into", "expected"),
    [
        (K.BODY_WEIGHT, "165.35", Unit.POUND, Unit.KILOGRAM, "75.001"),
        (K.BODY_WEIGHT, "75.0", Unit.KILOGRAM, Unit.POUND, "165.3"),
        (K.BODY_HEIGHT, "68.9", Unit.INCH, Unit.CENTIMETRE, "175.0"),
        (K.BODY_TEMPERATURE, "98.6", Unit.FAHRENHEIT, Unit.CELSIUS, "37.00"),
        (K.BODY_TEMPERATURE, "36.4", Unit.CELSIUS, Unit.FAHRENHEIT, "97.5"),
        (K.BODY_WEIGHT, "75.00", Unit.KILOGRAM, Unit.KILOGRAM, "75.00"),
    ],
)
def test_an_exchanged_value_is_as_fine_as_the_original_and_keeps_it(
    kind: QuantityKind, value: str, unit: Unit, into: Unit, expected: str
) -> None:
    told = in_unit(Quantity(kind=kind, value=Decimal(value), unit=unit), into)
    assert (str(told.value), told.unit) == (expected, into)
    if unit is not into:
        assert told.original is not None
        assert (str(told.original.value), told.original.unit) == (value, unit)


def test_a_pressure_is_not_told_in_kilograms() -> None:
    with pytest.raises(ValueError, match="cannot be told"):
        in_unit(mm_hg(K.SYSTOLIC_BLOOD_PRESSURE, "120"), Unit.KILOGRAM)
