"""What the outbox hands out, and how its rows become that."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from ohx_desktop.domain.errors import ExitCode, StoreError, UsageError
from ohx_desktop.outbox.backoff import LONGEST_S
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.storage.database import SqlValue

_REASON = re.compile(r"[a-z][a-z0-9-]{0,39}")


class FiledForAnother(StoreError):  # noqa: N818 - reads as what happened
    """This reading is already filed, and under another patient."""

    code = "filed-for-another"
    exit_code = ExitCode.USAGE
    meaning = "nothing was saved and nothing was changed"
    hint = "measure this patient again; to move the first one, correct it in the EHR"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReading:
    """What the store still holds of an entry: health data, for sending or for a person to see."""

    patient: str
    submission: bytes
    bundle: bytes
    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An entry that is now `sending`, with the bundle to send."""

    entry: OutboxEntry
    patient: str
    bundle: bytes


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


def due_parameters(now: datetime, exclude_patients: Collection[str] = ()) -> dict[str, SqlValue]:
    """Return what the statements need to know of what is due now."""
    return {
        "now": milliseconds(now),
        "latest": milliseconds(now + timedelta(seconds=LONGEST_S)),
        "excluded": json.dumps(sorted(exclude_patients)),
    }


def time_of(stored: int) -> datetime:
    """Return the time of stored milliseconds, in UTC."""
    return datetime.fromtimestamp(stored / 1000, tz=UTC)


def entry_of(row: Sequence[Any]) -> OutboxEntry:
    """Return the entry of a row, in the order of the columns in `sql`."""
    identity, reading_id, state, attempts, created_at, next_attempt, last_error, reference = row
    return OutboxEntry(
        id=UUID(identity),
        reading_id=UUID(reading_id),
        state=EntryState(state),
        attempts=attempts,
        created_at=time_of(created_at),
        next_attempt=None if next_attempt is None else time_of(next_attempt),
        last_error=last_error,
        ehr_reference=reference,
    )
