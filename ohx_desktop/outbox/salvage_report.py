"""What was saved of a damaged queue, what was lost, and how sure that is. No values, no names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from ohx_desktop.outbox.records import time_of
from ohx_desktop.outbox.salvage_rules import uuid_of
from ohx_desktop.storage.btree import Value

# The reading is in the EHR, in the queue, or was given up: only a note of it is lost.
_ENDED = {
    "entry": frozenset({"acknowledged", "verified", "discarded"}),
    "captured": frozenset({"queued", "discarded"}),
}
# Rows that mean nothing to people.
_UNTOLD = frozenset({"salt", "audit_origin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LostReading:
    """A reading of which the content is gone. What nobody can tell any more is None.

    `place` is "queue" or "tray"; `id` that of the entry, `reading_id` that of the reading.
    """

    place: str
    id: UUID | None = None
    reading_id: UUID | None = None
    saved_at: datetime | None = None
    state: str | None = None


@dataclass(slots=True, kw_only=True)
class SalvageReport:
    """The outcome of a salvage.

    Attributes:
        queue: readings saved that still have their content, by state.
        receipts: receipts saved of readings that were sent or given up.
        tray: readings saved that nobody has confirmed.
        tray_receipts: receipts saved of readings that left the tray.
        other: rows saved of other tables, by table.
        to_check: of those in `queue`, how many wait for a person, as what became of them since the
            damage is not known.
        lost: readings whose content is gone, as far as something tells of them.
        unattributed: rows on whole pages that more than one table could have.
        lost_rows: receipts and other rows of which only an index tells, by table.
        may_lack_more: places of which an unknown number may be lost besides.
        pages, damaged_pages, old_pages: of the file; old ones were read in an older version.
        has_torn_end: the last change was incomplete and left out, as after a power cut.
        audit_break: the first place where the chain of the audit does not hold.
        lost_salt: receipts cannot be compared with the EHR any more.
    """

    queue: dict[str, int] = field(default_factory=dict)
    receipts: int = 0
    tray: int = 0
    tray_receipts: int = 0
    other: dict[str, int] = field(default_factory=dict)
    to_check: int = 0
    lost: list[LostReading] = field(default_factory=list)
    lost_rows: dict[str, int] = field(default_factory=dict)
    may_lack_more: list[str] = field(default_factory=list)
    unattributed: int = 0
    pages: int = 0
    damaged_pages: int = 0
    old_pages: int = 0
    has_torn_end: bool = False
    audit_break: str | None = None
    lost_salt: bool = False

    def note_saved(self, table: str, values: Mapping[str, Value]) -> None:
        """Count a row that was saved whole."""
        if table == "entry" and values["patient"] is not None:
            state = str(values["state"])
            self.queue[state] = self.queue.get(state, 0) + 1
        elif table == "entry":
            self.receipts += 1
        elif table == "captured" and values["state"] == "captured":
            self.tray += 1
        elif table == "captured":
            self.tray_receipts += 1
        elif table not in _UNTOLD:
            self.other[table] = self.other.get(table, 0) + 1

    def note_lost(self, table: str, values: Mapping[str, Value]) -> None:
        """Count a row that is lost, or what it held; `values` are what is known of it."""
        state = values.get("state")
        place = _place(table)
        if table not in _ENDED or state in _ENDED[table]:
            self.lost_rows[place] = self.lost_rows.get(place, 0) + 1
            return
        identity = uuid_of(values.get("id"))
        reading_id = uuid_of(values.get("reading_id")) if table == "entry" else identity
        saved_at = values.get("created_at", values.get("captured_at"))
        lost = LostReading(
            place=place,
            id=identity,
            reading_id=reading_id,
            saved_at=time_of(saved_at) if isinstance(saved_at, int) else None,
            state=str(state) if state else None,
        )
        self.lost.append(lost)

    def note_gap(self, table: str) -> None:
        """Note that a table may have had rows of which nothing tells any more."""
        if table not in _UNTOLD:
            self.may_lack_more.append(_place(table))

    @property
    def readings(self) -> int:
        """How many readings were saved with their content."""
        return sum(self.queue.values()) + self.tray

    @property
    def is_lacking(self) -> bool:
        """True when a reading is lost, or may be."""
        return bool(self.lost or self.may_lack_more or self.unattributed)

    def to_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "readings": self.readings,
            "queue": self.queue,
            "tray": self.tray,
            "to_check": self.to_check,
            "receipts": self.receipts,
            "tray_receipts": self.tray_receipts,
            "other": self.other,
            "lost": [_lost_to_json(lost) for lost in self.lost],
            "lost_rows": self.lost_rows,
            "unattributed": self.unattributed,
            "may_lack_more": self.may_lack_more,
            "pages": self.pages,
            "damaged_pages": self.damaged_pages,
            "old_pages": self.old_pages,
            "has_torn_end": self.has_torn_end,
            "audit_break": self.audit_break,
            "lost_salt": self.lost_salt,
        }

    def sentences(self) -> list[str]:
        """Return the report for people, a sentence a line, and a line for each lost reading."""
        return [*self.summary(), *map(_lost_in_words, self.lost)]

    def summary(self) -> list[str]:
        """Return the report without the single readings."""
        queued = sum(self.queue.values())
        told = [
            f"Readings recovered: {self.readings} ({queued} in the queue, {self.tray} in the tray)",
            f"Readings damaged: {len(self.lost)}",
            f"Receipts recovered: {self.receipts + self.tray_receipts}",
        ]
        if self.to_check:
            told.append(
                f"{self.to_check} of them need a person: what became of them last is not known"
            )
        if self.may_lack_more:
            told.append(f"an unknown number may be lost besides ({', '.join(self.may_lack_more)})")
        if self.unattributed:
            told.append(f"{self.unattributed} rows are whole, and nobody can tell what they are")
        if self.lost_rows:
            rows = ", ".join(f"{number} of {name}" for name, number in self.lost_rows.items())
            told.append(f"receipts and notes lost: {rows}")
        if self.has_torn_end:
            told.append("the last change was incomplete, as after a power cut, and was left out")
        if self.audit_break:
            told.append(f"the audit is broken ({self.audit_break}); what is left of it stays")
        if self.lost_salt:
            told.append("receipts from before can no longer be compared with the EHR")
        told.append(
            f"Pages damaged: {self.damaged_pages} of {self.pages} "
            f"({self.old_pages} read in an older version)"
        )
        return told


def _lost_to_json(lost: LostReading) -> dict[str, Any]:
    return {
        "place": lost.place,
        "id": None if lost.id is None else str(lost.id),
        "reading_id": None if lost.reading_id is None else str(lost.reading_id),
        "saved_at": None if lost.saved_at is None else lost.saved_at.isoformat(),
        "state": lost.state,
    }


def _lost_in_words(lost: LostReading) -> str:
    known = (
        "id not known" if lost.reading_id is None else f"reading {lost.reading_id}",
        "time not known" if lost.saved_at is None else f"saved {lost.saved_at.isoformat()}",
        "state not known" if lost.state is None else lost.state,
    )
    return f"damaged, in the {lost.place}: {', '.join(known)}"


def _place(table: str) -> str:
    return {"entry": "queue", "captured": "tray"}.get(table, table)
