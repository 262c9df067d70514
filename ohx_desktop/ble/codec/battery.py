"""Battery Level (0x2A19).

Source: Battery Service 1.1; GATT Specification Supplement, Battery Level.
"""

from ohx_desktop.ble.codec.frame import FrameReader

_FULL_PERCENT = 100


def decode_battery_level(frame: bytes) -> int | None:
    """Return the level in %, None where it is reserved. Raises Truncated, TrailingBytes."""
    reader = FrameReader("Battery Level", frame)
    level = reader.u8()
    reader.finish()
    return level if level <= _FULL_PERCENT else None
