"""Pulse Oximeter Service (0x1822): bytes to the parts that were sent, not yet judged.

Source: Pulse Oximeter Service 1.0; GATT Specification Supplement, PLX Spot-Check Measurement.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag

from ohx_desktop.ble.codec.date_time import DATE_TIME_LENGTH, decode_date_time
from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.sfloat import SFloat, decode_sfloat

_SPOT_HAS_TIME = 0b0000_0001
_SPOT_HAS_STATUS = 0b0000_0010
_SPOT_HAS_SENSOR_STATUS = 0b0000_0100
_SPOT_HAS_AMPLITUDE = 0b0000_1000
_SPOT_CLOCK_NOT_SET = 0b0001_0000
_SPOT_RESERVED = 0b1110_0000

_CONTINUOUS_HAS_FAST = 0b0000_0001
_CONTINUOUS_HAS_SLOW = 0b0000_0010
_CONTINUOUS_HAS_STATUS = 0b0000_0100
_CONTINUOUS_HAS_SENSOR_STATUS = 0b0000_1000
_CONTINUOUS_HAS_AMPLITUDE = 0b0001_0000
_CONTINUOUS_RESERVED = 0b1110_0000


class Status(IntFlag):
    """Measurement status. Bits 0 to 4 are reserved."""

    ONGOING = 1 << 5
    EARLY_ESTIMATE = 1 << 6
    VALIDATED = 1 << 7
    FULLY_QUALIFIED = 1 << 8
    FROM_STORAGE = 1 << 9
    DEMONSTRATION = 1 << 10
    TEST = 1 << 11
    CALIBRATION = 1 << 12
    UNAVAILABLE = 1 << 13
    QUESTIONABLE = 1 << 14
    INVALID = 1 << 15


class SensorStatus(IntFlag):
    """Device and sensor status, of 24 bits. Bits 16 to 23 are reserved."""

    EXTENDED_DISPLAY_UPDATE = 1 << 0
    EQUIPMENT_MALFUNCTION = 1 << 1
    PROCESSING_IRREGULARITY = 1 << 2
    INADEQUATE_SIGNAL = 1 << 3
    POOR_SIGNAL = 1 << 4
    LOW_PERFUSION = 1 << 5
    ERRATIC_SIGNAL = 1 << 6
    NON_PULSATILE_SIGNAL = 1 << 7
    QUESTIONABLE_PULSE = 1 << 8
    ANALYSIS_ONGOING = 1 << 9
    INTERFERENCE = 1 << 10
    UNCONNECTED_TO_USER = 1 << 11
    UNKNOWN_SENSOR = 1 << 12
    DISPLACED = 1 << 13
    SENSOR_MALFUNCTION = 1 << 14
    DISCONNECTED = 1 << 15


class Feature(IntFlag):
    """What the oximeter says it can do."""

    MEASUREMENT_STATUS = 1 << 0
    SENSOR_STATUS = 1 << 1
    STORAGE = 1 << 2
    TIME_STAMP = 1 << 3
    FAST = 1 << 4
    SLOW = 1 << 5
    PULSE_AMPLITUDE_INDEX = 1 << 6
    MULTIPLE_BONDS = 1 << 7


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotCheck:
    """The parts of one 0x2A5E value, as sent.

    Saturation and pulse amplitude index in %, pulse rate in /min. The time is worthless where the
    oximeter says that its clock is not set. Both statuses hold all bits; None where not sent.
    """

    oxygen_saturation: SFloat
    pulse_rate: SFloat
    has_time: bool
    timestamp: datetime | None
    clock_is_set: bool
    status: int | None
    sensor_status: int | None
    pulse_amplitude_index: SFloat | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Oxygen saturation in % and pulse rate in /min, of one way of averaging."""

    oxygen_saturation: SFloat
    pulse_rate: SFloat


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuousMeasurement:
    """The parts of one 0x2A5F value: what the display shows now. Progress, never a result."""

    normal: Pair
    fast: Pair | None
    slow: Pair | None
    status: int | None
    sensor_status: int | None
    pulse_amplitude_index: SFloat | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OximeterFeature:
    """The parts of 0x2A60. The supported bits of a status are None where it is not supported."""

    features: Feature
    supported_status: Status | None
    supported_sensor_status: SensorStatus | None


def decode_spot_check(frame: bytes) -> SpotCheck:
    """Decode a 0x2A5E value. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader("PLX Spot-Check Measurement", frame)
    flags = reader.u8()
    pair = _pair(reader)
    has_time = bool(flags & _SPOT_HAS_TIME)
    timestamp = decode_date_time(reader.take(DATE_TIME_LENGTH)) if has_time else None
    status = reader.u16() if flags & _SPOT_HAS_STATUS else None
    sensor_status = reader.u24() if flags & _SPOT_HAS_SENSOR_STATUS else None
    amplitude = decode_sfloat(reader.u16()) if flags & _SPOT_HAS_AMPLITUDE else None
    reader.finish(reserved=flags & _SPOT_RESERVED)
    return SpotCheck(
        oxygen_saturation=pair.oxygen_saturation,
        pulse_rate=pair.pulse_rate,
        has_time=has_time,
        timestamp=timestamp,
        clock_is_set=not flags & _SPOT_CLOCK_NOT_SET,
        status=status,
        sensor_status=sensor_status,
        pulse_amplitude_index=amplitude,
    )


def decode_continuous_measurement(frame: bytes) -> ContinuousMeasurement:
    """Decode a 0x2A5F value. Raises Truncated, TrailingBytes, Unsupported."""
    reader = FrameReader("PLX Continuous Measurement", frame)
    flags = reader.u8()
    normal = _pair(reader)
    fast = _pair(reader) if flags & _CONTINUOUS_HAS_FAST else None
    slow = _pair(reader) if flags & _CONTINUOUS_HAS_SLOW else None
    status = reader.u16() if flags & _CONTINUOUS_HAS_STATUS else None
    sensor_status = reader.u24() if flags & _CONTINUOUS_HAS_SENSOR_STATUS else None
    amplitude = decode_sfloat(reader.u16()) if flags & _CONTINUOUS_HAS_AMPLITUDE else None
    reader.finish(reserved=flags & _CONTINUOUS_RESERVED)
    return ContinuousMeasurement(
        normal=normal,
        fast=fast,
        slow=slow,
        status=status,
        sensor_status=sensor_status,
        pulse_amplitude_index=amplitude,
    )


def decode_oximeter_feature(frame: bytes) -> OximeterFeature:
    """Decode a 0x2A60 value. Unknown bits are dropped. Raises Truncated, TrailingBytes."""
    reader = FrameReader("PLX Features", frame)
    features = Feature(reader.u16() & sum(Feature))
    status = reader.u16() & sum(Status) if Feature.MEASUREMENT_STATUS in features else None
    sensor = reader.u24() & sum(SensorStatus) if Feature.SENSOR_STATUS in features else None
    reader.finish()
    return OximeterFeature(
        features=features,
        supported_status=None if status is None else Status(status),
        supported_sensor_status=None if sensor is None else SensorStatus(sensor),
    )


def _pair(reader: FrameReader) -> Pair:
    return Pair(
        oxygen_saturation=decode_sfloat(reader.u16()), pulse_rate=decode_sfloat(reader.u16())
    )
