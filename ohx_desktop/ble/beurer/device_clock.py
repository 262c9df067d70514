"""Clocks of Beurer devices: set by hand or by a program, and lost with the battery.

A cuff with a new battery starts at 1 January of some year and runs on from there; nothing on the
wire tells that from a clock that somebody set.
"""

from datetime import datetime, tzinfo

# Clocks that were never set start at a fixed date; those seen are earlier, or on a 1 January.
_FIRST_CREDIBLE_YEAR = 2020
_FIRST_DAYS = 2


def credible_time(
    stamp: datetime | None, zone: tzinfo | None, received_at: datetime
) -> datetime | None:
    """Return the aware time of a device's naive stamp, None where nobody can have meant it.

    `zone` is that of the device's clock, None for the time on the wall. `received_at` is aware; no
    measurement is later.
    """
    if stamp is None or stamp.year < _FIRST_CREDIBLE_YEAR or was_never_set(stamp, received_at):
        return None
    when = stamp.astimezone() if zone is None else stamp.replace(tzinfo=zone)
    return when if when <= received_at else None


def was_never_set(stamp: datetime, received_at: datetime) -> bool:
    """Tell whether a stamp is the beginning of a clock that nobody set: a rule of ours.

    That is 1 or 2 January of a year before the reception.
    """
    is_new_year = stamp.month == 1 and stamp.day <= _FIRST_DAYS
    return is_new_year and stamp.year < received_at.astimezone().year
