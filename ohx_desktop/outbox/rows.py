"""The rows of the queue: found, added and moved along the state table, inside a transaction."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ohx_desktop.domain.errors import StoreDamaged, UsageError
from ohx_desktop.outbox import sql
from ohx_desktop.outbox.naming import entry_id, ids_of, patient_digest
from ohx_desktop.outbox.packing import pack, unpack
from ohx_desktop.outbox.records import HeldReading, entry_of, impossible, milliseconds
from ohx_desktop.outbox.states import TRANSITIONS, EntryKind, EntryState, OutboxEntry
from ohx_desktop.outbox.tally import Tally
from ohx_desktop.outbox.trail import Change, Trail
from ohx_desktop.storage.database import Connection, SqlValue
from ohx_desktop.storage.sealing import Seal

Prove = Callable[[bytes, bytes], bytes]
"""Makes of a bundle, and of a key, what lets the EHR's copy be compared later. No health data."""


class Row(NamedTuple):
    """An entry with what the store has to know of its row."""

    seq: int
    holds: bool
    digest: bytes
    entry: OutboxEntry


class EntryRows:
    """The rows of the table `entry`.

    Attributes:
        tally: how many there are in each open state.
        proof_key: the key of the proofs.
    """

    def __init__(
        self, connection: Connection, salt: bytes, *, prove: Prove | None, trail: Trail
    ) -> None:
        self._connection = connection
        self.proof_key = salt
        self._seal = Seal(salt)
        self._prove = prove
        self._trail = trail
        self.tally = Tally(connection)

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def find(self, entry_id: UUID) -> Row:
        """Return one row. Raises UsageError when there is none of this id."""
        row = self._connection.execute(sql.BY_ID, (entry_id.bytes,)).fetchone()
        if row is None:
            raise UsageError("there is no entry with this id in the queue")
        seq, holds, digest, *columns = row
        return Row(seq, bool(holds), digest, entry_of(columns))

    def whole(self, seq: int) -> tuple[Row, str, bytes]:
        """Return a row that holds a reading, its patient and its bundle. Raises StoreDamaged."""
        (found,) = self._connection.execute(sql.BY_SEQ, (seq,)).fetchall()
        digest, patient, content, *columns = found
        return Row(seq, True, digest, entry_of(columns)), patient, self.bundle(content)

    def knows(self, reading_id: UUID) -> bool:
        """Tell whether a reading has any entry."""
        return bool(self.of_reading(reading_id))

    def proof(self, entry_id: UUID) -> bytes | None:
        """Return the proof that an erased reading left."""
        (proof,) = self._connection.execute(sql.PROOF, (entry_id.bytes,)).fetchone() or (None,)
        return proof if proof is None else bytes(proof)

    def of_reading(self, reading_id: UUID) -> list[tuple[bytes, OutboxEntry]]:
        """Return all entries of a reading, the oldest first, each behind its patient's digest."""
        rows = self._connection.execute(
            sql.BY_READING, (*ids_of(reading_id), reading_id.bytes)
        ).fetchall()
        return [(row[0], entry_of(row[1:])) for row in rows]

    def held(self, entry_id: UUID) -> HeldReading | None:
        """Return what is still held of an entry. Raises StoreDamaged."""
        row = self._connection.execute(sql.HELD, (entry_id.bytes,)).fetchone()
        if row is None or row[1] is None:
            return None
        patient, content = row
        submission, bundle, *frames = self._opened(content)
        return HeldReading(
            patient=patient, submission=submission, bundle=bundle, frames=tuple(frames)
        )

    def bundle(self, content: bytes) -> bytes:
        """Return the bundle in a row's content. Raises StoreDamaged."""
        return self._opened(content)[1]

    def digest(self, reading_id: UUID, patient: str) -> bytes:
        """Return what tells a reading and its patient from any other, and neither's name."""
        return patient_digest(self._seal, reading_id, patient)

    def id_of(self, reading_id: UUID, digest: bytes, kind: EntryKind) -> UUID:
        """Return the id that an entry has by what it is."""
        return entry_id(self._seal, reading_id, digest, kind)

    # ── changing ─────────────────────────────────────────────────────────────────────────────

    def insert(
        self, entry: OutboxEntry, *, patient: str, digest: bytes, parts: Sequence[bytes]
    ) -> None:
        """Add an entry; `parts` are the submission, the bundle and the raw frames."""
        corrects = entry.corrects
        values = (
            entry.id.bytes,
            entry.reading_id.bytes,
            entry.kind.value,
            entry.state.value,
            entry.is_doubtful,
            entry.attempts,
            milliseconds(entry.created_at),
            None if corrects is None else corrects.bytes,
            entry.reason,
            entry.decided_by,
            digest,
            patient,
            self._seal.sealed(pack(parts)),
        )
        self._connection.execute(sql.INSERT, values)
        self.tally.moved(None, entry.state)

    def move(
        self,
        row: Row,
        state: EntryState,
        change: Change,
        *,
        by: str | None = None,
        detail: str | None = None,
        erases: bool = False,
        erase_at: datetime | None = None,
        **changes: Any,
    ) -> OutboxEntry:
        """Take one step of the state table. Raises UsageError where it has no such step.

        With `erases` only the receipt is left; of what may be in the EHR it keeps a proof.
        """
        if state not in TRANSITIONS[row.entry.state]:
            raise impossible(row.entry, state)
        entry = replace(row.entry, state=state, **changes)
        self.tally.moved(row.entry.state, state)
        self.write(row, entry, erases=erases, erase_at=erase_at)
        self.note(change, entry, by=by, detail=detail)
        return entry

    def write(
        self,
        row: Row,
        entry: OutboxEntry,
        *,
        erases: bool = False,
        erase_at: datetime | None = None,
    ) -> None:
        """Write an entry over its row, and erase what it holds with `erases`."""
        columns: dict[str, SqlValue] = {
            "id": entry.id.bytes,
            "state": entry.state.value,
            "is_doubtful": entry.is_doubtful,
            "attempts": entry.attempts,
            "next_attempt": _stored(entry.next_attempt),
            "last_error": entry.last_error,
            "ehr_reference": entry.ehr_reference,
            "arrived_at": _stored(entry.arrived_at),
            "ended_at": _stored(entry.ended_at),
            "reason": entry.reason,
            "decided_by": entry.decided_by,
            "erase_at": _stored(erase_at),
        }
        if not (erases and row.holds):
            self._connection.execute(sql.UPDATE, columns)
            return
        corrects = entry.corrects
        receipt: dict[str, SqlValue] = {
            "seq": row.seq,
            "reading_id": entry.reading_id.bytes,
            "kind": entry.kind.value,
            "created_at": milliseconds(entry.created_at),
            "corrects": None if corrects is None else corrects.bytes,
            "patient_digest": row.digest,
            "proof": self._proof(row) if entry.may_be_in_ehr else None,
        }
        # An update would leave each receipt alone on the page that its reading has filled.
        self._connection.execute(sql.ERASE, (row.seq,))
        self._connection.execute(sql.INSERT_RECEIPT, columns | receipt)

    def remove(self, entry: OutboxEntry) -> None:
        """Remove a receipt."""
        self._connection.execute(sql.REMOVE, (entry.id.bytes,))

    def note(
        self,
        change: Change,
        entry: OutboxEntry,
        *,
        by: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Tell the trail of a change, in its transaction."""
        self._trail.add(change, entry=entry.id, reading=entry.reading_id, by=by, detail=detail)

    def receipts(self) -> int:
        """Return how many receipts there are that may be forgotten."""
        (number,) = self._connection.execute(sql.COUNT_RECEIPTS).fetchone() or (0,)
        return int(number)

    def prune(self, kept: int) -> None:
        """Forget the oldest receipts beyond a number."""
        if (surplus := self.receipts() - kept) > 0:
            self._connection.execute(sql.PRUNE, (surplus,))
            self._trail.add(Change.RECEIPTS_PRUNED, detail=str(surplus))

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _opened(self, content: bytes) -> tuple[bytes, ...]:
        return unpack(self._seal.opened(content))

    def _proof(self, row: Row) -> bytes | None:
        if self._prove is None or row.entry.kind is not EntryKind.FILING:
            return None
        try:
            held = self.held(row.entry.id)
        except StoreDamaged:
            # The EHR has it whole: no reason to keep what nobody can read.
            return None
        return None if held is None else self._prove(held.bundle, self.proof_key)


def _stored(moment: datetime | None) -> int | None:
    return None if moment is None else milliseconds(moment)
