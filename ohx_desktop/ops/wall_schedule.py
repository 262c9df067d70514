"""When a task is due by the clock on the wall: once a night, also when the clocks change. Pure.

A cron expression names minutes of the calendar. They are compared with the wall clock between the
last run and now: the half past two that spring leaves out lies between them, too, and the one that
autumn brings twice is behind the last run the second time. A computer that was off has one run to
make up for.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
# A clock that goes back farther than by daylight saving was wrong before.
_SET_BACK = timedelta(days=1)
# Whatever the expression, a run after so long is due.
_LONGEST = timedelta(days=32)
_FIELDS = 5

Matches = Callable[[datetime], bool]
"""Tells whether a minute of the calendar is meant."""


def cron(expression: str) -> Matches:
    """Return what an expression of five fields means: minute, hour, day, month, day of the week.

    Raises ValueError.
    """
    from huey import crontab

    fields = expression.split()
    if len(fields) != _FIELDS:
        raise ValueError("a schedule has five fields, such as 30 2 * * *")
    return crontab(*fields, strict=True)


class WallSchedule:
    """Tells when a run is due. `last` ran; all times are naive times of the wall clock."""

    def __init__(self, matches: Matches, last: datetime) -> None:
        self._matches = matches
        self._looked_at = last

    def is_due(self, now: datetime) -> bool:
        """Tell whether a run has come due since the last look."""
        last = self._looked_at
        if last - now > _SET_BACK or now - last > _LONGEST:
            self._looked_at = now
            return True
        # The hour that autumn brings twice is not looked at again.
        self._looked_at = max(last, now)
        minute = last.replace(second=0, microsecond=0) + _MINUTE
        while minute <= now:
            if self._matches(minute):
                return True
            minute += _MINUTE
        return False
