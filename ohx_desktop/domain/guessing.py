"""What keeps people from guessing a PIN at the screen: ever longer waits, and no first guesses.

Pure. A restart changes nothing in the wait, as long as its owner keeps the tries on the disk.
"""

from datetime import datetime
from itertools import pairwise

# A slip of the finger costs nothing; from here on each wrong try doubles the wait.
_FREE_TRIES = 2
_FIRST_WAIT_S, _LONGEST_WAIT_S = 15, 900


def delay_s(wrong: int) -> float:
    """Return how long a person waits after so many wrong tries in a row, in seconds."""
    if wrong <= _FREE_TRIES:
        return 0.0
    return float(min(_FIRST_WAIT_S * 2 ** min(wrong - _FREE_TRIES - 1, 16), _LONGEST_WAIT_S))


def wait_s(wrong: int, last_wrong_at: datetime | None, now: datetime) -> float:
    """Return how long nothing more is tried; never longer than the delay itself.

    A clock that was set back must not lock a person out for as long.
    """
    if last_wrong_at is None:
        return 0.0
    delay = delay_s(wrong)
    passed = (now - last_wrong_at).total_seconds()
    return min(max(delay - passed, 0.0), delay)


def is_guessed_first(secret: str) -> bool:
    """Tell whether this is a run, or one sign repeated: 1234, 8765, 0000."""
    steps = {ord(after) - ord(before) for before, after in pairwise(secret)}
    return steps in ({0}, {1}, {-1})
