"""Time as an argument, so that tests own it."""

from collections.abc import Callable
from datetime import datetime

Now = Callable[[], datetime]
"""Returns the current time with the host's UTC offset."""


def system_now() -> datetime:
    """Return the host's current local time, aware of its offset."""
    return datetime.now().astimezone()
