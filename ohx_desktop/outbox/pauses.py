"""When all sending stands still, for how long, and what ends it early.

One reading that fails is its own affair. An EHR that nobody reaches, that asks for patience, that
does not accept us, or that fails whatever it is given, is everybody's: then nothing is sent for a
while, and afterwards one reading goes ahead of the others to see.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ohx_desktop.domain.errors import OhxError, StoreError
from ohx_desktop.outbox.backoff import Rng, blocked_delay_s, retry_delay_s
from ohx_desktop.outbox.failures import Failure, Then

# After so many failures in a row it is the EHR, not the reading: the rest need not be tried.
PAUSE_AFTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A stop of all sending.

    `is_firm`: a person ends it early, but not a new reading. `is_unreachable`: it ends as soon as
    the EHR can be reached.
    """

    seconds: float
    problem: OhxError
    is_firm: bool = False
    is_unreachable: bool = False


class Pauses:
    """Counts failures in a row. `tell` is called with the problem, and with None once it is over.

    Attributes:
        current: the pause that holds now.
        is_unclean: set while the queue may say `sending` of what no lane has in hand.
        over: set while none holds.
    """

    def __init__(self, *, rng: Rng, tell: Callable[[OhxError | None], None]) -> None:
        self._rng = rng
        self._tell = tell
        self._failures = 0
        self._rounds = 0
        self._is_told = False
        self.is_unclean = False
        self.current: Pause | None = None
        self.over = asyncio.Event()
        self.over.set()

    @property
    def rounds(self) -> int:
        """How many pauses there were since the EHR last took something."""
        return self._rounds

    def width(self, parallel: int) -> int:
        """Return how many patients may be sent for at once: one, to see, after a pause."""
        return 1 if self._rounds else parallel

    def succeeded(self) -> None:
        """Note that the EHR took something."""
        self._failures = self._rounds = 0
        if self._is_told and self.current is None:
            self._is_told = False
            self._tell(None)

    def failed(self, failure: Failure) -> None:
        """Note a failed attempt, and pause where it is everybody's."""
        if failure.then is Then.ATTENTION:
            return
        self._failures += 1
        if failure.then is Then.BLOCKED:
            seconds = blocked_delay_s(self._rounds + 1, rng=self._rng)
            self._begin(Pause(seconds=seconds, problem=failure.problem, is_firm=True))
        elif failure.is_asked:
            self._begin(Pause(seconds=failure.wait_s, problem=failure.problem, is_firm=True))
        elif failure.is_unreachable or self._rounds or self._failures >= PAUSE_AFTER:
            seconds = retry_delay_s(self._rounds + 1, rng=self._rng)
            self._begin(
                Pause(
                    seconds=seconds,
                    problem=failure.problem,
                    is_unreachable=failure.is_unreachable,
                )
            )

    def store_failed(self, error: StoreError) -> None:
        """Note that the queue cannot be written: what is sent could not be noted."""
        self.is_unclean = True
        seconds = blocked_delay_s(self._rounds + 1, rng=self._rng)
        self._begin(Pause(seconds=seconds, problem=error))

    def end(self) -> None:
        """Go on, one reading ahead."""
        self.current = None
        self.over.set()

    def _begin(self, pause: Pause) -> None:
        held = self.current
        if held is None:
            self._rounds += 1
        elif (held.is_firm, held.seconds) >= (pause.is_firm, pause.seconds):
            # Those that were under way fail together; the firmest of their pauses holds.
            return
        self.current = pause
        self.over.clear()
        self._is_told = True
        self._tell(pause.problem)
