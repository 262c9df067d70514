"""What goes into the tray of readings nobody has confirmed yet, and what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from ohx_desktop.outbox.records import time_of


class CaptureState(StrEnum):
    """Where a captured record is: in the tray, handed over to the queue, or given up."""

    CAPTURED = "captured"
    QUEUED = "queued"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedRecord:
    """A record as a device sent it. `frames` are its raw bytes, in order.

    `reading` is None where the bytes were refused; `refusal` is then the code of the error. `id` is
    the reading's, or one made of the bytes. `device` is the JSON of who sent it. `is_stored` tells
    that it lay in the device's memory. `twin` is a reading that may be the same measurement.
    """

    id: UUID
    device: bytes
    frames: tuple[bytes, ...] = field(repr=False)
    reading: bytes | None = field(repr=False)
    refusal: str | None = None
    is_stored: bool = False
    twin: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayEntry:
    """What may be told of a record in the tray: ids, times, states. No values.

    `patient` is the reference of who was in view when it came, None for nobody: a hint only. `twin`
    is a reading that may be the same measurement.
    """

    id: UUID
    state: CaptureState
    captured_at: datetime
    is_stored: bool
    refusal: str | None
    reason: str | None
    patient: str | None
    twin: UUID | None = None

    def is_overdue(self, now: datetime, kept_for: timedelta) -> bool:
        """Tell whether the record has waited for a person longer than the clinic wants."""
        return self.state is CaptureState.CAPTURED and now - self.captured_at > kept_for


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCapture:
    """A record in the tray with all that is held of it: health data, for a person to see."""

    entry: TrayEntry
    device: bytes
    reading: bytes | None = field(repr=False)
    frames: tuple[bytes, ...] = field(repr=False)


def tray_entry(row: Sequence[Any]) -> TrayEntry:
    """Return the entry of a row, in the order of the columns in `tray_sql`."""
    identity, state, captured_at, is_stored, refusal, reason, patient, twin = row
    return TrayEntry(
        id=UUID(identity),
        state=CaptureState(state),
        captured_at=time_of(captured_at),
        is_stored=bool(is_stored),
        refusal=refusal,
        reason=reason,
        patient=patient,
        twin=None if twin is None else UUID(twin),
    )
