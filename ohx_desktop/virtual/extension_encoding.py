"""What Omron's extension puts on the wire: every record as two notifications with one number.

Written from captures of HBF-222T and BP7900, and on purpose not from this program's decoders.
"""

import struct
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ohx_desktop.virtual.encoding import NAN, StatusFlag, encode_date_time, encode_sfloat

GUEST = 0xFF

_STEP_KG = Decimal("0.005")
_TENTH = Decimal("0.1")
_UNSUCCESSFUL = 0xFFFF
_WEIGHT_FLAGS = (b"\x3e\x00\x10", b"\xc2\xc0\x1f")
_PRESSURE_FLAGS = (b"\xfe\x20", b"\x02\x3f")
_ROOM_TEMPERATURE = b"\x00\xfb"
"""As captured; its unit is not known."""
_COMPOSITION = struct.pack("<HHHBBBBB", 233, 7066, 352, 8, 52, 9, 6, 6)
"""Fat, metabolism, skeletal muscle, visceral fat, body age and three ratings, of a capture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedRecord:
    """One record: a weight in kg, or pressures in mmHg and a pulse; None: not determined."""

    sequence: int
    taken_at: datetime
    user: int
    weight_kg: Decimal | None = None
    pressures: tuple[int, int, int] | None = None
    height_cm: int = 176


def encode_weighing(record: NumberedRecord) -> tuple[bytes, bytes]:
    """Return the two notifications of a weighing, of 19 and 16 bytes."""
    number = struct.pack("<H", record.sequence)
    weight = _UNSUCCESSFUL if record.weight_kg is None else int(record.weight_kg / _STEP_KG)
    height_m = Decimal(record.height_cm) / 100
    index = 0 if record.weight_kg is None else round(record.weight_kg / height_m**2 / _TENTH)
    first = (
        number
        + struct.pack("<H", weight)
        + encode_date_time(record.taken_at)
        + struct.pack("<BHH", record.user, index, record.height_cm * 10)
    )
    return _WEIGHT_FLAGS[0] + first, _WEIGHT_FLAGS[1] + number + _COMPOSITION


def encode_pressure(
    record: NumberedRecord, status: StatusFlag = StatusFlag.NONE
) -> tuple[bytes, bytes]:
    """Return the two notifications of a blood pressure, of 20 and 11 bytes."""
    number = struct.pack("<H", record.sequence)
    pressures, pulse = NAN * 3, NAN
    if record.pressures is not None:
        systolic, diastolic, rate = record.pressures
        mean = diastolic + (systolic - diastolic) // 3
        pressures = b"".join(encode_sfloat(Decimal(n)) for n in (systolic, diastolic, mean))
        pulse = encode_sfloat(Decimal(rate))
    first = number + pressures + encode_date_time(record.taken_at) + pulse + bytes((record.user,))
    second = number + struct.pack("<HBBB", status, 0, 0, 0) + _ROOM_TEMPERATURE
    return _PRESSURE_FLAGS[0] + first, _PRESSURE_FLAGS[1] + second
