"""Current Time (0x2A2B): what the device's clock shows now.

Source: Current Time Service 1.1; GATT Specification Supplement, Current Time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ohx_desktop.ble.codec.date_time import DATE_TIME_LENGTH, decode_date_time
from ohx_desktop.ble.codec.frame import FrameReader

_FRACTIONS_PER_S = 256
_SET_BY_HAND = 0x01


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentTime:
    """The clock as sent. `date_time` is naive, None where the clock was never set.

    `day_of_week` is 1 (Monday) to 7, 0 unknown; `fraction256` counts 1/256 s; `adjust_reason` is
    a bit field (0 manual, 1 external reference, 2 time zone, 3 summer time).
    """

    date_time: datetime | None
    day_of_week: int
    fraction256: int
    adjust_reason: int

    @property
    def moment(self) -> datetime | None:
        """The naive time with its fraction of a second."""
        if self.date_time is None:
            return None
        return self.date_time + timedelta(seconds=self.fraction256 / _FRACTIONS_PER_S)


def decode_current_time(frame: bytes) -> CurrentTime:
    """Decode ten bytes. Raises Truncated or TrailingBytes."""
    reader = FrameReader("Current Time", frame)
    date_time = decode_date_time(reader.take(DATE_TIME_LENGTH))
    day_of_week, fraction256, adjust_reason = reader.take(3)
    reader.finish()
    return CurrentTime(
        date_time=date_time,
        day_of_week=day_of_week,
        fraction256=fraction256,
        adjust_reason=adjust_reason,
    )


def encode_current_time(local: datetime) -> bytes:
    """Return the ten bytes of a naive local time that somebody sets, with its day of the week."""
    date_time = bytes([local.month, local.day, local.hour, local.minute, local.second])
    fraction256 = local.microsecond * _FRACTIONS_PER_S // 1_000_000
    tail = bytes([local.isoweekday(), fraction256, _SET_BY_HAND])
    return local.year.to_bytes(2, "little") + date_time + tail
