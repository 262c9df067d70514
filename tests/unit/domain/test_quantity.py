"""Conversions lose no measurement and invent no digit; limits judge the same in every unit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohx_desktop.domain.errors import Implausible
from ohx_desktop.domain.plausibility import LIMITS, require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, measured

K = QuantityKind
_SOURCES = [
    (K.SYSTOLIC_BLOOD_PRESSURE, Unit.KILOPASCAL),
    (K.BODY_HEIGHT, Unit.METRE),
    (K.BODY_WEIGHT, Unit.STONE),
    (K.BASAL_METABOLISM, Unit.KILOJOULE_PER_DAY),
    (K.BLOOD_GLUCOSE, Unit.KILOGRAM_PER_LITRE),
    (K.BLOOD_GLUCOSE, Unit.MOLE_PER_LITRE),
]


@pytest.mark.parametrize(
    ("kind", "value", "unit", "expected"),
    [
        (K.SYSTOLIC_BLOOD_PRESSURE, "16.0", Unit.KILOPASCAL, "120.0 mm[Hg]"),
        (K.SYSTOLIC_BLOOD_PRESSURE, "16", Unit.KILOPASCAL, "120 mm[Hg]"),
        (K.SYSTOLIC_BLOOD_PRESSURE, "2E+1", Unit.KILOPASCAL, "150 mm[Hg]"),
        (K.BODY_HEIGHT, "1.750", Unit.METRE, "175.0 cm"),
        (K.BODY_HEIGHT, "1.75", Unit.METRE, "175 cm"),
        (K.BODY_HEIGHT, "2", Unit.METRE, "200 cm"),
        (K.BODY_WEIGHT, "11.45", Unit.STONE, "72.71 kg"),
        (K.BASAL_METABOLISM, "8000", Unit.KILOJOULE_PER_DAY, "1912.0 kcal/d"),
        (K.BLOOD_GLUCOSE, "0.00105", Unit.KILOGRAM_PER_LITRE, "105 mg/dL"),
        (K.BLOOD_GLUCOSE, "0.001050", Unit.KILOGRAM_PER_LITRE, "105.0 mg/dL"),
        (K.BLOOD_GLUCOSE, "0.001", Unit.KILOGRAM_PER_LITRE, "100 mg/dL"),
        (K.BLOOD_GLUCOSE, "0.0058", Unit.MOLE_PER_LITRE, "5.8 mmol/L"),
    ],
)
def test_a_conversion_has_the_digits_that_the_original_explains(
    kind: QuantityKind, value: str, unit: Unit, expected: str
) -> None:
    quantity = measured(kind, Decimal(value), unit)
    assert f"{quantity.value} {quantity.unit}" == expected
    assert quantity.original is not None
    assert (str(quantity.original.value), quantity.original.unit) == (value, unit)


@pytest.mark.parametrize("unit", [Unit.POUND, Unit.KILOGRAM])
def test_what_the_profiles_allow_stays_as_it_was_measured(unit: Unit) -> None:
    quantity = measured(K.BODY_WEIGHT, Decimal("165.30"), unit)
    assert (str(quantity.value), quantity.unit, quantity.original) == ("165.30", unit, None)


_counts = st.integers(1, 10**6)


@pytest.mark.parametrize(("kind", "unit"), _SOURCES)
@given(one=_counts, other=_counts | st.none(), places=st.integers(0, 6))
def test_two_measurements_never_become_one(
    kind: QuantityKind, unit: Unit, one: int, other: int | None, places: int
) -> None:
    other = one + 1 if other is None else other
    first, second = (measured(kind, Decimal(count).scaleb(-places), unit) for count in (one, other))
    assert (first.value == second.value) == (one == other)
    assert (first.value < second.value) == (one < other)


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        (K.BODY_WEIGHT, Unit.METRE),
        (K.BODY_HEIGHT, Unit.STONE),
        (K.BLOOD_GLUCOSE, Unit.KILOJOULE_PER_DAY),
        (K.BODY_TEMPERATURE, Unit.PERCENT),
    ],
)
def test_a_unit_of_another_kind_is_refused(kind: QuantityKind, unit: Unit) -> None:
    with pytest.raises(ValueError, match="is not measured in"):
        measured(kind, Decimal(1), unit)


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_what_is_no_number_is_no_quantity(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        measured(K.BODY_HEIGHT, Decimal(value), Unit.METRE)


@pytest.mark.parametrize("kind", list(QuantityKind))
def test_the_limits_themselves_are_believed_and_what_lies_beyond_is_not(kind: QuantityKind) -> None:
    for unit, limits in LIMITS[kind].items():
        for value in (limits.low, limits.high):
            require_plausible([Quantity(kind=kind, value=value, unit=unit)])
        for value in (limits.low - Decimal("0.001"), limits.high + Decimal("0.001")):
            with pytest.raises(Implausible) as refused:
                require_plausible([Quantity(kind=kind, value=value, unit=unit)])
            assert not any(character.isdigit() for character in str(refused.value))


@pytest.mark.parametrize(
    ("part_unit", "part", "weight_unit", "weight", "believed"),
    [
        (Unit.KILOGRAM, "60", Unit.KILOGRAM, "60", True),
        (Unit.KILOGRAM, "60.01", Unit.KILOGRAM, "60", False),
        (Unit.POUND, "132", Unit.KILOGRAM, "60", True),
        (Unit.KILOGRAM, "61", Unit.POUND, "132", False),
    ],
)
def test_no_part_outweighs_the_body(
    part_unit: Unit, part: str, weight_unit: Unit, weight: str, *, believed: bool
) -> None:
    quantities = [
        measured(K.BODY_WEIGHT, Decimal(weight), weight_unit),
        measured(K.LEAN_MASS, Decimal(part), part_unit),
    ]
    if believed:
        require_plausible(quantities)
        return
    with pytest.raises(Implausible):
        require_plausible(quantities)
