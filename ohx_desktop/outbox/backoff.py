"""How long to wait before trying again. Pure.

Exponential with jitter, so that the stations of a clinic do not all return in the same second
after an outage; the server's own Retry-After is obeyed, up to a limit.
"""

from collections.abc import Callable

Rng = Callable[[], float]
"""Returns a number in [0, 1)."""

# The first retry comes while the person still looks at the screen.
BASE_S = 2.0
FACTOR = 2.0
# Long enough to spare a broken EHR, short enough that nobody waits for a working one.
CAP_S = 5 * 60.0
# A mistaken "Retry-After: 86400" must not hold readings back for a day.
RETRY_AFTER_CAP_S = 15 * 60.0
# When a person has to act, asking again soon is pointless and may lock an account.
BLOCKED_BASE_S = 30.0
BLOCKED_CAP_S = 15 * 60.0

# How often it is tried whether the EHR can be reached again: after a second, then ever later.
PROBE_FIRST_S = 1.0
PROBE_CAP_S = 15.0

# Nothing is ever put off for longer than this; a later time means that the clock was set back.
LONGEST_S = RETRY_AFTER_CAP_S * 1.1


def retry_delay_s(attempts: int, *, rng: Rng, retry_after_s: float | None = None) -> float:
    """Return the seconds to wait after the given number of failed attempts (1 or more).

    Without Retry-After between half and all of 2, 4, 8 … 300 s; with it never earlier than the
    server asked (capped at 15 minutes) and up to a tenth later.
    """
    delay = _exponential(attempts, BASE_S, CAP_S) * (0.5 + rng() / 2)
    if retry_after_s is None:
        return delay
    asked = min(max(retry_after_s, 0.0), RETRY_AFTER_CAP_S)
    return max(delay, asked * (1 + rng() / 10))


def blocked_delay_s(failures: int, *, rng: Rng) -> float:
    """Return the seconds to wait when only a person can help: half to all of 30, 60 … 900 s."""
    return _exponential(failures, BLOCKED_BASE_S, BLOCKED_CAP_S) * (0.5 + rng() / 2)


def probe_delay_s(pauses: int) -> float:
    """Return the seconds until the EHR is tried for, after so many pauses in a row: 1, 2 … 15."""
    return _exponential(pauses, PROBE_FIRST_S, PROBE_CAP_S)


def _exponential(attempts: int, base_s: float, cap_s: float) -> float:
    # The exponent is bounded, as 2.0 ** 1100 overflows and a month offline has many attempts.
    return min(base_s * FACTOR ** min(max(attempts, 1) - 1, 32), cap_s)
