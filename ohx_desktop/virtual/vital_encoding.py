"""What thermometers, oximeters and glucose meters put on the wire, by the Bluetooth SIG services.

Written from the specifications and, like `encoding`, not from this program's decoders.
"""

import struct
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, IntFlag

from ohx_desktop.virtual.encoding import encode_date_time, encode_sfloat

FLOAT_NAN = bytes.fromhex("ffff7f00")
"""FLOAT "not a number": the device could not determine the value."""

_FLOAT_MANTISSA_LIMIT = 1 << 23


class Place(IntEnum):
    """Temperature Type (0x2A1D); OBJECT is Beurer's own."""

    ARMPIT = 1
    BODY = 2
    EAR = 3
    MOUTH = 6
    OBJECT = 255


class OximeterStatus(IntFlag):
    """Measurement Status of the Pulse Oximeter Service, as far as virtual devices set it."""

    NONE = 0
    VALIDATED = 1 << 7
    FROM_STORAGE = 1 << 9
    DEMONSTRATION = 1 << 10
    INVALID = 1 << 15


class Sample(IntEnum):
    """Type of Glucose Measurement."""

    CAPILLARY_WHOLE_BLOOD = 1
    CONTROL_SOLUTION = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TemperatureRecord:
    """One measurement; None: not determined. `taken_at` is the device's own clock."""

    temperature: Decimal | None
    taken_at: datetime | None
    in_fahrenheit: bool = False
    place: Place | None = Place.BODY
    has_fever: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OximetryRecord:
    """One spot check, in % and beats a minute; None: not determined."""

    saturation: Decimal | None
    pulse: Decimal | None
    taken_at: datetime | None
    clock_is_set: bool = True
    status: OximeterStatus | None = OximeterStatus.VALIDATED


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseRecord:
    """One record, the concentration in kg/L or mol/L; None: not determined.

    `meal` is that of Glucose Measurement Context, None for a record without one.
    """

    sequence: int
    concentration: Decimal | None
    in_moles: bool = False
    taken_at: datetime
    offset_min: int | None = None
    sample: Sample = Sample.CAPILLARY_WHOLE_BLOOD
    status: int | None = 0
    meal: int | None = None


def encode_float32(value: Decimal | None) -> bytes:
    """Encode a decimal as FLOAT with the decimal's own precision; None becomes NaN.

    Raises ValueError for a number that has no exact FLOAT. Source: ISO/IEEE 11073-20601.
    """
    if value is None:
        return FLOAT_NAN
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("only finite numbers have a FLOAT form")  # noqa: TRY004 - a value, not a type
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    if not -_FLOAT_MANTISSA_LIMIT < mantissa < _FLOAT_MANTISSA_LIMIT:
        raise ValueError("the number has more digits than a FLOAT")
    return struct.pack("<i", mantissa)[:3] + struct.pack("b", exponent)


def encode_temperature(record: TemperatureRecord) -> bytes:
    """Encode Temperature Measurement (0x2A1C). Bit 7 of the flags is Beurer's mark of a fever."""
    flags = 0x01 if record.in_fahrenheit else 0x00
    frame = encode_float32(record.temperature)
    if record.taken_at is not None:
        flags |= 0x02
        frame += encode_date_time(record.taken_at)
    if record.place is not None:
        flags |= 0x04
        frame += bytes((record.place,))
    if record.has_fever:
        flags |= 0x80
    return bytes((flags,)) + frame


def encode_spot_check(record: OximetryRecord) -> bytes:
    """Encode PLX Spot-Check Measurement (0x2A5E)."""
    flags = 0x00 if record.clock_is_set else 0x10
    frame = encode_sfloat(record.saturation) + encode_sfloat(record.pulse)
    if record.taken_at is not None:
        flags |= 0x01
        frame += encode_date_time(record.taken_at)
    if record.status is not None:
        flags |= 0x02
        frame += struct.pack("<H", record.status)
    return bytes((flags,)) + frame


def encode_continuous(saturation: Decimal, pulse: Decimal) -> bytes:
    """Encode PLX Continuous Measurement (0x2A5F): the values as the display shows them now."""
    return b"\x00" + encode_sfloat(saturation) + encode_sfloat(pulse)


def encode_glucose(record: GlucoseRecord) -> bytes:
    """Encode Glucose Measurement (0x2A18), of a finger."""
    flags = 0x02 | (0x04 if record.in_moles else 0x00) | (0x10 if record.meal is not None else 0x00)
    frame = struct.pack("<H", record.sequence) + encode_date_time(record.taken_at)
    if record.offset_min is not None:
        flags |= 0x01
        frame += struct.pack("<h", record.offset_min)
    frame += encode_sfloat(record.concentration) + bytes((0x10 | record.sample,))
    if record.status is not None:
        flags |= 0x08
        frame += struct.pack("<H", record.status)
    return bytes((flags,)) + frame


def encode_glucose_context(record: GlucoseRecord) -> bytes:
    """Encode Glucose Measurement Context (0x2A34) with the meal alone."""
    if record.meal is None:
        raise ValueError("a record without a meal has no context")
    return struct.pack("<BHB", 0x02, record.sequence, record.meal)
