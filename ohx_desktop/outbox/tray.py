"""The tray on disk: what devices sent, each record durable before a person is shown it.

A device that sends each record once has forgotten it by then. The record leaves the tray when it is
confirmed, in the transaction that puts it into the queue, or when a person gives it up; then only a
receipt of ids, times and states stays.

All methods block and belong to the thread that opened the store.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from ohx_desktop.domain.clock import Now
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.outbox import tray_sql as sql
from ohx_desktop.outbox.packing import pack, unpack
from ohx_desktop.outbox.records import milliseconds, require_reason
from ohx_desktop.outbox.trail import Change, Trail
from ohx_desktop.outbox.tray_records import (
    CapturedRecord,
    CaptureState,
    HeldCapture,
    TrayEntry,
    tray_entry,
)
from ohx_desktop.storage.database import Connection, SqlValue, translated
from ohx_desktop.storage.sealing import Seal

# Undecodable records are for support, which needs a few; a broken device could send thousands.
REFUSED_KEPT = 100


class TrayStore:
    """The unconfirmed readings in the file of an OutboxStore, which makes it.

    `changing` opens a transaction; with `erases=True` what was erased vanishes from the log, too.
    `is_filed` tells whether the queue has a reading.
    """

    def __init__(
        self,
        connection: Connection,
        seal: Seal,
        changing: Callable[..., AbstractContextManager[None]],
        *,
        now: Now,
        trail: Trail,
        is_filed: Callable[[UUID], bool],
    ) -> None:
        self._connection = connection
        self._seal = seal
        self._changing = changing
        self._now = now
        self._trail = trail
        self._is_filed = is_filed

    def keep(
        self, records: Sequence[CapturedRecord], *, session: UUID, patient: str | None
    ) -> frozenset[UUID]:
        """Save records as one durable step; return the ids of those met before this session.

        `session` is one stay at a patient, `patient` who was in view. A record that this session
        has kept already is judged anew; one met before stays as it is, also where it has long been
        confirmed or given up. Raises StoreEnvironment or StoreDamaged; then nothing was saved.
        """
        met_before = set()
        with self._changing():
            for record in records:
                if not self._keep(record, str(session), patient):
                    met_before.add(record.id)
            if any(record.refusal for record in records):
                ended = {"now": self._moment(), "kept": REFUSED_KEPT}
                for (oldest,) in self._connection.execute(sql.END_OLDEST_REFUSED, ended).fetchall():
                    self._trail.add(
                        Change.CAPTURE_DISCARDED, reading=UUID(oldest), detail="too-many"
                    )
        return frozenset(met_before)

    def discard(self, record_id: UUID, *, reason: str, by: str | None) -> TrayEntry:
        """Erase a record that is nobody's. `reason` is a code, `by` who decided it."""
        require_reason(reason)
        with self._changing(erases=True):
            entry = self._find(record_id)
            if entry.state is not CaptureState.CAPTURED:
                raise _not_in_the_tray(entry)
            self._end(record_id, CaptureState.DISCARDED, reason=reason, by=by)
            self._trail.add(Change.CAPTURE_DISCARDED, reading=record_id, by=by, detail=reason)
            return self._find(record_id)

    def take_back(self, record_id: UUID) -> CaptureState | None:
        """Erase what waits without a receipt, and return in which state it was, None for none.

        For what its service took away or replaced: should it come again, it is new.
        """
        with self._changing(erases=True):
            if self._connection.execute(sql.TAKE_BACK, (str(record_id),)).rowcount:
                self._trail.add(
                    Change.CAPTURE_DISCARDED, reading=record_id, detail="taken-back-by-its-service"
                )
                return CaptureState.CAPTURED
            if self._is_filed(record_id):
                return CaptureState.QUEUED
            known = self._connection.execute(sql.KNOWN, (str(record_id),)).fetchone()
        return None if known is None else CaptureState(known[1])

    def entries(self) -> list[TrayEntry]:
        """Return what waits for a person, in the order in which it came."""
        with translated():
            return [tray_entry(row) for row in self._connection.execute(sql.ENTRIES)]

    def held(self, record_id: UUID) -> HeldCapture:
        """Return a record of the tray whole. Raises UsageError where it is not there any more."""
        with translated():
            row = self._connection.execute(sql.HELD, (str(record_id),)).fetchone()
        if row is None:
            raise _unknown()
        entry = tray_entry(row[3:])
        if entry.state is not CaptureState.CAPTURED:
            raise _not_in_the_tray(entry)
        return self._held(row)

    def all_held(self) -> list[HeldCapture]:
        """Return all that waits for a person whole, in the order in which it came."""
        with translated():
            return [self._held(row) for row in self._connection.execute(sql.ALL_HELD)]

    # ── inside a transaction of the queue ────────────────────────────────────────────────────

    def hand_over(self, reading_id: UUID) -> bool:
        """Erase a reading here, as the queue now has it; tell whether there was one."""
        # The tray is empty as a rule where readings do not come from a device.
        if self._connection.execute(sql.ANY_WAITING).fetchone() is None:
            return False
        return self._end(reading_id, CaptureState.QUEUED, reason=None, by=None)

    def has_ended(self, record_id: UUID) -> bool:
        """Tell whether a record was confirmed or given up."""
        return self._connection.execute(sql.HAS_ENDED, (str(record_id),)).fetchone() is not None

    def receipts(self) -> int:
        """Return how many receipts there are."""
        (number,) = self._connection.execute(sql.COUNT_RECEIPTS).fetchone() or (0,)
        return int(number)

    def prune(self, receipts_kept: int) -> None:
        """Forget the oldest receipts beyond a number."""
        if (surplus := self.receipts() - receipts_kept) > 0:
            self._connection.execute(sql.PRUNE, (surplus,))

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _keep(self, record: CapturedRecord, session: str, patient: str | None) -> bool:
        """Save or judge a record; tell whether it is of this session."""
        columns: dict[str, SqlValue] = {
            "id": str(record.id),
            "session": session,
            "captured_at": self._moment(),
            "patient": patient,
            "is_stored": record.is_stored,
            "refusal": record.refusal,
            "device": self._seal.sealed(record.device),
            "reading": None if record.reading is None else self._seal.sealed(record.reading),
            "frames": self._seal.sealed(pack(record.frames)),
            "twin": None if record.twin is None else str(record.twin),
        }
        known = self._connection.execute(sql.KNOWN, (str(record.id),)).fetchone()
        if known is not None:
            self._connection.execute(sql.JUDGED, columns)
            return bool(known == (session, CaptureState.CAPTURED))
        if self._is_filed(record.id):
            return False
        self._connection.execute(sql.INSERT, columns)
        self._trail.add(Change.CAPTURED, reading=record.id, detail=record.refusal)
        return True

    def _held(self, row: Sequence[Any]) -> HeldCapture:
        device, reading, frames, *columns = row
        return HeldCapture(
            entry=tray_entry(columns),
            device=self._seal.opened(device),
            reading=None if reading is None else self._seal.opened(reading),
            frames=unpack(self._seal.opened(frames)),
        )

    def _find(self, record_id: UUID) -> TrayEntry:
        row = self._connection.execute(sql.BY_ID, (str(record_id),)).fetchone()
        if row is None:
            raise _unknown()
        return tray_entry(row)

    def _end(
        self, record_id: UUID, state: CaptureState, *, reason: str | None, by: str | None
    ) -> bool:
        columns: dict[str, SqlValue] = {
            "id": str(record_id),
            "state": state.value,
            "now": self._moment(),
            "reason": reason,
            "by": by,
        }
        return bool(self._connection.execute(sql.END, columns).rowcount)

    def _moment(self) -> int:
        return milliseconds(self._now())


def _unknown() -> UsageError:
    return UsageError(
        "there is no reading with this id in the tray",
        hint="look at the tray once more (ohx-desktop tray list)",
    )


def _not_in_the_tray(entry: TrayEntry) -> UsageError:
    return UsageError(
        f"this reading is {entry.state} and no longer in the tray",
        meaning="nothing was changed",
        hint="look at the tray once more; somebody else may have seen to it meanwhile",
    )
