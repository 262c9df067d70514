"""Local Time Information (0x2A0F): in which zone a device believes to be.

Source: Current Time Service 1.1; GATT Specification Supplement, Local Time Information.
"""

from dataclasses import dataclass

from ohx_desktop.ble.codec.frame import FrameReader

_STEP_MIN = 15
_ZONES = range(-48, 57)
# What is added in summer, by code; the others are reserved or "unknown".
_SUMMER_MIN = {0: 0, 2: 30, 4: 60, 8: 120}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime:
    """Minutes of standard time ahead of UTC, and what summer time adds now; None if unknown."""

    utc_offset_min: int | None
    summer_time_min: int | None


def decode_local_time(frame: bytes) -> LocalTime:
    """Decode a 0x2A0F value. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Local Time Information", frame)
    zone = int.from_bytes(reader.take(1), "little", signed=True)
    summer = reader.u8()
    reader.finish()
    return LocalTime(
        utc_offset_min=zone * _STEP_MIN if zone in _ZONES else None,
        summer_time_min=_SUMMER_MIN.get(summer),
    )
