"""Frames an FFE0 scale sends. `head` is its first byte, the model's nibble and 7."""

import struct
from collections.abc import Sequence
from decimal import Decimal

from ohx_desktop.virtual.ffe0_profiles import Ffe0Command
from ohx_desktop.virtual.ffe0_records import HALF, Ffe0Record, Ffe0User, weight_steps

LIVE, STABLE = 1, 0
YES, NO = 0, 1
"""As status bytes have it: 0 is yes."""

_BATTERY, _WEIGHT_THRESHOLD, _FAT_THRESHOLD, _KILOGRAMS, _VERSION = 0x5E, 20, 220, 1, 5
_RESULT_PARTS = 3
_USER_PART = 1


def reply(head: int, command: Ffe0Command, *values: int) -> bytes:
    """Return the reply to a command."""
    return bytes((head, Ffe0Command.REPLY, command, *values))


def status(head: int, *, is_known: bool, has_records: bool) -> bytes:
    """Return the status reply for the person asked about."""
    known, records = (YES if is_known else NO), (YES if has_records else NO)
    thresholds = (_WEIGHT_THRESHOLD, _FAT_THRESHOLD)
    values = (known, _BATTERY, *thresholds, _KILOGRAMS, known, records, records, _VERSION)
    return reply(head, Ffe0Command.STATUS, *values)


def weight(head: int, state: int, weight_kg: Decimal) -> bytes:
    """Return a weight frame, live or stable."""
    return struct.pack(">BBBH", head, Ffe0Command.WEIGHT, state, weight_steps(weight_kg))


def user_rows(head: int, users: Sequence[Ffe0User]) -> list[bytes]:
    """Return a frame for each person."""
    return [
        bytes((head, Ffe0Command.USER_ROW, len(users), number))
        + user.uid
        + user.name
        + bytes((user.birth_year - 1900,))
        for number, user in enumerate(users, start=1)
    ]


def stored_parts(head: int, records: Sequence[Ffe0Record]) -> list[bytes]:
    """Return two frames for each record."""
    halves = [half for record in records for half in _halves(record.encode())]
    return [
        bytes((head, Ffe0Command.STORED_PART, len(halves), number)) + half
        for number, half in enumerate(halves, start=1)
    ]


def result_parts(head: int, record: Ffe0Record, uid: bytes, *, time_bits: int) -> list[bytes]:
    """Return the three frames of a live result."""
    start = bytes((head, Ffe0Command.RESULT, _RESULT_PARTS))
    bodies = [bytes((_USER_PART,)) + uid, *_halves(record.encode(time_bits=time_bits))]
    return [start + bytes((number,)) + body for number, body in enumerate(bodies, start=1)]


def unknown_rows(head: int, records: Sequence[Ffe0Record]) -> list[bytes]:
    """Return a frame for each record of nobody known; slots count from 1."""
    return [
        bytes((head, Ffe0Command.UNKNOWN_ROW, len(records), number, number))
        + record.encode_unknown()
        for number, record in enumerate(records, start=1)
    ]


def _halves(record: bytes) -> tuple[bytes, bytes]:
    return record[:HALF], record[HALF:]
