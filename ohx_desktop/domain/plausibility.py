"""What a living person can have: limits per kind, and how the values of one reading relate.

A value outside is never clamped and never kept; the person measures again. The limits are wide on
purpose: they catch wrong bytes and failed measurements, and judge nobody's health.

Source: Bluetooth SIG health services, receiver rules for odd frames.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ohx_desktop.domain.errors import Implausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit

_SYSTOLIC = QuantityKind.SYSTOLIC_BLOOD_PRESSURE
_DIASTOLIC = QuantityKind.DIASTOLIC_BLOOD_PRESSURE
_MEAN = QuantityKind.MEAN_ARTERIAL_PRESSURE

_KG_PER_POUND = Decimal("0.45359237")
_CM_PER_INCH = Decimal("2.54")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The lowest and the highest value that is believed, both included."""

    low: Decimal
    high: Decimal


def _limits(unit: Unit, low: str, high: str) -> dict[Unit, Limits]:
    return {unit: Limits(low=Decimal(low), high=Decimal(high))}


def _also_in(limits: dict[Unit, Limits], unit: Unit, in_first: Decimal) -> dict[Unit, Limits]:
    (first,) = limits.values()
    other = Limits(low=first.low / in_first, high=first.high / in_first)
    return {**limits, unit: other}


def _mass(low_kg: str, high_kg: str) -> dict[Unit, Limits]:
    return _also_in(_limits(Unit.KILOGRAM, low_kg, high_kg), Unit.POUND, _KG_PER_POUND)


def _duration(low_min: str, high_min: str) -> dict[Unit, Limits]:
    return _also_in(_limits(Unit.MINUTE, low_min, high_min), Unit.SECOND, 1 / Decimal(60))


LIMITS: dict[QuantityKind, Mapping[Unit, Limits]] = {
    # Given by the receiver rules: systolic, pulse, weight, temperature, oxygen saturation, and
    # glucose, whose two units never overlap on the wire. The other pressures follow from what cuffs
    # display (0..300 mm[Hg]) and from the order of the three pressures below.
    _SYSTOLIC: _limits(Unit.MM_HG, "40", "300"),
    _DIASTOLIC: _limits(Unit.MM_HG, "10", "250"),
    _MEAN: _limits(Unit.MM_HG, "10", "300"),
    QuantityKind.PULSE_RATE: _limits(Unit.PER_MINUTE, "20", "250"),
    QuantityKind.RESTING_HEART_RATE: _limits(Unit.PER_MINUTE, "20", "250"),
    QuantityKind.OXYGEN_SATURATION: _limits(Unit.PERCENT, "50", "100"),
    QuantityKind.OXYGEN_SATURATION_DAILY_AVERAGE: _limits(Unit.PERCENT, "50", "100"),
    QuantityKind.RESPIRATORY_RATE_DAILY_AVERAGE: _limits(Unit.PER_MINUTE, "3", "80"),
    QuantityKind.BODY_TEMPERATURE: {
        **_limits(Unit.CELSIUS, "25", "45"),
        **_limits(Unit.FAHRENHEIT, "77", "113"),
    },
    # A cold foot is far from the body; no skin is warmer than a body can be.
    QuantityKind.SKIN_TEMPERATURE: _limits(Unit.CELSIUS, "10", "45"),
    QuantityKind.BLOOD_GLUCOSE: {
        **_limits(Unit.MILLIGRAM_PER_DECILITRE, "10", "1000"),
        **_limits(Unit.MILLIMOLE_PER_LITRE, "0.5", "55"),
    },
    QuantityKind.BODY_WEIGHT: _mass("2", "330"),
    # Parts of a body: more than nothing, less than the heaviest body; their relation is below.
    QuantityKind.FAT_MASS: _mass("0.1", "250"),
    QuantityKind.LEAN_MASS: _mass("1", "250"),
    QuantityKind.SOFT_LEAN_MASS: _mass("1", "250"),
    QuantityKind.MUSCLE_MASS: _mass("0.5", "200"),
    QuantityKind.BONE_MASS: _mass("0.1", "30"),
    QuantityKind.BODY_WATER_MASS: _mass("0.5", "200"),
    QuantityKind.BODY_FAT_PERCENTAGE: _limits(Unit.PERCENT, "1", "90"),
    QuantityKind.MUSCLE_PERCENTAGE: _limits(Unit.PERCENT, "1", "99"),
    QuantityKind.BODY_WATER_PERCENTAGE: _limits(Unit.PERCENT, "5", "95"),
    # From a small newborn to the tallest person ever measured (272 cm).
    QuantityKind.BODY_HEIGHT: _also_in(
        _limits(Unit.CENTIMETRE, "30", "280"), Unit.INCH, _CM_PER_INCH
    ),
    QuantityKind.BODY_MASS_INDEX: _limits(Unit.KILOGRAM_PER_SQUARE_METRE, "5", "200"),
    QuantityKind.BASAL_METABOLISM: _limits(Unit.KILOCALORIE_PER_DAY, "100", "10000"),
    # Foot to foot and hand to foot; below lies a short circuit, above an open contact.
    QuantityKind.IMPEDANCE: _limits(Unit.OHM, "20", "5000"),
    # An index of each maker's own; the longest scale in use ends at 59.
    QuantityKind.VISCERAL_FAT_LEVEL: _limits(Unit.ONE, "0.1", "60"),
    QuantityKind.PULSE_WAVE_VELOCITY: _limits(Unit.METRE_PER_SECOND, "1", "40"),
    QuantityKind.HEART_RATE_VARIABILITY: _limits(Unit.MILLISECOND, "1", "1000"),
    QuantityKind.HEART_RATE_VARIABILITY_SDNN: _limits(Unit.MILLISECOND, "1", "1000"),
    # A day without a step is possible; the most ever walked in a day is about 250,000.
    QuantityKind.STEP_COUNT: _limits(Unit.ONE, "0", "300000"),
    QuantityKind.SLEEP_DURATION: _duration("1", "2880"),
    QuantityKind.DEEP_SLEEP_DURATION: _duration("0", "2880"),
    QuantityKind.LIGHT_SLEEP_DURATION: _duration("0", "2880"),
    QuantityKind.REM_SLEEP_DURATION: _duration("0", "2880"),
}

