"""Body Composition Service (0x181B): bytes to the parts that were sent, not yet judged.

The flags are two bytes here and one in the Weight Scale Service; "unsuccessful" stands in the body
fat here and in the weight there.

Source: Body Composition Service 1.0.1; GATT Specification Supplement, Body Composition Measurement.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntFlag

from ohx_desktop.ble.codec.date_time import DATE_TIME_LENGTH, decode_date_time
from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.scale_units import (
    IMPERIAL,
    METRIC,
    height_resolution_m,
    mass_resolution_kg,
    steps,
)
from ohx_desktop.domain.quantity import Unit

_IMPERIAL = 1 << 0
_HAS_TIME = 1 << 1
_HAS_USER = 1 << 2
_HAS_METABOLISM = 1 << 3
_HAS_MUSCLE_SHARE = 1 << 4
_HAS_MUSCLE_MASS = 1 << 5
_HAS_FAT_FREE_MASS = 1 << 6
_HAS_SOFT_LEAN_MASS = 1 << 7
_HAS_WATER_MASS = 1 << 8
_HAS_IMPEDANCE = 1 << 9
_HAS_WEIGHT = 1 << 10
_HAS_HEIGHT = 1 << 11
_MULTIPLE_PACKETS = 1 << 12
_RESERVED = 0b111 << 13

_UNSUCCESSFUL = 0xFFFF
_UNKNOWN_USER = 255
_TENTH = Decimal("0.1")


class Feature(IntFlag):
    """What the device says it can do."""

    TIME_STAMP = 1 << 0
    MULTIPLE_USERS = 1 << 1
    BASAL_METABOLISM = 1 << 2
    MUSCLE_PERCENTAGE = 1 << 3
    MUSCLE_MASS = 1 << 4
    FAT_FREE_MASS = 1 << 5
    SOFT_LEAN_MASS = 1 << 6
    BODY_WATER_MASS = 1 << 7
    IMPEDANCE = 1 << 8
    WEIGHT = 1 << 9
    HEIGHT = 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyComposition:
    """The parts of one 0x2A9C value, or of two that were joined, as sent.

    Masses are in `mass_unit`, the height of the profile in `length_unit`, percentages in %, basal
    metabolism in kJ a day, impedance in ohm. `body_fat` is None where the device says that it could
    not measure. `is_one_of_two` marks a packet that is half a measurement. Times and users as in
    blood pressure.
    """

    mass_unit: Unit
    length_unit: Unit
    body_fat: Decimal | None
    has_time: bool
    timestamp: datetime | None
    has_user: bool
    user_id: int | None
    basal_metabolism: Decimal | None
    muscle_percentage: Decimal | None
    muscle_mass: Decimal | None
    fat_free_mass: Decimal | None
    soft_lean_mass: Decimal | None
    body_water_mass: Decimal | None
    impedance: Decimal | None
    weight: Decimal | None
    height: Decimal | None
    is_one_of_two: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyCompositionFeature:
    """The parts of 0x2A9B. A resolution is None where the device does not tell it."""

    features: Feature
    mass_resolution_kg: Decimal | None
    height_resolution_m: Decimal | None


def decode_body_composition(frame: bytes) -> BodyComposition:
    """Decode a 0x2A9C value. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader("Body Composition Measurement", frame)
    flags = reader.u16()
    units = IMPERIAL if flags & _IMPERIAL else METRIC
    mass_step, count = units.mass_step, reader.u16
    body_fat = reader.u16()
    has_time, has_user = bool(flags & _HAS_TIME), bool(flags & _HAS_USER)
    timestamp = decode_date_time(reader.take(DATE_TIME_LENGTH)) if has_time else None
    user_id = reader.u8() if has_user else None
    composition = BodyComposition(
        mass_unit=units.mass,
        length_unit=units.length,
        body_fat=None if body_fat == _UNSUCCESSFUL else body_fat * _TENTH,
        has_time=has_time,
        timestamp=timestamp,
        has_user=has_user,
        user_id=None if user_id == _UNKNOWN_USER else user_id,
        # In the order of the wire, which is that of evaluation.
        basal_metabolism=Decimal(count()) if flags & _HAS_METABOLISM else None,
        muscle_percentage=count() * _TENTH if flags & _HAS_MUSCLE_SHARE else None,
        muscle_mass=steps(count(), mass_step) if flags & _HAS_MUSCLE_MASS else None,
        fat_free_mass=steps(count(), mass_step) if flags & _HAS_FAT_FREE_MASS else None,
        soft_lean_mass=steps(count(), mass_step) if flags & _HAS_SOFT_LEAN_MASS else None,
        body_water_mass=steps(count(), mass_step) if flags & _HAS_WATER_MASS else None,
        impedance=count() * _TENTH if flags & _HAS_IMPEDANCE else None,
        weight=steps(count(), mass_step) if flags & _HAS_WEIGHT else None,
        height=steps(count(), units.length_step) if flags & _HAS_HEIGHT else None,
        is_one_of_two=bool(flags & _MULTIPLE_PACKETS),
    )
    reader.finish(reserved=flags & _RESERVED)
    return composition


def decode_body_composition_feature(frame: bytes) -> BodyCompositionFeature:
    """Decode a 0x2A9B value. Unknown bits are dropped. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Body Composition Feature", frame)
    bits = reader.u32()
    reader.finish()
    return BodyCompositionFeature(
        features=Feature(bits & sum(Feature)),
        mass_resolution_kg=mass_resolution_kg(bits >> 11 & 0b1111),
        height_resolution_m=height_resolution_m(bits >> 15 & 0b111),
    )
