"""Reference Time Information (0x2A14): when a device's clock was last set, and by what.

Source: Current Time Service 1.1; GATT Specification Supplement, Reference Time Information.
"""

from dataclasses import dataclass

from ohx_desktop.ble.codec.frame import FrameReader

_ACCURACY_STEP_MS = 125
# 254 is "out of range", 255 "unknown".
_HIGHEST_ACCURACY = 253
_LONG_AGO_DAYS = 255
_HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTime:
    """Where the time came from, how exact it is, and how long ago it was set.

    `source` is the number on the wire. `accuracy_ms` is None where it is not told;
    `hours_since_update` where it is 255 days or more, or makes no sense.
    """

    source: int
    accuracy_ms: int | None
    hours_since_update: int | None


def decode_reference_time(frame: bytes) -> ReferenceTime:
    """Decode a 0x2A14 value. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Reference Time Information", frame)
    source, accuracy, days, hours = reader.take(4)
    reader.finish()
    is_known = days < _LONG_AGO_DAYS and hours < _HOURS_A_DAY
    return ReferenceTime(
        source=source,
        accuracy_ms=accuracy * _ACCURACY_STEP_MS if accuracy <= _HIGHEST_ACCURACY else None,
        hours_since_update=days * _HOURS_A_DAY + hours if is_known else None,
    )
