"""Glucose Service (0x1808), the measurement: bytes to the parts that were sent, not yet judged.

Source: Glucose Service 1.0.1; GATT Specification Supplement, Glucose Measurement.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, IntFlag

from ohx_desktop.ble.codec.date_time import DATE_TIME_LENGTH, decode_date_time
from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.sfloat import SFloat, decode_sfloat
from ohx_desktop.domain.quantity import Unit

_HAS_OFFSET = 0b0000_0001
_HAS_CONCENTRATION = 0b0000_0010
_MOLE_PER_LITRE = 0b0000_0100
_HAS_STATUS = 0b0000_1000
_HAS_CONTEXT = 0b0001_0000
_RESERVED = 0b1110_0000

# The meter's time was changed by more than the field can say.
_OFFSET_OVERRUN = frozenset({0x7FFF, -0x8000})


class SampleType(IntEnum):
    """What was on the strip. Other numbers are reserved."""

    CAPILLARY_WHOLE_BLOOD = 1
    CAPILLARY_PLASMA = 2
    VENOUS_WHOLE_BLOOD = 3
    VENOUS_PLASMA = 4
    ARTERIAL_WHOLE_BLOOD = 5
    ARTERIAL_PLASMA = 6
    UNDETERMINED_WHOLE_BLOOD = 7
    UNDETERMINED_PLASMA = 8
    INTERSTITIAL_FLUID = 9
    CONTROL_SOLUTION = 10


class SampleLocation(IntEnum):
    """Where the sample was taken. Other numbers are reserved."""

    FINGER = 1
    ALTERNATE_SITE = 2
    EARLOBE = 3
    CONTROL_SOLUTION = 4
    NOT_AVAILABLE = 15


class Status(IntFlag):
    """Sensor status."""

    BATTERY_LOW = 1 << 0
    SENSOR_FAULT = 1 << 1
    SAMPLE_TOO_SMALL = 1 << 2
    STRIP_INSERTION = 1 << 3
    STRIP_TYPE = 1 << 4
    RESULT_TOO_HIGH = 1 << 5
    RESULT_TOO_LOW = 1 << 6
    TEMPERATURE_TOO_HIGH = 1 << 7
    TEMPERATURE_TOO_LOW = 1 << 8
    STRIP_PULLED = 1 << 9
    GENERAL_FAULT = 1 << 10
    TIME_FAULT = 1 << 11


class Feature(IntFlag):
    """What the meter says it can do."""

    LOW_BATTERY = 1 << 0
    MALFUNCTION = 1 << 1
    SAMPLE_SIZE = 1 << 2
    STRIP_INSERTION = 1 << 3
    STRIP_TYPE = 1 << 4
    RESULT_HIGH_LOW = 1 << 5
    TEMPERATURE_HIGH_LOW = 1 << 6
    READ_INTERRUPT = 1 << 7
    GENERAL_FAULT = 1 << 8
    TIME_FAULT = 1 << 9
    MULTIPLE_BONDS = 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseMeasurement:
    """The parts of one 0x2A18 value, as sent.

    `concentration` is in `unit`, as the flag names it; None where none was sent. `sample_type` and
    `sample_location` are the numbers on the wire, also where reserved. `time_offset_min` is None
    where none was sent. `has_context` announces a 0x2A34 value of the same sequence number.
    """

    sequence: int
    base_time: datetime | None
    time_offset_min: int | None
    unit: Unit
    concentration: SFloat | None
    sample_type: int | None
    sample_location: int | None
    status: int | None
    has_context: bool

    @property
    def timestamp(self) -> datetime | None:
        """The naive time that the meter showed, None where it names no moment."""
        offset = self.time_offset_min or 0
        if self.base_time is None or offset in _OFFSET_OVERRUN:
            return None
        try:
            return self.base_time + timedelta(minutes=offset)
        except OverflowError:
            return None


def decode_glucose_measurement(frame: bytes) -> GlucoseMeasurement:
    """Decode a 0x2A18 value. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader("Glucose Measurement", frame)
    flags = reader.u8()
    sequence = reader.u16()
    base_time = decode_date_time(reader.take(DATE_TIME_LENGTH))
    offset = reader.s16() if flags & _HAS_OFFSET else None
    concentration = type_and_location = None
    if flags & _HAS_CONCENTRATION:
        concentration = decode_sfloat(reader.u16())
        type_and_location = reader.u8()
    status = reader.u16() if flags & _HAS_STATUS else None
    reader.finish(reserved=flags & _RESERVED)
    return GlucoseMeasurement(
        sequence=sequence,
        base_time=base_time,
        time_offset_min=offset,
        unit=Unit.MOLE_PER_LITRE if flags & _MOLE_PER_LITRE else Unit.KILOGRAM_PER_LITRE,
        concentration=concentration,
        sample_type=None if type_and_location is None else type_and_location & 0x0F,
        sample_location=None if type_and_location is None else type_and_location >> 4,
        status=status,
        has_context=bool(flags & _HAS_CONTEXT),
    )


def decode_glucose_feature(frame: bytes) -> Feature:
    """Decode a 0x2A51 value. Unknown bits are dropped. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Glucose Feature", frame)
    feature = Feature(reader.u16() & sum(Feature))
    reader.finish()
    return feature
