"""Weight Scale Service (0x181D): bytes to the parts that were sent, not yet judged.

Source: Weight Scale Service 1.0.1; GATT Specification Supplement, Weight Measurement.
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
    Step,
    height_resolution_m,
    mass_resolution_kg,
    steps,
)
from ohx_desktop.domain.quantity import Unit

_IMPERIAL = 0b0000_0001
_HAS_TIME = 0b0000_0010
_HAS_USER = 0b0000_0100
_HAS_BMI_AND_HEIGHT = 0b0000_1000
_RESERVED = 0b1111_0000

_UNSUCCESSFUL = 0xFFFF
_UNKNOWN_USER = 255
# kg/m2, also where mass and length are imperial.
_BMI_STEP = Step.of("0.1")


class Feature(IntFlag):
    """What the scale says it can do."""

    TIME_STAMP = 1 << 0
    MULTIPLE_USERS = 1 << 1
    BODY_MASS_INDEX = 1 << 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightMeasurement:
    """The parts of one 0x2A9D value, as sent.

    `weight` is in `mass_unit`, None where the scale says that it could not weigh. `height`, in
    `length_unit`, belongs to a profile in the scale: it is not measured, and may be somebody
    else's. `body_mass_index` (kg/m2) is computed from it. Times and users as in blood pressure.
    """

    mass_unit: Unit
    length_unit: Unit
    weight: Decimal | None
    has_time: bool
    timestamp: datetime | None
    user_id: int | None
    body_mass_index: Decimal | None
    height: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightScaleFeature:
    """The parts of 0x2A9E. A resolution is None where the scale does not tell it."""

    features: Feature
    weight_resolution_kg: Decimal | None
    height_resolution_m: Decimal | None


def decode_weight_measurement(frame: bytes) -> WeightMeasurement:
    """Decode a 0x2A9D value. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader("Weight Measurement", frame)
    flags = reader.u8()
    units = IMPERIAL if flags & _IMPERIAL else METRIC
    weight = reader.u16()
    has_time = bool(flags & _HAS_TIME)
    timestamp = decode_date_time(reader.take(DATE_TIME_LENGTH)) if has_time else None
    user_id = reader.u8() if flags & _HAS_USER else None
    body_mass_index = height = None
    if flags & _HAS_BMI_AND_HEIGHT:
        body_mass_index = steps(reader.u16(), _BMI_STEP)
        height = steps(reader.u16(), units.length_step)
    reader.finish(reserved=flags & _RESERVED)
    return WeightMeasurement(
        mass_unit=units.mass,
        length_unit=units.length,
        weight=None if weight == _UNSUCCESSFUL else steps(weight, units.mass_step),
        has_time=has_time,
        timestamp=timestamp,
        user_id=None if user_id == _UNKNOWN_USER else user_id,
        body_mass_index=body_mass_index,
        height=height,
    )


def decode_weight_scale_feature(frame: bytes) -> WeightScaleFeature:
    """Decode a 0x2A9E value. Unknown bits are dropped. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Weight Scale Feature", frame)
    bits = reader.u32()
    reader.finish()
    return WeightScaleFeature(
        features=Feature(bits & sum(Feature)),
        weight_resolution_kg=mass_resolution_kg(bits >> 3 & 0b1111),
        height_resolution_m=height_resolution_m(bits >> 7 & 0b111),
    )
