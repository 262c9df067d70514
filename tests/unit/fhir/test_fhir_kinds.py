"""Scales, thermometers, oximeters and meters as they are sent: golden files and codes by kind."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhir_checks import check_bundle
from fhir_samples import pulse, reading, submission

from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import UNITS, QuantityKind, Unit, measured
from ohx_desktop.domain.reading import Reading
from ohx_desktop.fhir.encoding import decode, encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.fhir.mapping.device import device_of
from ohx_desktop.fhir.mapping.quantity_codes import QUANTITY_CODES

Json = dict[str, Any]
GOLDEN = Path(__file__).parents[2] / "golden"
K = QuantityKind
SCALE = DeviceIdentity(
    manufacturer="Example Medical Ltd",
    model="BCS-10",
    address="F0:45:DA:7C:02:91",
    serial="7C0291",
    firmware="2.0.0",
)


def _measured(
    *rows: tuple[QuantityKind, str, Unit], flags: frozenset[Flag] = frozenset()
) -> Reading:
    return reading(
        device=SCALE,
        quantities=tuple(measured(kind, Decimal(value), unit) for kind, value, unit in rows),
        flags=flags,
    )


SAMPLES = {
    "scale": _measured(
        (K.BODY_WEIGHT, "82.65", Unit.KILOGRAM),
        (K.BODY_HEIGHT, "1.780", Unit.METRE),
        (K.BODY_MASS_INDEX, "26.1", Unit.KILOGRAM_PER_SQUARE_METRE),
        (K.BODY_FAT_PERCENTAGE, "24.3", Unit.PERCENT),
        (K.BASAL_METABOLISM, "7025", Unit.KILOJOULE_PER_DAY),
        (K.MUSCLE_PERCENTAGE, "39.3", Unit.PERCENT),
        (K.MUSCLE_MASS, "32.50", Unit.KILOGRAM),
        (K.LEAN_MASS, "62.55", Unit.KILOGRAM),
        (K.SOFT_LEAN_MASS, "59.40", Unit.KILOGRAM),
        (K.BODY_WATER_MASS, "43.25", Unit.KILOGRAM),
        (K.IMPEDANCE, "452.0", Unit.OHM),
    ),
    "thermometer": _measured(
        (K.BODY_TEMPERATURE, "98.6", Unit.FAHRENHEIT), flags=frozenset({Flag.AT_EAR})
    ),
    "oximeter": _measured(
        (K.OXYGEN_SATURATION, "97", Unit.PERCENT),
        (K.PULSE_RATE, "72", Unit.PER_MINUTE),
        flags=frozenset({Flag.LOW_PERFUSION}),
    ),
    "glucose": _measured(
        (K.BLOOD_GLUCOSE, "0.00105", Unit.KILOGRAM_PER_LITRE), flags=frozenset({Flag.FASTING})
    ),
}


def _observations(measured_: Reading) -> list[Json]:
    bundle = json.loads(encode(transaction_bundle(submission(measured_))))
    resources = [entry["resource"] for entry in bundle["entry"]]
    return [r for r in resources if r["resourceType"] == "Observation"]


def _codes(observation: Json) -> list[str]:
    return [coding["code"] for coding in observation["code"]["coding"]]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_golden_bundle_is_what_is_sent(name: str) -> None:
    golden = (GOLDEN / f"{name}-transaction.r5.json").read_bytes()
    assert encode(transaction_bundle(submission(SAMPLES[name]))) == encode(decode(golden))
    check_bundle(golden)


@pytest.mark.parametrize("kind", [kind for kind, row in QUANTITY_CODES.items() if not row.panel])
def test_every_kind_is_accepted_in_each_of_its_units(kind: QuantityKind) -> None:
    for unit in UNITS[kind]:
        alone = _measured((kind, "42.0", unit))
        check_bundle(encode(transaction_bundle(submission(alone))))
        (observation,) = _observations(alone)
        assert observation["code"]["text"]
        special = QUANTITY_CODES[kind].ucum
        assert observation["valueQuantity"]["code"] == (special[0] if special else unit.value)
        profile = QUANTITY_CODES[kind].profile
        assert ("profile" in observation["meta"]) == (profile is not None)


def test_every_kind_has_a_name_of_its_own_in_identifiers() -> None:
    keys = [row.key for row in QUANTITY_CODES.values()]
    assert len(set(keys)) == len(keys)


def test_the_first_names_never_change() -> None:
    # Identifiers in EHRs are made of them.
    rows = QUANTITY_CODES
    panel = rows[K.SYSTOLIC_BLOOD_PRESSURE].panel
    assert panel is not None
    assert (panel.key, rows[K.PULSE_RATE].key) == ("150020", "149546")


@pytest.mark.parametrize(
    ("value", "unit", "loinc"),
    [
        ("0.00105", Unit.KILOGRAM_PER_LITRE, "2339-0"),
        ("105", Unit.MILLIGRAM_PER_DECILITRE, "2339-0"),
        ("0.0058", Unit.MOLE_PER_LITRE, "15074-8"),
    ],
)
def test_glucose_is_a_laboratory_result_coded_by_its_unit(
    value: str, unit: Unit, loinc: str
) -> None:
    (observation,) = _observations(_measured((K.BLOOD_GLUCOSE, value, unit)))
    assert observation["category"][0]["coding"][0]["code"] == "laboratory"
    assert _codes(observation)[0] == loinc


def test_saturation_has_both_codes_and_its_pulse_that_of_an_oximeter() -> None:
    saturation, rate = _observations(SAMPLES["oximeter"])
    assert _codes(saturation) == ["2708-6", "59408-5", "150456"]
    assert _codes(rate) == ["8867-4", "149530"]
    (of_cuff,) = _observations(reading(quantities=(pulse("71"),)))
    assert _codes(of_cuff) == ["8867-4", "149546"]
    assert "low perfusion" in saturation["note"][0]["text"]


def test_what_no_standard_codes_has_a_code_of_ours_and_a_text() -> None:
    level = _measured((K.VISCERAL_FAT_LEVEL, "9", Unit.ONE))
    (observation,) = _observations(level)
    assert observation["code"] == {
        "coding": [
            {
                "system": "https://ohx.example.org/fhir/CodeSystem/quantity",
                "code": "visceral-fat-level",
                "display": "Visceral fat level",
            }
        ],
        "text": "Visceral fat level",
    }


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("scale", ["65573", "528399", "528404"]),
        ("thermometer", ["65573", "528392"]),
        ("oximeter", ["65573", "528388"]),
        ("glucose", ["65573", "528401"]),
    ],
)
def test_a_device_is_of_the_type_that_it_measures(name: str, types: list[str]) -> None:
    device = device_of(SAMPLES[name])
    assert device is not None
    assert [kind["coding"][0]["code"] for kind in device["type"]] == types
