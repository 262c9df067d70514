"""What a scale puts on the wire: Weight Measurement and Body Composition Measurement.

Written from the GATT Specification Supplement and captures, and on purpose not from this
program's decoders.
"""

import struct
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ohx_desktop.virtual.encoding import encode_date_time

UNSUCCESSFUL = 0xFFFF

_KILOGRAM_STEP = Decimal("0.005")
_TENTH = Decimal("0.1")
_WEIGHT_FLAGS = 0x0E
"""Kilograms, with time, user, and BMI and height."""
_WEIGHT_FLAGS_UNSUCCESSFUL = 0x06
_COMPOSITION_FLAGS = 0x0398
"""Kilograms, with metabolism, muscle, soft lean mass, water mass and impedance; neither time nor
user, so that it belongs to the weight before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What a scale estimates from the impedance; all zero but energy and soft lean mass in socks.

    Percentages, kilojoules, kilograms and ohms.
    """

    fat_percent: Decimal
    metabolism_kj: int
    muscle_percent: Decimal
    soft_lean_kg: Decimal
    water_kg: Decimal
    impedance_ohm: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRecord:
    """One weighing as the scale stores it; `weight_kg` None: unsuccessful."""

    weight_kg: Decimal | None
    taken_at: datetime
    user: int
    height_cm: int
    composition: Composition | None = None


def body_mass_index(weight_kg: Decimal, height_cm: int) -> Decimal:
    """Return the BMI as scales show it, in kg/m², to a tenth."""
    height_m = Decimal(height_cm) / 100
    return (weight_kg / height_m**2).quantize(_TENTH)


def encode_weight(record: ScaleRecord) -> bytes:
    """Encode Weight Measurement (0x2A9D)."""
    who_and_when = encode_date_time(record.taken_at) + bytes((record.user,))
    if record.weight_kg is None:
        head = struct.pack("<BH", _WEIGHT_FLAGS_UNSUCCESSFUL, UNSUCCESSFUL)
        return head + who_and_when
    bmi = body_mass_index(record.weight_kg, record.height_cm)
    head = struct.pack("<BH", _WEIGHT_FLAGS, _steps(record.weight_kg, _KILOGRAM_STEP))
    return head + who_and_when + struct.pack("<HH", _steps(bmi, _TENTH), record.height_cm * 10)


def encode_composition(composition: Composition) -> bytes:
    """Encode Body Composition Measurement (0x2A9C)."""
    return struct.pack(
        "<7H",
        _COMPOSITION_FLAGS,
        _steps(composition.fat_percent, _TENTH),
        composition.metabolism_kj,
        _steps(composition.muscle_percent, _TENTH),
        _steps(composition.soft_lean_kg, _KILOGRAM_STEP),
        _steps(composition.water_kg, _KILOGRAM_STEP),
        _steps(composition.impedance_ohm, _TENTH),
    )


def _steps(value: Decimal, step: Decimal) -> int:
    return int((value / step).to_integral_value())


def composition_of(weight_kg: Decimal, *, height_cm: int, has_bare_feet: bool) -> Composition:
    """Return plausible values for a weight; without bare feet nothing but energy is estimated.

    Through socks the soft lean mass is the weight itself and everything else is zero.
    """
    metabolism_kj = int(weight_kg * 60) + height_cm * 12
    zero = Decimal(0)
    if not has_bare_feet:
        return Composition(
            fat_percent=zero,
            metabolism_kj=metabolism_kj,
            muscle_percent=zero,
            soft_lean_kg=weight_kg,
            water_kg=zero,
            impedance_ohm=zero,
        )
    return Composition(
        fat_percent=Decimal("19.4"),
        metabolism_kj=metabolism_kj,
        muscle_percent=Decimal("40.7"),
        soft_lean_kg=_to_step(weight_kg * Decimal("0.765")),
        water_kg=_to_step(weight_kg * Decimal("0.541")),
        impedance_ohm=Decimal("452.0"),
    )


def stub_of(composition: Composition) -> Composition:
    """Return what a scale sends that does not trust its body data: energy and zeros."""
    zero = Decimal(0)
    return Composition(
        fat_percent=zero,
        metabolism_kj=composition.metabolism_kj,
        muscle_percent=zero,
        soft_lean_kg=zero,
        water_kg=zero,
        impedance_ohm=zero,
    )


def _to_step(weight_kg: Decimal) -> Decimal:
    return _steps(weight_kg, _KILOGRAM_STEP) * _KILOGRAM_STEP
