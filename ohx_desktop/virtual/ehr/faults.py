"""A switchboard of faults: what EHRs, proxies and networks do to a client, at the press of a key.

    faults.arm(Fault.COMMIT_THEN_DROP)                      the next write is stored, never answered
    faults.arm(Fault.UNAVAILABLE, times=3, retry_after=120)
    faults.arm(Fault.TRANSACTION_OFF, times=None)           until disarmed

Safe to use from any thread.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock


class Fault(StrEnum):
    """What can be armed."""

    # The request is carried out, then its answer is spoiled.
    COMMIT_THEN_DROP = "commit-then-drop"
    TRUNCATED_JSON = "truncated-json"
    # The request is not carried out.
    DROP = "drop"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    PRECONDITION_FAILED = "precondition-failed"
    UNPROCESSABLE = "unprocessable"
    TOO_MANY_REQUESTS = "too-many-requests"
    UNAVAILABLE = "unavailable"
    HTML = "html"
    REDIRECT = "redirect"
    # Beside another: the request waits first.
    DELAY = "delay"
    # Another kind of server.
    FHIR_4_0_1 = "fhir-4.0.1"
    FHIR_3_0_2 = "fhir-3.0.2"
    TRANSACTION_OFF = "transaction-off"
    CONDITIONAL_CREATE_OFF = "conditional-create-off"
    UPDATE_CREATE_OFF = "update-create-off"


# These combine with each other and with one of the rest.
COMBINABLE = frozenset(
    {
        Fault.DELAY,
        Fault.FHIR_4_0_1,
        Fault.FHIR_3_0_2,
        Fault.TRANSACTION_OFF,
        Fault.CONDITIONAL_CREATE_OFF,
        Fault.UPDATE_CREATE_OFF,
    }
)


class Scope(StrEnum):
    """Which requests a fault waits for. Searches by POST are reads."""

    ANY = "any"
    METADATA = "metadata"
    READS = "reads"
    WRITES = "writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """A fault with its particulars.

    `retry_after` is a number of seconds or an aware time (sent as an HTTP date); `location` is
    where a redirect points to, by default this server under its other name (localhost).
    """

    fault: Fault
    scope: Scope
    delay_s: float = 0.0
    retry_after: int | datetime | None = None
    location: str | None = None


class Faults:
    """The switchboard of one sandbox EHR."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._armed: list[tuple[Armed, int | None]] = []
        self._hits: Counter[Fault] = Counter()

    def arm(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        scope: Scope | None = None,
        delay_s: float = 0.0,
        retry_after: int | datetime | None = None,
        location: str | None = None,
    ) -> None:
        """Let the next `times` requests of this scope meet the fault; None: until disarmed.

        Faults that exclude each other are met in the order in which they were armed. Raises
        ValueError for less than one time.
        """
        if times is not None and times < 1:
            raise ValueError("a fault is armed for at least one request")
        if scope is None:
            scope = Scope.WRITES if fault is Fault.COMMIT_THEN_DROP else Scope.ANY
        armed = Armed(
            fault=fault,
            scope=scope,
            delay_s=delay_s,
            retry_after=retry_after,
            location=location,
        )
        with self._lock:
            self._armed.append((armed, times))

    def disarm(self, fault: Fault | None = None) -> None:
        """Take back this fault, or all."""
        with self._lock:
            self._armed = [
                (armed, times)
                for armed, times in self._armed
                if fault is not None and armed.fault is not fault
            ]

    def hits(self, fault: Fault) -> int:
        """Return how many requests have met this fault."""
        with self._lock:
            return self._hits[fault]

    def take(self, concerns: Callable[[Scope], bool]) -> dict[Fault, Armed]:
        """Return the faults that a request meets, and count it down from each."""
        met: dict[Fault, Armed] = {}
        remaining: list[tuple[Armed, int | None]] = []
        exclusive = False
        with self._lock:
            for armed, times in self._armed:
                combinable = armed.fault in COMBINABLE
                if (
                    armed.fault in met
                    or not concerns(armed.scope)
                    or (exclusive and not combinable)
                ):
                    remaining.append((armed, times))
                    continue
                met[armed.fault] = armed
                exclusive = exclusive or not combinable
                if times is None or times > 1:
                    remaining.append((armed, None if times is None else times - 1))
            self._armed = remaining
            self._hits.update(met.keys())
        return met
