"""User Data Service (0x181C): what a scale knows of the users in its slots.

Without consent some scales answer with nothing but ones instead of an error; that is "unknown", as
is every value the service itself calls unknown.

Source: User Data Service 1.1; GATT Specification Supplement.
"""

from datetime import date
from enum import IntEnum

from ohx_desktop.ble.codec.frame import FrameReader

_UNKNOWN_USER = 0xFF
_UNKNOWN_HEIGHT = frozenset({0, 0xFFFF})
_FIRST_YEAR = 1582
# After the highest follows 0: all ones means "unknown".
_HIGHEST_INCREMENT = 0xFFFF_FFFE


class Gender(IntEnum):
    """The gender by which a scale computes. Other numbers are reserved."""

    MALE = 0
    FEMALE = 1
    UNSPECIFIED = 2


def decode_user_index(frame: bytes) -> int | None:
    """Return the slot of 0x2A9A, None before a consent. Raises Truncated, TrailingBytes."""
    reader = FrameReader("User Index", frame)
    index = reader.u8()
    reader.finish()
    return None if index == _UNKNOWN_USER else index


def decode_change_increment(frame: bytes) -> int | None:
    """Return the counter of 0x2A99, None if unknown. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Database Change Increment", frame)
    increment = reader.u32()
    reader.finish()
    return increment if increment <= _HIGHEST_INCREMENT else None


def encode_change_increment(increment: int) -> bytes:
    """Return the bytes of a counter. Raises ValueError for one that is out of range."""
    if not 0 <= increment <= _HIGHEST_INCREMENT:
        raise ValueError("a change increment has 32 bits, not all of them set")
    return increment.to_bytes(4, "little")


def next_change_increment(increment: int) -> int:
    """Return what to write after a change of the user's data."""
    return 0 if increment >= _HIGHEST_INCREMENT else increment + 1


def decode_date_of_birth(frame: bytes) -> date | None:
    """Return the date of 0x2A85, None where a part is unknown or there is no such day.

    Raises Truncated, TrailingBytes.
    """
    reader = FrameReader("Date of Birth", frame)
    year, month, day = reader.u16(), reader.u8(), reader.u8()
    reader.finish()
    if year < _FIRST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def encode_date_of_birth(born: date | None) -> bytes:
    """Return the four bytes of a date; None is "unknown". Raises ValueError before 1582."""
    if born is None:
        return bytes(4)
    if born.year < _FIRST_YEAR:
        raise ValueError("dates on the wire begin with the Gregorian calendar")
    return born.year.to_bytes(2, "little") + bytes([born.month, born.day])


def decode_gender(frame: bytes) -> Gender | None:
    """Return the gender of 0x2A8C, None where it is reserved. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Gender", frame)
    gender = reader.u8()
    reader.finish()
    return Gender(gender) if gender in set(Gender) else None


def encode_gender(gender: Gender) -> bytes:
    """Return the byte of a gender."""
    return bytes([gender])


def decode_height_cm(frame: bytes) -> int | None:
    """Return the height of 0x2A8E in cm, None if unknown. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Height", frame)
    height = reader.u16()
    reader.finish()
    return None if height in _UNKNOWN_HEIGHT else height


def encode_height_cm(height_cm: int) -> bytes:
    """Return the two bytes of a height. Raises ValueError for one that means "unknown"."""
    if not 0 < height_cm < 0xFFFF:  # noqa: PLR2004 - 16 bit
        raise ValueError("a height has 16 bits and is not unknown")
    return height_cm.to_bytes(2, "little")
