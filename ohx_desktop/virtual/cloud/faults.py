"""A switchboard of what services, proxies and guest networks do to a client.

    faults.arm(CloudFault.HTML)                            the next call meets a page of a network
    faults.arm(CloudFault.UNAVAILABLE, times=3, after=1)   not the next call, but the three after it

Each call takes at most one fault. Safe to use from any thread.
"""

from dataclasses import dataclass
from enum import StrEnum
from threading import Lock


class CloudFault(StrEnum):
    """What can be armed. A call that meets one is not carried out."""

    HTML = "html"
    TRUNCATED = "truncated"
    GIANT = "giant"
    EMPTY = "empty"
    REDIRECT = "redirect"
    DROP = "drop"
    UNAVAILABLE = "unavailable"
    RATE_LIMIT = "rate-limit"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    # The patient takes the consent back, then the call is answered.
    REVOKED = "revoked"


@dataclass(slots=True, kw_only=True)
class _Armed:
    fault: CloudFault
    times: int | None
    after: int
    at_tokens: bool


class CloudFaults:
    """The switchboard."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._lock = Lock()

    def arm(
        self,
        fault: CloudFault,
        *,
        times: int | None = 1,
        after: int = 0,
        at_tokens: bool = False,
    ) -> None:
        """Have `times` calls meet a fault (None: until disarmed), `after` calls from now.

        These are calls for data, or with `at_tokens` those of the token endpoint.
        """
        armed = _Armed(fault=fault, times=times, after=after, at_tokens=at_tokens)
        with self._lock:
            self._armed.append(armed)

    def disarm(self) -> None:
        """Take all faults back."""
        with self._lock:
            self._armed.clear()

    def take(self, *, at_tokens: bool = False) -> CloudFault | None:
        """Return what the present call meets."""
        with self._lock:
            met = None
            for armed in [each for each in self._armed if each.at_tokens == at_tokens]:
                if armed.after:
                    armed.after -= 1
                elif met is None:
                    met = armed.fault
                    if armed.times is not None:
                        armed.times -= 1
                        if not armed.times:
                            self._armed.remove(armed)
            return met
