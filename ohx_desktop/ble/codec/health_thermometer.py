"""Health Thermometer Service (0x1809): bytes to the parts that were sent, not yet judged.

Source: Health Thermometer Service 1.0; GATT Specification Supplement, Temperature Measurement.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from ohx_desktop.ble.codec.date_time import DATE_TIME_LENGTH, decode_date_time
from ohx_desktop.ble.codec.float32 import decode_float32
from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.sfloat import SFloat
from ohx_desktop.domain.quantity import Unit

_FAHRENHEIT = 0b0000_0001
_HAS_TIME = 0b0000_0010
_HAS_TYPE = 0b0000_0100
_RESERVED = 0b1111_1000


class TemperatureType(IntEnum):
    """Where a temperature is measured."""

    ARMPIT = 1
    BODY = 2
    EAR = 3
    FINGER = 4
    GASTRO_INTESTINAL_TRACT = 5
    MOUTH = 6
    RECTUM = 7
    TOE = 8
    TYMPANUM = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureMeasurement:
    """The parts of one 0x2A1C value, as sent.

    `temperature_type` is the number on the wire, also where it is reserved: a maker marks the
    temperature of an object with one. It is None where no type was sent. Times as in blood
    pressure.
    """

    unit: Unit
    temperature: SFloat
    has_time: bool
    timestamp: datetime | None
    temperature_type: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntermediateTemperature:
    """What the thermometer shows while it measures: progress, never a result."""

    unit: Unit
    temperature: SFloat


def decode_temperature_measurement(frame: bytes) -> TemperatureMeasurement:
    """Decode a 0x2A1C value. Raises Truncated, TrailingBytes, Unsupported."""
    return _decode(frame, name="Temperature Measurement")


def decode_intermediate_temperature(frame: bytes) -> IntermediateTemperature:
    """Decode a 0x2A1E value, of the same layout. Raises Truncated, TrailingBytes, Unsupported."""
    parts = _decode(frame, name="Intermediate Temperature")
    return IntermediateTemperature(unit=parts.unit, temperature=parts.temperature)


def decode_temperature_type(frame: bytes) -> int:
    """Decode a 0x2A1D value, the type of all measurements. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Temperature Type", frame)
    temperature_type = reader.u8()
    reader.finish()
    return temperature_type


def _decode(frame: bytes, *, name: str) -> TemperatureMeasurement:
    reader = FrameReader(name, frame)
    flags = reader.u8()
    temperature = decode_float32(reader.u32())
    has_time = bool(flags & _HAS_TIME)
    timestamp = decode_date_time(reader.take(DATE_TIME_LENGTH)) if has_time else None
    temperature_type = reader.u8() if flags & _HAS_TYPE else None
    reader.finish(reserved=flags & _RESERVED)
    return TemperatureMeasurement(
        unit=Unit.FAHRENHEIT if flags & _FAHRENHEIT else Unit.CELSIUS,
        temperature=temperature,
        has_time=has_time,
        timestamp=timestamp,
        temperature_type=temperature_type,
    )
