"""Dates, times and lengths of time, as the window writes them. The month is in letters."""

from datetime import date, datetime, timedelta, tzinfo

from ohx_desktop.ui import texts

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
_MONTHS_A_YEAR = 12
# Below this age months are told, below the second the days: clinical usage for infants.
_YEARS_FROM, _MONTHS_FROM = 2, 1


def date_text(day: date) -> str:
    """Return "23-Nov-1951"."""
    return f"{day.day:02}-{texts.MONTHS[day.month - 1]}-{day.year:04}"


def time_text(moment: datetime, *, zone: tzinfo | None = None, seconds: bool = False) -> str:
    """Return "10:15" or "10:15:48", in `zone` where one is given."""
    local = moment.astimezone(zone) if zone else moment
    return local.strftime("%H:%M:%S" if seconds else "%H:%M")


def moment_text(moment: datetime, now: datetime) -> str:
    """Return the time in the zone of `now`, with the date where it is not today's."""
    local = moment.astimezone(now.tzinfo)
    clock = time_text(local)
    return clock if local.date() == now.date() else f"{date_text(local.date())} {clock}"


def length_text(length: timedelta) -> str:
    """Return a length of time by its two largest units at most: "1 h 2 min", "45 s", "3 d"."""
    total_s = round(abs(length.total_seconds()))
    if total_s < _MINUTE_S:
        return texts.SECONDS.format(n=total_s)
    if total_s < _HOUR_S:
        return texts.MINUTES.format(n=total_s // _MINUTE_S)
    if total_s < _DAY_S:
        hours, minutes = total_s // _HOUR_S, total_s % _HOUR_S // _MINUTE_S
        form = texts.HOURS_MINUTES if minutes else texts.HOURS
        return form.format(h=hours, n=minutes)
    return texts.DAYS.format(n=total_s // _DAY_S)


def age_text(born: date, today: date) -> str:
    """Return "75 y"; below two years "14 m", below one month "12 d"."""
    months = (today.year - born.year) * _MONTHS_A_YEAR + today.month - born.month
    months -= today.day < born.day
    years = months // _MONTHS_A_YEAR
    if years >= _YEARS_FROM:
        return texts.AGE_YEARS.format(n=years)
    if months >= _MONTHS_FROM:
        return texts.AGE_MONTHS.format(n=months)
    return texts.AGE_DAYS.format(n=max((today - born).days, 0))
