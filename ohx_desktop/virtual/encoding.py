"""What a cuff puts on the wire: SFLOAT, Date Time, Current Time and pressure records.

Written from the GATT Specification Supplement and the Blood Pressure Service, and on purpose not
from this program's decoders: an encoder and a decoder that share a mistake would agree with each
other and with nobody else.
"""

import struct
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntFlag

NAN = b"\xff\x07"
"""SFLOAT "not a number": the device could not determine the value."""

UNKNOWN_USER = 255
"""User ID of a measurement whose user the device does not know (Blood Pressure Service)."""

CURRENT_TIME_LENGTH = 10

_SWAPPED_FLAGS = b"\x56"
_MANTISSA_LIMIT = 2048
_EXPONENTS = range(-8, 8)


class MeasurementFlag(IntFlag):
    """Flags field of Blood Pressure Measurement (0x2A35): which fields follow."""

    KILOPASCAL = 0x01
    TIME_STAMP = 0x02
    PULSE_RATE = 0x04
    USER_ID = 0x08
    STATUS = 0x10


class StatusFlag(IntFlag):
    """Measurement Status field of Blood Pressure Measurement."""

    NONE = 0x00
    BODY_MOVEMENT = 0x01
    CUFF_TOO_LOOSE = 0x02
    IRREGULAR_PULSE = 0x04
    PULSE_TOO_HIGH = 0x08
    PULSE_TOO_LOW = 0x10
    IMPROPER_POSITION = 0x20


@dataclass(frozen=True, slots=True, kw_only=True)
class CuffRecord:
    """One measurement in a cuff's memory, in mmHg and beats a minute; None: not determined.

    `taken_at` is the cuff's own clock and therefore naive; None: the cuff sends no time. `user`
    is the number on the wire, `status` the Measurement Status.
    """

    systolic: Decimal | None
    diastolic: Decimal | None
    mean: Decimal | None
    pulse: Decimal | None
    taken_at: datetime | None
    user: int = UNKNOWN_USER
    status: StatusFlag = StatusFlag.NONE


def encode_sfloat(value: Decimal | None) -> bytes:
    """Encode a decimal as SFLOAT with the decimal's own precision; None becomes NaN.

    Raises ValueError for a number that has no exact SFLOAT. Source: ISO/IEEE 11073-20601, 16-bit
    floating point ("medfloat16" in the GATT Specification Supplement).
    """
    if value is None:
        return NAN
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("only finite numbers have an SFLOAT form")  # noqa: TRY004 - a value, not a type
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    while not -_MANTISSA_LIMIT <= mantissa < _MANTISSA_LIMIT and mantissa % 10 == 0:
        mantissa //= 10
        exponent += 1
    if not -_MANTISSA_LIMIT <= mantissa < _MANTISSA_LIMIT or exponent not in _EXPONENTS:
        raise ValueError(f"{value} has no exact SFLOAT form")
    return struct.pack("<H", (exponent & 0xF) << 12 | mantissa & 0xFFF)


def encode_date_time(moment: datetime) -> bytes:
    """Encode the seven bytes of Date Time (0x2A08)."""
    return struct.pack(
        "<HBBBBB",
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
    )


def encode_current_time(moment: datetime, *, adjust_reason: int = 0) -> bytes:
    """Encode the ten bytes of Current Time (0x2A2B)."""
    fractions256 = moment.microsecond * 256 // 1_000_000
    tail = bytes((moment.isoweekday(), fractions256, adjust_reason))
    return encode_date_time(moment) + tail


def parse_current_time(value: bytes) -> datetime:
    """Return what a host wrote to Current Time. Raises ValueError for anything else."""
    if len(value) != CURRENT_TIME_LENGTH:
        raise ValueError("Current Time has ten bytes")
    year, month, day, hour, minute, second = struct.unpack_from("<HBBBBB", value)
    microsecond = value[8] * 1_000_000 // 256
    return datetime(year, month, day, hour, minute, second, microsecond)  # noqa: DTZ001 - no zone on the wire


def encode_measurement(record: CuffRecord, flags: MeasurementFlag) -> bytes:
    """Encode Blood Pressure Measurement (0x2A35) with the fields that `flags` name.

    A record without a time or a user is sent without that field. Source: Blood Pressure Service,
    Blood Pressure Measurement.
    """
    if record.taken_at is None:
        flags &= ~MeasurementFlag.TIME_STAMP
    in_kpa = MeasurementFlag.KILOPASCAL in flags
    pressures = (record.systolic, record.diastolic, record.mean)
    frame = bytes((flags,)) + b"".join(
        encode_sfloat(_kilopascal(value) if in_kpa else value) for value in pressures
    )
    if MeasurementFlag.TIME_STAMP in flags and record.taken_at is not None:
        frame += encode_date_time(record.taken_at)
    if MeasurementFlag.PULSE_RATE in flags:
        frame += encode_sfloat(record.pulse)
    if MeasurementFlag.USER_ID in flags:
        frame += bytes((record.user,))
    if MeasurementFlag.STATUS in flags:
        frame += struct.pack("<H", record.status)
    return frame


def encode_swapped_measurement(record: CuffRecord, _: MeasurementFlag) -> bytes:
    """Encode a record as the Beurer BM85 does: like 0x2A35, with an order of its own.

    Its flags announce time, pulse, status and a reserved bit. A user byte is there all the same,
    and pulse and status have their high byte first. Source: captures of a BM85.
    """
    if record.taken_at is None:
        raise ValueError("this model always sends a time")
    pressures = (record.systolic, record.diastolic, record.mean)
    return (
        _SWAPPED_FLAGS
        + b"".join(encode_sfloat(value) for value in pressures)
        + encode_date_time(record.taken_at)
        + encode_sfloat(record.pulse)[::-1]
        + bytes((record.user,))
        + struct.pack(">H", record.status)
    )


def encode_cuff_pressure(pressure_mmhg: int) -> bytes:
    """Encode Intermediate Cuff Pressure (0x2A36): the pressure now, all else not a number."""
    return b"\x00" + encode_sfloat(Decimal(pressure_mmhg)) + NAN + NAN


def _kilopascal(pressure_mmhg: Decimal | None) -> Decimal | None:
    if pressure_mmhg is None:
        return None
    return (pressure_mmhg / Decimal("7.50062")).quantize(Decimal("0.1"))
