"""Omron's addition to the Record Access Control Point: the newest record's number.

All else is as in `codec.record_access`. A user could be registered at a chosen index, too; that
might take it from somebody, so this program lets the device choose.

Source: freesonwill/BleSampleOmron (op codes), magcode/omviva.
"""

from dataclasses import dataclass

from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.record_access import RecordCount, RecordResponse, decode_record_answer

_LATEST, _LATEST_IS = 0x10, 0x11

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
