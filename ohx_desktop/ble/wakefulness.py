"""Whether this computer slept, or its clock was moved on: what was true before is not true now.

A suspended Linux or macOS counts no monotonic time while it sleeps, so the wall clock gains on it;
on Windows both go on and the next look merely comes late. Either shows here.
"""

from collections.abc import Callable
from datetime import datetime

from ohx_desktop.domain.clock import Now

# A loop can be held up for seconds on an overloaded computer. Nobody else can have been measured
# in a shorter sleep.
TOLERANCE_S = 30.0


class Wakefulness:
    """Compares the clocks. `look` must be called every few seconds."""

    def __init__(self, now: Now, loop_time: Callable[[], float]) -> None:
        self._now = now
        self._loop_time = loop_time
        self._looked_at, self._looked_s = now(), loop_time()

    def look(self) -> datetime | None:
        """Return the present moment (aware) if the computer slept since the last look."""
        now, now_s = self._now(), self._loop_time()
        by_wall_s = (now - self._looked_at).total_seconds()
        by_loop_s = now_s - self._looked_s
        self._looked_at, self._looked_s = now, now_s
        return now if max(by_wall_s, by_loop_s) > TOLERANCE_S else None
