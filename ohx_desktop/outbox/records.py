"""What the outbox hands out, and how its rows become that."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ohx_desktop.domain.errors import ExitCode, StoreError, UsageError
from ohx_desktop.outbox.backoff import LONGEST_S
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry

_REASON = re.compile(r"[a-z][a-z0-9-]{0,39}")


class FiledForAnother(StoreError):  # noqa: N818 - reads as what happened
    """This reading is already filed, and under another patient."""

    code = "filed-for-another"
    exit_code = ExitCode.USAGE
    meaning = "nothing was saved and nothing was changed"
    hint = "measure this patient again; to move the first one, correct it in the EHR"


class TakenBack(StoreError):  # noqa: N818 - reads as what happened
    """This reading was filed for this patient, and taken back."""

    code = "taken-back"
    exit_code = ExitCode.USAGE
    meaning = "nothing was saved and nothing was changed"
    hint = "measure this patient again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A confirmed reading on its way into the queue; `bundle` is sent byte by byte as it is."""

    reading_id: UUID
    patient: str
    submission: bytes = field(repr=False)
    bundle: bytes = field(repr=False)
    frames: Sequence[bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReading:
    """What the store still holds of an entry: health data, for sending or for a person to see.

    Of a retraction `bundle` is the order, and `submission` is empty.
    """

    patient: str
    submission: bytes = field(repr=False)
    bundle: bytes = field(repr=False)
    frames: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry as a person is told of it: no values and no names.

    `is_held` tells that the reading itself is still here; `order` is the newest one to take it
    back, `is_refiled` whether it was filed anew for another patient.
    """

    entry: OutboxEntry
    is_held: bool
    order: OutboxEntry | None = None
    is_refiled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An entry that is now `sending`, with the bundle to send; of a retraction its order."""

    entry: OutboxEntry
    patient: str
    bundle: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """An acknowledged entry that is still to be read back, with what was sent."""

    entry: OutboxEntry
    bundle: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What a correction put into the queue: the order to take back, and the reading filed anew."""

    retraction: OutboxEntry | None
    refiled: OutboxEntry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSummary:
    """How much waits for the EHR, how much for a person, and the newest error among them."""

    waiting: int
    needs_attention: int
    last_error: str | None


def impossible(entry: OutboxEntry, state: EntryState) -> UsageError:
    """Return the error for a step the state table does not have."""
    return UsageError(
        f"an entry that is {entry.state} cannot become {state} by this",
        hint="look at the entry once more; it may have changed meanwhile",
    )


def require_reason(reason: str) -> None:
    """Raise UsageError unless the reason for giving a reading up is a code."""
    if not _REASON.fullmatch(reason):
        raise UsageError("the reason for discarding is a code in lower case, such as other")


def milliseconds(moment: datetime) -> int:
    """Return an aware time as milliseconds since 1970 in UTC."""
    return round(moment.timestamp() * 1000)


def latest_attempt(now: datetime) -> int:
    """Return the stored time beyond which nothing is ever put off."""
    return milliseconds(now + timedelta(seconds=LONGEST_S))


def time_of(stored: int) -> datetime:
    """Return the time of stored milliseconds, in UTC."""
    return datetime.fromtimestamp(stored / 1000, tz=UTC)


def entry_of(row: Sequence[Any]) -> OutboxEntry:
    """Return the entry of a row, in the order of the columns in `sql`."""
    identity, reading_id, kind, state, is_doubtful, attempts, created_at, *rest = row
    next_attempt, last_error, reference, corrects, arrived_at, ended_at, reason, decided_by = rest
    return OutboxEntry(
        id=UUID(bytes=identity),
        reading_id=UUID(bytes=reading_id),
        kind=EntryKind(kind),
        state=EntryState(state),
        is_doubtful=bool(is_doubtful),
        attempts=attempts,
        created_at=time_of(created_at),
        next_attempt=_time_or_none(next_attempt),
        last_error=last_error,
        ehr_reference=reference,
        corrects=None if corrects is None else UUID(bytes=corrects),
        arrived_at=_time_or_none(arrived_at),
        ended_at=_time_or_none(ended_at),
        reason=reason,
        decided_by=decided_by,
    )


def _time_or_none(stored: int | None) -> datetime | None:
    return None if stored is None else time_of(stored)
