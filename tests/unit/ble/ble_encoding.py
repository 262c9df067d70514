"""Values to bytes, written from the layouts for the tests alone: the other half of each decoder."""

from datetime import datetime
from decimal import Decimal


def sfloat(value: str | int | Decimal) -> bytes:
    """Return two bytes; the decimals of the value become the exponent."""
    sign, digits, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int)
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    return ((exponent & 0xF) << 12 | mantissa & 0xFFF).to_bytes(2, "little")


NAN = bytes.fromhex("ff07")


def date_time(moment: datetime) -> bytes:
    return moment.year.to_bytes(2, "little") + bytes(
        [moment.month, moment.day, moment.hour, moment.minute, moment.second]
    )


def current_time(moment: datetime) -> bytes:
    fraction = moment.microsecond * 256 // 1_000_000
    return date_time(moment) + bytes([moment.isoweekday(), fraction, 0])


def blood_pressure(
    systolic: bytes | str | int = 128,
    diastolic: bytes | str | int = 82,
    mean: bytes | str | int = NAN,
    *,
    kilopascal: bool = False,
    stamp: datetime | bytes | None = None,
    pulse: bytes | str | int | None = None,
    user: int | None = None,
    status: int | None = None,
) -> bytes:
    flags = kilopascal | (stamp is not None) << 1 | (pulse is not None) << 2
    flags |= (user is not None) << 3 | (status is not None) << 4
    frame = bytes([flags])
    for value in (systolic, diastolic, mean):
        frame += value if isinstance(value, bytes) else sfloat(value)
    if stamp is not None:
        frame += stamp if isinstance(stamp, bytes) else date_time(stamp)
    if pulse is not None:
        frame += pulse if isinstance(pulse, bytes) else sfloat(pulse)
    if user is not None:
        frame += bytes([user])
    if status is not None:
        frame += status.to_bytes(2, "little")
    return frame
