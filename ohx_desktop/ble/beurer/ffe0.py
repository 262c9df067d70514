"""The service FFE0 of some Beurer and Sanitas scales: what the host writes.

One characteristic carries both ways. The first byte is the variant of the scale (high nibble) and
the sort of frame (low nibble); numbers are big-endian; there is no checksum. The scale goes on only
after each part has been acknowledged.

Sources: published programs for BF700, BF710, BF800 and SBF70, and captures of SBF70 and BF800.
"""

from enum import IntEnum

from ohx_desktop.ble.assigned_numbers import uuid16

FFE0_SERVICE = uuid16(0xFFE0)
FFE1 = uuid16(0xFFE1)
"""The one characteristic: write with response, notify."""

NOBODY = bytes(8)
"""The user id of no user."""

UID_LENGTH = 8
START, DATA, TIME, END = 0x6, 0x7, 0x9, 0xA
"""The low nibble of a frame: its sort."""

# An acknowledgement repeats a frame from its command up to here.
_REPEATED_END = 4


class Variant(IntEnum):
    """The high nibble of every frame: of the BF700, BF800 and Libra, or of the BF710 and twins."""

    BF700 = 0xF0
    BF710 = 0xE0


class Command(IntEnum):
    """The second byte of a data frame."""

    LIST_USERS = 0x33
    USER_ROW = 0x34
    MEASURE = 0x40
    FETCH_STORED = 0x41
    STORED_PART = 0x42
    DELETE_STORED = 0x43
    FETCH_UNKNOWN = 0x46
    UNKNOWN_RECORD = 0x47
    STATUS = 0x4F
    LIVE_WEIGHT = 0x58
    RESULT_PART = 0x59
    REPLY = 0xF0
    ACKNOWLEDGE = 0xF1


_ACKNOWLEDGED = frozenset(
    {
        Command.USER_ROW,
        Command.STORED_PART,
        Command.UNKNOWN_RECORD,
        Command.LIVE_WEIGHT,
        Command.RESULT_PART,
    }
)


def start(variant: Variant) -> bytes:
    """Return the first frame of a visit."""
    return bytes([variant | START, 0x01])


def set_time(variant: Variant, unix_s: int) -> bytes:
    """Return the frame that sets the clock to seconds since 1970 in UTC; it has no answer."""
    return bytes([variant | TIME]) + unix_s.to_bytes(4, "big")


def end(variant: Variant) -> bytes:
    """Return the frame on which the scale disconnects."""
    return bytes([variant | END, 0x02])


def command(variant: Variant, code: Command, uid: bytes = b"") -> bytes:
    """Return a command, with the eight bytes of a user where it wants one."""
    if len(uid) not in {0, UID_LENGTH}:
        raise ValueError("a user id has eight bytes")
    return bytes([variant | DATA, code]) + uid


def acknowledgement(frame: bytes) -> bytes | None:
    """Return what to answer a frame with, None for one that wants no answer.

    A frame that cannot be decoded is acknowledged, too: those after it may be good.
    """
    if len(frame) < _REPEATED_END or frame[1] not in _ACKNOWLEDGED:
        return None
    if frame[0] not in {variant | DATA for variant in Variant}:
        return None
    return bytes([frame[0], Command.ACKNOWLEDGE]) + frame[1:_REPEATED_END]
