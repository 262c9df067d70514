"""What the time stamp of a device is worth: clocks are set by hand, and lost with the battery.

A device with a new battery starts at a fixed date, mostly 1 January of the year of its firmware,
and runs on from there; nothing on the wire tells that from a clock that somebody set.

Source: captures of BM54 (2022-01-01 00:02) and BM77; Bluetooth SIG health services, time stamps.
"""

from datetime import datetime, tzinfo

# Clocks that were never set start at a fixed date; those seen are earlier, or on a 1 January.
FIRST_CREDIBLE_YEAR = 2020
"""A time before is one that nobody can have meant."""
# For so long a clock that started at New Year's Day is taken for one that nobody set.
_FIRST_DAYS = 7


def credible_time(
    stamp: datetime | None, zone: tzinfo | None, received_at: datetime
) -> datetime | None:
    """Return the aware time of a device's naive stamp, None where nobody can have meant it.

    `zone` is that of the device's clock, None for the time on the wall. `received_at` is aware; no
    measurement is later.
    """
    if stamp is None or was_never_set(stamp, received_at):
        return None
    when = stamp.astimezone() if zone is None else stamp.replace(tzinfo=zone)
    return when if when <= received_at else None


def was_never_set(stamp: datetime, received_at: datetime) -> bool:
    """Tell whether a stamp comes from the beginning of a clock that nobody set: a rule of ours.

    That is any year before the first that can be meant, and the first days of a year before the
    reception. A true reading of such a day counts as one without a usable time, too.
    """
    if stamp.year < FIRST_CREDIBLE_YEAR:
        return True
    is_new_year = stamp.month == 1 and stamp.day <= _FIRST_DAYS
    return is_new_year and stamp.year < received_at.astimezone().year
