"""Date Time, the seven bytes of a device's own clock. It knows no zone and no summer time.

Parts may be 0 for "unknown", and devices with a dead clock send dates that do not exist. Either
makes "no usable time", never a failed reading: the values of the measurement are still good.

Source: GATT Specification Supplement, Date Time.
"""

from datetime import datetime

DATE_TIME_LENGTH = 7
_FIRST_YEAR = 1582


def decode_date_time(raw: bytes) -> datetime | None:
    """Return the naive time of seven bytes, or None where they name no moment."""
    year = int.from_bytes(raw[:2], "little")
    if year < _FIRST_YEAR:
        return None
    try:
        return datetime(year, *raw[2:DATE_TIME_LENGTH])  # noqa: DTZ001 - the bytes carry no zone
    except ValueError:
        return None
