"""Frames that an FFE0 scale sends one after the other, each against an acknowledgement."""

from collections import deque
from collections.abc import Callable, Sequence


class PartStream:
    """Says a part, waits until the host repeats its bytes 1 to 3, says the next.

    `on_end` is called when the last part has been acknowledged.
    """

    def __init__(self, *, say: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._say = say
        self._on_end = on_end
        self._waiting: deque[bytes] = deque()
        self._awaited: bytes | None = None

    def drop(self) -> None:
        """Leave unsaid what waits."""
        self._waiting.clear()
        self._awaited = None

    def start(self, parts: Sequence[bytes]) -> None:
        """Say these parts instead of those that wait."""
        self.drop()
        self.extend(parts)

    def extend(self, parts: Sequence[bytes]) -> None:
        """Say these parts after those that wait."""
        self._waiting.extend(parts)
        if self._awaited is None:
            self._say_next()

    def acknowledge(self, acknowledged: bytes) -> None:
        """Go on if this names the part that was said last."""
        if self._awaited is None or acknowledged != self._awaited:
            return
        self._awaited = None
        if self._waiting:
            self._say_next()
        else:
            self._on_end()

    def _say_next(self) -> None:
        if self._waiting:
            part = self._waiting.popleft()
            self._awaited = part[1:4]
            self._say(part)
