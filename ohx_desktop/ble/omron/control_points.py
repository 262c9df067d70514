"""Omron's additions to two control points: the newest record's number, a user at a chosen index.

All else is as in `codec.record_access` and `codec.user_control`.

Source: freesonwill/BleSampleOmron (op codes), magcode/omviva.
"""

from dataclasses import dataclass

from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.record_access import RecordCount, RecordResponse, decode_record_answer
from ohx_desktop.ble.codec.user_control import HIGHEST_CONSENT_CODE

_LATEST, _LATEST_IS = 0x10, 0x11
_REGISTER_AT = 0x40
_USERS = range(1, 5)

LATEST_SEQUENCE_REQUEST = bytes([_LATEST, 0])
"""Asks 0x2A52 for the sequence number of the newest record."""


@dataclass(frozen=True, slots=True)
class LatestSequence:
    """The sequence number of the newest record, None where there is no record."""

    sequence: int | None


def decode_omron_record_answer(frame: bytes) -> LatestSequence | RecordCount | RecordResponse:
    """Decode an indication of 0x2A52. Raises Truncated, TrailingBytes, Unsupported."""
    if not frame.startswith(bytes([_LATEST_IS])):
        return decode_record_answer(frame)
    reader = FrameReader("Record Access Control Point", frame)
    reader.take(2)
    sequence = reader.u16()
    reader.finish()
    return LatestSequence(sequence or None)


def encode_register_at(user: int, consent: int) -> bytes:
    """Return the request to 0x2A9F for a new user 1 to 4. Raises ValueError for other numbers."""
    if user not in _USERS or not 0 <= consent <= HIGHEST_CONSENT_CODE:
        raise ValueError("Omron devices have users 1 to 4 and consent codes of four digits")
    return bytes([_REGISTER_AT, user]) + consent.to_bytes(2, "little")
