"""What a person sees of the tray, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class TrayItem:
    """A record in the tray as a person may see it.

    `reading` is None where the bytes could not be decoded; `patient_in_view` is the reference of
    who was in view when it came, or whose account it came from. `is_overdue` tells that it waits
    for longer than the clinic wants, `twin` a reading that may be the same measurement.
    """

    id: UUID
    device: DeviceIdentity
    reading: Reading | None = field(repr=False)
    refusal: str | None
    captured_at: datetime
    is_stored: bool
    patient_in_view: str | None
    is_overdue: bool
    twin: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraySummary:
    """How many new readings wait to be assigned, and how many of all records for too long."""

    waiting: int = 0
    overdue: int = 0
