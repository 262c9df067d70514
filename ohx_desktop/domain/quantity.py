"""Quantities: what was measured, as a decimal, in a UCUM unit.

The exponent of the decimal is the device's own precision (72, 72.0 and 72.00 differ), so values are
never floats and never normalised. Units that the FHIR vital-signs profiles forbid (kPa, stone, …)
are converted once, here, and keep what the device showed as `original`.

Source: Bluetooth SIG health services, number formats; FHIR R5 vital-signs profiles.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Self


class QuantityKind(StrEnum):
    """What was measured. More kinds come with more devices."""

    SYSTOLIC_BLOOD_PRESSURE = "systolic_blood_pressure"
    DIASTOLIC_BLOOD_PRESSURE = "diastolic_blood_pressure"
    MEAN_ARTERIAL_PRESSURE = "mean_arterial_pressure"
    PULSE_RATE = "pulse_rate"
    RESTING_HEART_RATE = "resting_heart_rate"
    BODY_WEIGHT = "body_weight"
    FAT_MASS = "fat_mass"
    LEAN_MASS = "lean_mass"
    """All that is not fat, bones included."""
    SOFT_LEAN_MASS = "soft_lean_mass"
    """All that is neither fat nor bone."""
    MUSCLE_MASS = "muscle_mass"
    BONE_MASS = "bone_mass"
    BODY_WATER_MASS = "body_water_mass"
    BODY_HEIGHT = "body_height"
    BODY_MASS_INDEX = "body_mass_index"
    BODY_FAT_PERCENTAGE = "body_fat_percentage"
    MUSCLE_PERCENTAGE = "muscle_percentage"
    BODY_WATER_PERCENTAGE = "body_water_percentage"
    OXYGEN_SATURATION = "oxygen_saturation"
    OXYGEN_SATURATION_DAILY_AVERAGE = "oxygen_saturation_daily_average"
    """Of a night or a day, as a wearable reckons it; no spot check."""
    RESPIRATORY_RATE_DAILY_AVERAGE = "respiratory_rate_daily_average"
    """Of a night or a day, as a wearable reckons it."""
    BASAL_METABOLISM = "basal_metabolism"
    IMPEDANCE = "impedance"
    VISCERAL_FAT_LEVEL = "visceral_fat_level"
    BODY_TEMPERATURE = "body_temperature"
    SKIN_TEMPERATURE = "skin_temperature"
    """Of the skin somewhere; it says little of the body's."""
    BLOOD_GLUCOSE = "blood_glucose"
    PULSE_WAVE_VELOCITY = "pulse_wave_velocity"
    HEART_RATE_VARIABILITY = "heart_rate_variability"
    """RMSSD: root mean square of successive differences."""
    HEART_RATE_VARIABILITY_SDNN = "heart_rate_variability_sdnn"
    """Standard deviation of the intervals between heart beats."""
    STEP_COUNT = "step_count"
    SLEEP_DURATION = "sleep_duration"
    DEEP_SLEEP_DURATION = "deep_sleep_duration"
    LIGHT_SLEEP_DURATION = "light_sleep_duration"
    REM_SLEEP_DURATION = "rem_sleep_duration"


class Unit(StrEnum):
    """UCUM codes. Those from KILOPASCAL on occur in `Original` only."""

    MM_HG = "mm[Hg]"
    PER_MINUTE = "/min"
    KILOGRAM = "kg"
    POUND = "[lb_av]"
    CENTIMETRE = "cm"
    INCH = "[in_i]"
    KILOGRAM_PER_SQUARE_METRE = "kg/m2"
    PERCENT = "%"
    KILOCALORIE_PER_DAY = "kcal/d"
    OHM = "Ohm"
    ONE = "1"
    CELSIUS = "Cel"
    FAHRENHEIT = "[degF]"
    MILLIGRAM_PER_DECILITRE = "mg/dL"
    MILLIMOLE_PER_LITRE = "mmol/L"
    METRE_PER_SECOND = "m/s"
    MILLISECOND = "ms"
    MINUTE = "min"
    SECOND = "s"
    KILOPASCAL = "kPa"
    METRE = "m"
    MILLIMETRE = "mm"
    GRAM = "g"
    STONE = "[stone_av]"
    KILOJOULE_PER_DAY = "kJ/d"
    KILOGRAM_PER_LITRE = "kg/L"
    MOLE_PER_LITRE = "mol/L"


_PRESSURE = frozenset({Unit.MM_HG})
_RATE = frozenset({Unit.PER_MINUTE})
_MASS = frozenset({Unit.KILOGRAM, Unit.POUND})
_SHARE = frozenset({Unit.PERCENT})
_DURATION = frozenset({Unit.MINUTE, Unit.SECOND})

