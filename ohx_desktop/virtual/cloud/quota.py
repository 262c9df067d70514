"""Quotas of the virtual services: so many calls a minute, and no call twice within seconds."""

from collections import deque
from collections.abc import Callable, Hashable

MINUTE_S = 60.0
DUPLICATE_S = 10.0


class Quota:
    """Counts calls by the seconds of `now`."""

    def __init__(self, *, now: Callable[[], float], per_minute: int) -> None:
        self._now = now
        self.per_minute = per_minute
        self._calls: deque[float] = deque()
        self._seen: dict[Hashable, float] = {}

    def is_used_up(self) -> bool:
        """Count a call; True where it is one too many."""
        now = self._now()
        while self._calls and self._calls[0] <= now - MINUTE_S:
            self._calls.popleft()
        if len(self._calls) >= self.per_minute:
            return True
        self._calls.append(now)
        return False

    def is_repeated(self, call: Hashable) -> bool:
        """Tell whether the very same call came within DUPLICATE_S, and remember it."""
        now = self._now()
        self._seen = {key: at for key, at in self._seen.items() if at > now - DUPLICATE_S}
        repeated = call in self._seen
        self._seen[call] = now
        return repeated
