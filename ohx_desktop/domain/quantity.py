"""Quantities: what was measured, as a decimal, in a UCUM unit.

The exponent of the decimal is the device's own precision (72, 72.0 and 72.00 differ), so values are
never floats and never normalised. Units that the FHIR vital-signs profiles forbid (kPa, stone, …)
are converted once, here, and keep what the device showed as `original`.

Source: bluetooth SIG health services, number formats; FHIR R5 vital-signs profiles.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum


class QuantityKind(StrEnum):
    """What was measured. More kinds come with more devices."""

    SYSTOLIC_BLOOD_PRESSURE = "systolic_blood_pressure"
    DIASTOLIC_BLOOD_PRESSURE = "diastolic_blood_pressure"
    MEAN_ARTERIAL_PRESSURE = "mean_arterial_pressure"
    PULSE_RATE = "pulse_rate"


class Unit(StrEnum):
    """UCUM codes. KILOPASCAL occurs in `Original` only."""

    MM_HG = "mm[Hg]"
    PER_MINUTE = "/min"
    KILOPASCAL = "kPa"


# The one unit in which each kind is stored.
UNITS: dict[QuantityKind, frozenset[Unit]] = {
    QuantityKind.SYSTOLIC_BLOOD_PRESSURE: frozenset({Unit.MM_HG}),
    QuantityKind.DIASTOLIC_BLOOD_PRESSURE: frozenset({Unit.MM_HG}),
    QuantityKind.MEAN_ARTERIAL_PRESSURE: frozenset({Unit.MM_HG}),
    QuantityKind.PULSE_RATE: frozenset({Unit.PER_MINUTE}),
}

# 1 kPa in mm[Hg]: FHIR page of the vital-signs profiles.
_MM_HG_PER_KPA = Decimal("7.500617")


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


def pressure(kind: QuantityKind, value: Decimal, unit: Unit) -> Quantity:
    """Return a pressure in mm[Hg]; kilopascals are converted and kept as `original`.

    The result has as many decimals as the value in kPa. As 1 kPa is 7.5 mm[Hg], two different
    readings in kPa never become one in mm[Hg].
    """
    if unit is not Unit.KILOPASCAL:
        return Quantity(kind=kind, value=value, unit=unit)
    step = Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0))
    converted = (value * _MM_HG_PER_KPA).quantize(step, rounding=ROUND_HALF_EVEN)
    return Quantity(
        kind=kind,
        value=converted,
        unit=Unit.MM_HG,
        original=Original(value=value, unit=unit),
    )