# The units in which each kind is stored: those that the FHIR profiles allow.
UNITS: dict[QuantityKind, frozenset[Unit]] = {
    QuantityKind.SYSTOLIC_BLOOD_PRESSURE: _PRESSURE,
    QuantityKind.DIASTOLIC_BLOOD_PRESSURE: _PRESSURE,
    QuantityKind.MEAN_ARTERIAL_PRESSURE: _PRESSURE,
    QuantityKind.PULSE_RATE: _RATE,
    QuantityKind.RESTING_HEART_RATE: _RATE,
    QuantityKind.BODY_WEIGHT: _MASS,
    QuantityKind.FAT_MASS: _MASS,
    QuantityKind.LEAN_MASS: _MASS,
    QuantityKind.SOFT_LEAN_MASS: _MASS,
    QuantityKind.MUSCLE_MASS: _MASS,
    QuantityKind.BONE_MASS: _MASS,
    QuantityKind.BODY_WATER_MASS: _MASS,
    QuantityKind.BODY_HEIGHT: frozenset({Unit.CENTIMETRE, Unit.INCH}),
    QuantityKind.BODY_MASS_INDEX: frozenset({Unit.KILOGRAM_PER_SQUARE_METRE}),
    QuantityKind.BODY_FAT_PERCENTAGE: _SHARE,
    QuantityKind.MUSCLE_PERCENTAGE: _SHARE,
    QuantityKind.BODY_WATER_PERCENTAGE: _SHARE,
    QuantityKind.OXYGEN_SATURATION: _SHARE,
    QuantityKind.OXYGEN_SATURATION_DAILY_AVERAGE: _SHARE,
    QuantityKind.RESPIRATORY_RATE_DAILY_AVERAGE: _RATE,
    QuantityKind.BASAL_METABOLISM: frozenset({Unit.KILOCALORIE_PER_DAY}),
    QuantityKind.IMPEDANCE: frozenset({Unit.OHM}),
    QuantityKind.VISCERAL_FAT_LEVEL: frozenset({Unit.ONE}),
    QuantityKind.BODY_TEMPERATURE: frozenset({Unit.CELSIUS, Unit.FAHRENHEIT}),
    QuantityKind.SKIN_TEMPERATURE: frozenset({Unit.CELSIUS}),
    QuantityKind.BLOOD_GLUCOSE: frozenset({Unit.MILLIGRAM_PER_DECILITRE, Unit.MILLIMOLE_PER_LITRE}),
    QuantityKind.PULSE_WAVE_VELOCITY: frozenset({Unit.METRE_PER_SECOND}),
    QuantityKind.HEART_RATE_VARIABILITY: frozenset({Unit.MILLISECOND}),
    QuantityKind.HEART_RATE_VARIABILITY_SDNN: frozenset({Unit.MILLISECOND}),
    QuantityKind.STEP_COUNT: frozenset({Unit.ONE}),
    QuantityKind.SLEEP_DURATION: _DURATION,
    QuantityKind.DEEP_SLEEP_DURATION: _DURATION,
    QuantityKind.LIGHT_SLEEP_DURATION: _DURATION,
    QuantityKind.REM_SLEEP_DURATION: _DURATION,
}


@dataclass(frozen=True, slots=True)
class _Factor:
    """A factor, its power of ten, and whether it is just that and moves the point."""

    value: Decimal
    exponent: int
    moves_point: bool

    @classmethod
    def of(cls, value: Decimal) -> Self:
        """Return a factor with what follows from its value."""
        exponent = value.adjusted()
        return cls(value, exponent, moves_point=value == Decimal(1).scaleb(exponent))


