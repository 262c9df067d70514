"""What a failed attempt means: again by itself, a person must look, or nobody would be accepted.

Pure. FHIR R5 http.html, "Managing Return Content"; the table of outcomes in decision 5.

    transient    not now: again by itself, later; Retry-After is obeyed, up to a limit
    ambiguous    it may have been stored: as transient, and the EHR is asked before it is sent again
    permanent    this reading was refused: a person must look, others go on
    blocked      who we are or where we ask is wrong: every reading would meet the same answer
"""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.errors import OhxError, Refused, Transient
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.outbox.backoff import Rng, blocked_delay_s, retry_delay_s

# Conflicts and inner errors of the EHR are retried some minutes, then a person is asked.
CONFLICT_STATUSES = frozenset({409, 412, 500})
CONFLICT_ATTEMPTS = 10
_MORE_THAN_CAN_BE_READ = 6

_NO_ANSWER = "the EHR did not answer in time"
_BUG = (
    "an unexpected error of this program stopped the sending ({kind}); "
    "the reading stays safe on this computer and is sent again by itself; report it to support"
)
_CONFLICTS = {
    Found.ABSENT: (
        "the EHR said that it has the reading, but does not show it; the reading stays safe on "
        "this computer; look for it in the EHR, and send it again if it is not there"
    ),
    Found.DIFFERENT: (
        "the EHR holds this reading with another content{paths}; what was confirmed here stays "
        "safe on this computer; compare the two, then correct the one in the EHR"
    ),
    Found.DOUBLED: (
        "the EHR holds this reading more than once{paths}; what was confirmed here stays safe on "
        "this computer; an administrator must remove the copies in the EHR"
    ),
    Found.RETRACTED: (
        "the EHR holds this reading as entered in error{paths}; what was confirmed here stays "
        "safe on this computer; ask who corrected it, then discard it here or measure again"
    ),
}


class Then(StrEnum):
    """What follows from a failed attempt."""

    AGAIN = "again"
    ATTENTION = "attention"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed attempt. `wait_s` is when to try again by itself.

    `is_doubtful`: the EHR may have stored it. `is_asked`: the EHR itself asked for the wait.
    `is_unreachable`: nothing was sent, as nobody is there. `is_bug`: it is none of the EHR's.
    """

    then: Then
    problem: OhxError
    wait_s: float = 0.0
    is_doubtful: bool = False
    is_asked: bool = False
    is_unreachable: bool = False
    is_bug: bool = False

    @property
    def text(self) -> str:
        """What a person is told; free of health data."""
        return str(self.problem)


class _Bug(OhxError):  # noqa: N818 - reads as what happened
    """A defect of this program; its own text may quote a reading, so only its kind is told."""

    code = "bug"

    def __str__(self) -> str:
        return self.what


def failure_of(error: Exception, attempts: int, *, rng: Rng) -> Failure:
    """Return what an error means for an entry that was tried so often (1 or more)."""
    if isinstance(error, TimeoutError):
        error = Transient(_NO_ANSWER, is_doubtful=True)
    match error:
        case Transient():
            return _not_now(error, attempts, rng)
        case Refused():
            return Failure(then=Then.ATTENTION, problem=error)
        case OhxError():
            wait_s = blocked_delay_s(attempts, rng=rng)
            return Failure(then=Then.BLOCKED, problem=error, wait_s=wait_s)
    return Failure(
        then=Then.AGAIN,
        problem=_Bug(_BUG.format(kind=type(error).__name__)),
        wait_s=retry_delay_s(attempts, rng=rng),
        is_doubtful=True,
        is_bug=True,
    )


def conflict(look_up: LookUp) -> str:
    """Return what a person is told of a reading that the EHR does not hold as it was sent."""
    named = list(look_up.paths[:_MORE_THAN_CAN_BE_READ])
    if len(look_up.paths) > len(named):
        named.append("…")
    return _CONFLICTS[look_up.found].format(paths=f" ({', '.join(named)})" if named else "")


def _not_now(error: Transient, attempts: int, rng: Rng) -> Failure:
    if error.status in CONFLICT_STATUSES and attempts >= CONFLICT_ATTEMPTS:
        return Failure(then=Then.ATTENTION, problem=error, is_doubtful=error.is_doubtful)
    return Failure(
        then=Then.AGAIN,
        problem=error,
        wait_s=retry_delay_s(attempts, rng=rng, retry_after_s=error.retry_after_s),
        is_doubtful=error.is_doubtful,
        is_asked=error.retry_after_s is not None,
        is_unreachable=error.status is None and not error.is_doubtful,
    )
