"""The service FF12 of the oximeter PO60: what the host writes, and how answers are put together.

A message begins with the one byte that has bit 7 set and ends with a checksum of seven bits; it
runs on over the borders of notifications. The clock of the oximeter is read and never set: its
records stay in it with the times they have, and a clock set later would make old ones look new.

Source: PO60 transmission protocol rev01.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ohx_desktop.ble.assigned_numbers import uuid16
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated, Unsupported

PO60_SERVICE = uuid16(0xFF12)
COMMAND = uuid16(0xFF01)
"""Write without response."""
ANSWER = uuid16(0xFF02)
"""Notify. The characteristics beside it configure the radio and are never written."""

GET_TIME = bytes.fromhex("8909")
GET_STORAGE = bytes.fromhex("900515")
# There is a request to delete as well; this program never deletes records.
FIRST_RECORDS = bytes.fromhex("990019")
NEXT_RECORDS = bytes.fromhex("99011a")
SAME_RECORDS = bytes.fromhex("99021b")

VERSION, TIME_SET, TIME, STORAGE, RECORD = 0xF2, 0xF3, 0xF9, 0xE0, 0xE9
"""The first byte of an answer: its kind."""

LENGTHS: Mapping[int, int] = {VERSION: 8, TIME_SET: 3, TIME: 10, STORAGE: 7, RECORD: 24}
"""Bytes of an answer by its kind, checksum included."""

HEADER_BIT = 0x80
SEVEN_BITS = 0x7F


def checksum(message: bytes) -> int:
    """Return the checksum of a message without its last byte."""
    return sum(message) & SEVEN_BITS


@dataclass(slots=True)
class Messages:
    """Puts messages together from notifications, in the order they came."""

    _begun: bytearray = field(default_factory=bytearray)
    _is_lost: bool = False

    def add(self, value: bytes) -> Iterator[bytes | DecodingError]:
        """Take a notification; yield each whole message, and why bytes are none."""
        for byte in value:
            if byte & HEADER_BIT:
                yield from self.close()
                self._is_lost = byte not in LENGTHS
                if self._is_lost:
                    yield Unsupported("PO60: a message of an unknown kind")
                else:
                    self._begun = bytearray([byte])
            elif self._begun:
                self._begun.append(byte)
                if len(self._begun) == LENGTHS[self._begun[0]]:
                    yield bytes(self._begun)
                    self._begun.clear()
            elif not self._is_lost:
                self._is_lost = True
                yield TrailingBytes("PO60: bytes that belong to no message")

    def close(self) -> Iterator[DecodingError]:
        """Yield the refusal of a message that does not go on."""
        if self._begun:
            self._begun.clear()
            yield Truncated("PO60: a message ends inside a field")


def require_whole(message: bytes, kind: int) -> None:
    """Check the form of a message. Raises Truncated, TrailingBytes, Unsupported, DecodingError."""
    if not message:
        raise Truncated("PO60: an empty message")
    if message[0] != kind or any(byte & HEADER_BIT for byte in message[1:]):
        raise Unsupported("PO60: a message of another kind")
    if len(message) < LENGTHS[kind]:
        raise Truncated("PO60: a message ends inside a field")
    if len(message) > LENGTHS[kind]:
        raise TrailingBytes("PO60: a message is longer than its kind")
    if checksum(message[:-1]) != message[-1]:
        raise DecodingError("PO60: the checksum of a message does not fit it")