_PARTS_OF_WEIGHT = (
    QuantityKind.FAT_MASS,
    QuantityKind.LEAN_MASS,
    QuantityKind.SOFT_LEAN_MASS,
    QuantityKind.MUSCLE_MASS,
    QuantityKind.BONE_MASS,
    QuantityKind.BODY_WATER_MASS,
)


def require_plausible(quantities: Sequence[Quantity]) -> None:
    """Check all quantities of one reading. Raises Implausible, naming the kind, never the value.

    Each lies within its limits, the pressures are in order, and no part of a body outweighs it.
    """
    for quantity in quantities:
        limits = LIMITS[quantity.kind][quantity.unit]
        if not limits.low <= quantity.value <= limits.high:
            raise Implausible(f"the {_name(quantity.kind)} is outside what a person can have")
    by_kind = {quantity.kind: quantity for quantity in quantities}
    _require_order_of_pressures(by_kind)
    _require_parts_within_weight(by_kind)


def _require_order_of_pressures(by_kind: Mapping[QuantityKind, Quantity]) -> None:
    systolic, diastolic = by_kind.get(_SYSTOLIC), by_kind.get(_DIASTOLIC)
    if systolic is None or diastolic is None:
        return
    if diastolic.value >= systolic.value:
        raise Implausible(f"the {_name(_DIASTOLIC)} is not below the {_name(_SYSTOLIC)}")
    mean = by_kind.get(_MEAN)
    if mean is not None and not diastolic.value <= mean.value <= systolic.value:
        raise Implausible(f"the {_name(_MEAN)} is not between the other two pressures")


def _require_parts_within_weight(by_kind: Mapping[QuantityKind, Quantity]) -> None:
    weight = by_kind.get(QuantityKind.BODY_WEIGHT)
    if weight is None:
        return
    weight_kg = _kg(weight)
    for kind in _PARTS_OF_WEIGHT:
        part = by_kind.get(kind)
        if part is not None and _kg(part) > weight_kg:
            raise Implausible(f"the {_name(kind)} is more than the {_name(weight.kind)}")


def _kg(mass: Quantity) -> Decimal:
    return mass.value * _KG_PER_POUND if mass.unit is Unit.POUND else mass.value


def _name(kind: QuantityKind) -> str:
    return kind.value.replace("_", " ")
