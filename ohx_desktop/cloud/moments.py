"""When something was measured: an instant with its own offset, a period, or a day. Pure.

An instant is never in doubt; only its local rendering needs a zone. A civil day is a period only in
a zone, and it is over only when its end has passed.

Source: IANA time zone database; RFC 3339.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# A device whose clock was never set tells 1970; before this no cloud service existed.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# How far a server's clock and ours may differ.
_AHEAD = timedelta(minutes=10)
# The year 9000: no zone leads out of the calendar from there.
_LATEST_UNIX_S = 221_845_392_000
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+){0,2}")
# RFC 3339 in UTC, with up to nine digits of a second.
_TIMESTAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?Z")
_MICROSECONDS = 7
_DURATION = re.compile(r"(-?)([0-9]{1,5})(?:\.0{1,9})?s")
_FARTHEST_OFFSET_S = 18 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """The moment, or with `start` the period, of a measurement.

    Local where the source tells enough (`is_local`), else in UTC. `day` is the civil day of what
    belongs to one.
    """

    at: datetime
    is_local: bool
    start: datetime | None = None
    day: date | None = None


def zone(told: object) -> ZoneInfo | None:
    """Return the time zone of this IANA name, None for what is none here."""
    if not isinstance(told, str) or not _ZONE.fullmatch(told):
        return None
    try:
        return ZoneInfo(told)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def from_unix(seconds: int | None, *, now: datetime) -> datetime | None:
    """Return the instant of Unix seconds in UTC, or None where nothing can have been measured."""
    instant = unix(seconds)
    return None if instant is None else believable(instant, now=now)


def unix(seconds: int | None) -> datetime | None:
    """Return the instant of Unix seconds in UTC, or None beyond the calendar."""
    if seconds is None or not 0 < seconds < _LATEST_UNIX_S:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def from_timestamp(told: object) -> datetime | None:
    """Return the instant of an RFC 3339 text in UTC, cut to microseconds; None for another form."""
    found = _TIMESTAMP.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        return None
    try:
        instant = datetime.fromisoformat(f"{found[1]}{_six_digits(found[2])}+00:00")
    except ValueError:
        return None
    return instant if 0 < instant.timestamp() < _LATEST_UNIX_S else None


def believable(instant: datetime, *, now: datetime) -> datetime | None:
    """Return the instant, or None where it lies in the future or before such services existed."""
    return instant if _EARLIEST <= instant <= now + _AHEAD else None


def offset(told: object) -> timezone | None:
    """Return the UTC offset of a duration such as "3600s"; None for another form.

    Nowhere in the world an offset has a fraction of a second.
    """
    found = _DURATION.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        return None
    seconds = int(f"{found[1]}{found[2]}")
    return timezone(timedelta(seconds=seconds)) if abs(seconds) <= _FARTHEST_OFFSET_S else None


def at(instant: datetime, local: tzinfo | None) -> When:
    """Return the moment, local by the offset that held at that very instant."""
    return When(at=_fixed(instant, local), is_local=local is not None)


def between(
    start: datetime, start_zone: tzinfo | None, end: datetime, end_zone: tzinfo | None
) -> When:
    """Return a period whose ends may have different offsets."""
    return When(
        start=_fixed(start, start_zone),
        at=_fixed(end, end_zone),
        is_local=start_zone is not None and end_zone is not None,
    )


def whole_day(day: date, local: tzinfo) -> When | None:
    """Return a civil day as a period: 23 to 25 hours. None at the end of the calendar."""
    try:
        start, end = (
            datetime.combine(each, time(), local) for each in (day, day + timedelta(days=1))
        )
        return When(start=_fixed(start, local), at=_fixed(end, local), is_local=True, day=day)
    except OverflowError:
        return None


def _fixed(instant: datetime, local: tzinfo | None) -> datetime:
    """Return an instant by the offset of that instant alone.

    Two times of one zone are compared by their wall clocks: in the autumn hour that comes twice,
    they would be equal or in the wrong order.
    """
    shown = instant.astimezone(local or UTC)
    return shown.replace(tzinfo=timezone(shown.utcoffset() or timedelta()), fold=0)


def _six_digits(fraction: str | None) -> str:
    return "" if fraction is None else fraction[:_MICROSECONDS].ljust(_MICROSECONDS, "0")