# Into which unit, and by which factor, a unit is converted that no profile allows. The pressure and
# the stone are those of the FHIR page of the vital-signs profiles; 1 kcal is 4.184 kJ.
_CONVERSIONS: dict[Unit, tuple[Unit, _Factor]] = {
    Unit.KILOPASCAL: (Unit.MM_HG, _Factor.of(Decimal("7.500617"))),
    Unit.METRE: (Unit.CENTIMETRE, _Factor.of(Decimal(100))),
    Unit.MILLIMETRE: (Unit.CENTIMETRE, _Factor.of(Decimal("0.1"))),
    Unit.GRAM: (Unit.KILOGRAM, _Factor.of(Decimal("0.001"))),
    Unit.STONE: (Unit.KILOGRAM, _Factor.of(Decimal("6.35029318"))),
    Unit.KILOJOULE_PER_DAY: (Unit.KILOCALORIE_PER_DAY, _Factor.of(1 / Decimal("4.184"))),
    Unit.KILOGRAM_PER_LITRE: (Unit.MILLIGRAM_PER_DECILITRE, _Factor.of(Decimal(100_000))),
    Unit.MOLE_PER_LITRE: (Unit.MILLIMOLE_PER_LITRE, _Factor.of(Decimal(1000))),
}
# Between units that the profiles allow: only where a clinic asks for one of them. Glucose is not
# here, because its two units have codes of their own.
_EXCHANGES: dict[tuple[Unit, Unit], _Factor] = {
    (Unit.POUND, Unit.KILOGRAM): _Factor.of(Decimal("0.45359237")),
    (Unit.KILOGRAM, Unit.POUND): _Factor.of(1 / Decimal("0.45359237")),
    (Unit.MINUTE, Unit.SECOND): _Factor.of(Decimal(60)),
    (Unit.SECOND, Unit.MINUTE): _Factor.of(1 / Decimal(60)),
    (Unit.INCH, Unit.CENTIMETRE): _Factor.of(Decimal("2.54")),
    (Unit.CENTIMETRE, Unit.INCH): _Factor.of(1 / Decimal("2.54")),
    (Unit.FAHRENHEIT, Unit.CELSIUS): _Factor.of(Decimal(5) / Decimal(9)),
    (Unit.CELSIUS, Unit.FAHRENHEIT): _Factor.of(Decimal(9) / Decimal(5)),
}
# 0 °C is 32 °F.
_FREEZING = Decimal(32)
# A device's number is at most 32 bits wide, a text of a cloud service a little longer.
_EXACT = Context(prec=60)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A value as the device sent it, before a conversion the profiles demand."""

    value: Decimal
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One measured value. Raises ValueError for a unit that does not belong to the kind."""

    kind: QuantityKind
    value: Decimal
    unit: Unit
    original: Original | None = None

    def __post_init__(self) -> None:
        if not self.value.is_finite():
            raise ValueError("a quantity has a finite value; a failed measurement is no quantity")
        if self.unit not in UNITS[self.kind]:
            raise ValueError(f"{self.kind} is not measured in {self.unit}")


def measured(kind: QuantityKind, value: Decimal, unit: Unit) -> Quantity:
    """Return a quantity in a unit the profiles allow, with `original` where it was converted.

    A factor that is a power of ten moves the point, and nothing is lost. Any other result is
    rounded to the largest power of ten, at most 1, that is not above the step of the original: a
    step of 0.1 kPa is 0.75 mm[Hg], so one decimal; a step of 1 kJ is 0.24 kcal, so one decimal as
    well. Thus two different values never become one, and the last digit written is never finer
    than a tenth of the original's step. Raises ValueError for a unit that does not fit the kind.
    """
    conversion = _CONVERSIONS.get(unit)
    if conversion is None or not value.is_finite():
        return Quantity(kind=kind, value=value, unit=unit)
    target, factor = conversion
    return Quantity(
        kind=kind,
        value=_converted(value, factor),
        unit=target,
        original=Original(value=value, unit=unit),
    )


def can_exchange(kind: QuantityKind, unit: Unit) -> bool:
    """Tell whether every value of a kind can be told in this unit."""
    return unit in UNITS[kind] and all(
        own is unit or (own, unit) in _EXCHANGES for own in UNITS[kind]
    )


def in_unit(quantity: Quantity, unit: Unit | None) -> Quantity:
    """Return a quantity in another unit, with `original` as the device sent it.

    It is rounded as `measured` does it. None, and the unit it has, change nothing. Raises
    ValueError for a unit that `can_exchange` does not allow.
    """
    if unit is None or unit is quantity.unit:
        return quantity
    factor = _EXCHANGES.get((quantity.unit, unit))
    if factor is None:
        raise ValueError(f"{quantity.kind} in {quantity.unit} cannot be told in {unit}")
    value = quantity.value - (_FREEZING if quantity.unit is Unit.FAHRENHEIT else 0)
    value = _converted(value, factor) + (_FREEZING if unit is Unit.FAHRENHEIT else 0)
    original = quantity.original or Original(value=quantity.value, unit=quantity.unit)
    return Quantity(kind=quantity.kind, value=value, unit=unit, original=original)


def pressure(kind: QuantityKind, value: Decimal, unit: Unit) -> Quantity:
    """Return a pressure in mm[Hg]; kilopascals are converted as `measured` does it."""
    return measured(kind, value, unit)


def _converted(value: Decimal, by: _Factor) -> Decimal:
    # A device may write 120 as 12E+1: an exponent above 0 is a way of writing, not a precision.
    exponent = int(value.as_tuple().exponent)
    if by.moves_point:
        exponent = min(exponent + by.exponent, 0)
    else:
        exponent = min(exponent, 0) + min(by.exponent, 0)
    step = _ONE.scaleb(exponent)
    return _EXACT.multiply(value, by.value).quantize(step, rounding=ROUND_HALF_EVEN, context=_EXACT)
