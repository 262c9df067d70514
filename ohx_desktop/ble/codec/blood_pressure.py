"""Blood Pressure Service (0x1810): bytes to the parts that were sent, not yet judged.

What the parts mean (a zero is no value, a pressure must be possible) is the business of
`blood_pressure_values`.

Source: Blood Pressure Service 1.1.1; GATT Specification Supplement, Blood Pressure Measurement.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag

from ohx_desktop.ble.codec.date_time import DATE_TIME_LENGTH, decode_date_time
from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.sfloat import SFloat, decode_sfloat
from ohx_desktop.domain.quantity import Unit

_KILOPASCAL = 0b0000_0001
_HAS_TIME = 0b0000_0010
_HAS_PULSE = 0b0000_0100
_HAS_USER = 0b0000_1000
_HAS_STATUS = 0b0001_0000
_RESERVED = 0b1110_0000

_UNKNOWN_USER = 255


class Status(IntFlag):
    """Measurement status. Bits 3 and 4 are one field: the pulse is above or below its limit."""

    BODY_MOVED = 1 << 0
    CUFF_TOO_LOOSE = 1 << 1
    IRREGULAR_PULSE = 1 << 2
    PULSE_ABOVE_LIMIT = 1 << 3
    PULSE_BELOW_LIMIT = 1 << 4
    IMPROPER_POSITION = 1 << 5


class Feature(IntFlag):
    """What the device says it can do (0x2A49)."""

    MOVEMENT = 1 << 0
    CUFF_FIT = 1 << 1
    IRREGULAR_PULSE = 1 << 2
    PULSE_RANGE = 1 << 3
    POSITION = 1 << 4
    MULTIPLE_BONDS = 1 << 5
    E2E_CRC = 1 << 6
    USER_DATA_SERVICE = 1 << 7
    USER_FACING_TIME = 1 << 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BloodPressureMeasurement:
    """The parts of one 0x2A35 value, as sent.

    `timestamp` is naive; it is None where no time was sent (`has_time` is False) and where the
    time sent names no moment. `status` holds all 16 bits, also those makers use for themselves.
    """

    unit: Unit
    systolic: SFloat
    diastolic: SFloat
    mean_arterial: SFloat
    has_time: bool
    timestamp: datetime | None
    pulse_rate: SFloat | None
    user_id: int | None
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntermediateCuffPressure:
    """The pressure in the cuff while the device measures: progress, never a result."""

    unit: Unit
    cuff_pressure: SFloat


def decode_blood_pressure_measurement(frame: bytes) -> BloodPressureMeasurement:
    """Decode a 0x2A35 value. Raises Truncated, TrailingBytes, Unsupported.

    Reserved flags are ignored while the length fits the known ones; with more bytes than those
    explain, nobody can tell where the fields lie.
    """
    return _decode(frame, name="Blood Pressure Measurement")


def decode_intermediate_cuff_pressure(frame: bytes) -> IntermediateCuffPressure:
    """Decode a 0x2A36 value: the same layout, with the cuff pressure in the systolic place.

    Raises Truncated, TrailingBytes, Unsupported.
    """
    parts = _decode(frame, name="Intermediate Cuff Pressure")
    return IntermediateCuffPressure(unit=parts.unit, cuff_pressure=parts.systolic)


def decode_blood_pressure_feature(frame: bytes) -> Feature:
    """Decode a 0x2A49 value. Bits unknown to us are dropped. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Blood Pressure Feature", frame)
    known = sum(Feature)
    feature = Feature(reader.u16() & known)
    reader.finish()
    return feature


def _decode(frame: bytes, *, name: str) -> BloodPressureMeasurement:
    reader = FrameReader(name, frame)
    flags = reader.u8()
    systolic, diastolic, mean_arterial = (decode_sfloat(reader.u16()) for _ in range(3))
    has_time = bool(flags & _HAS_TIME)
    timestamp = decode_date_time(reader.take(DATE_TIME_LENGTH)) if has_time else None
    pulse_rate = decode_sfloat(reader.u16()) if flags & _HAS_PULSE else None
    user_id = reader.u8() if flags & _HAS_USER else None
    status = reader.u16() if flags & _HAS_STATUS else None
    reader.finish(reserved=flags & _RESERVED)
    return BloodPressureMeasurement(
        unit=Unit.KILOPASCAL if flags & _KILOPASCAL else Unit.MM_HG,
        systolic=systolic,
        diastolic=diastolic,
        mean_arterial=mean_arterial,
        has_time=has_time,
        timestamp=timestamp,
        pulse_rate=pulse_rate,
        user_id=None if user_id == _UNKNOWN_USER else user_id,
        status=status,
    )
