"""The outbox on disk: confirmed readings, each durable before `enqueue` returns.

Every change is one transaction and one step of the state table. Once the EHR has acknowledged a
reading, or a person has discarded it, the transaction that says so also erases it; what remains is
a receipt of ids, times and states.

All methods block and belong to the thread that opened the store.
"""

import json
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID, uuid4

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import StoreEnvironment, UsageError
from ohx_desktop.outbox import sql
from ohx_desktop.outbox.records import (
    Claimed,
    FiledForAnother,
    HeldReading,
    OutboxSummary,
    due_parameters,
    entry_of,
    impossible,
    milliseconds,
    require_reason,
    time_of,
)
from ohx_desktop.outbox.schema import migrate
from ohx_desktop.outbox.states import HOLDS_READING, TRANSITIONS, EntryState, OutboxEntry
from ohx_desktop.outbox.tray import TrayStore
from ohx_desktop.storage.database import (
    Connection,
    SqlValue,
    connect,
    forget,
    opening_lock,
    pragma,
    transaction,
    translated,
)
from ohx_desktop.storage.sealing import Seal

# About 6 MB; at a hundred readings a day, more than half a year of receipts.
RECEIPTS_KEPT = 20_000
# Receipts are pruned once in so many readings, as counting them costs a millisecond.
_PRUNE_EVERY = 256


class OutboxStore:
    """The queue of one profile. Use `open`.

    Attributes:
        tray: the readings in the same file that no person has confirmed yet.
        sender_waits: set while the sender, which holds its lock, waits for a reading.
        handed: what was saved and claimed for it in one commit; filled in this thread. The sender
            sets the one and takes from the other in its own.
    """

    def __init__(self, connection: Connection, *, now: Now, receipts_kept: int) -> None:
        self._connection = connection
        self._now = now
        self._receipts_kept = receipts_kept
        self._must_forget = True
        self.sender_waits = False
        self.handed: deque[Claimed] = deque()
        (salt,) = connection.execute(sql.SALT).fetchone() or (b"",)
        self._seal = Seal(salt)
        self.tray = TrayStore(connection, self._seal, self._changing, now=now)

    @classmethod
    def open(
        cls,
        path: Path,
        key: bytes,
        *,
        now: Now = system_now,
        receipts_kept: int = RECEIPTS_KEPT,
    ) -> Self:
        """Open or create the queue at `path` with its 32-byte key, migrating older files.

        Raises StoreDamaged (wrong key, broken file), StoreTooNew, StoreEnvironment.
        """
        with opening_lock(path):
            connection = connect(path, key)
            try:
                with translated():
                    migrate(connection)
                    return cls(connection, now=now, receipts_kept=receipts_kept)
            except BaseException:
                connection.close()
                raise

    def close(self) -> None:
        """Fold the log into the file and close it."""
        self.forget_erased()
        self._connection.close()

    # ── for the person ───────────────────────────────────────────────────────────────────────

    def enqueue(
        self,
        *,
        reading_id: UUID,
        patient: str,
        submission: bytes,
        bundle: bytes,
        frames: Sequence[bytes],
    ) -> OutboxEntry:
        """Save a confirmed reading; it is durable when this returns.

        The same transaction takes it out of the tray: at every moment it is in one place. One that
        is already here for this patient is not added again: its entry is returned in whatever
        state it is, also when it was discarded. Raises FiledForAnother for another patient,
        StoreEnvironment or StoreDamaged; then nothing was saved.

        While the sender waits for a reading and none of this patient comes before, it is saved as
        `sending` and handed over: whatever kills the program, `recover` queues it again.
        """
        digest = self._digest(reading_id, patient)
        with translated(meaning=None), transaction(self._connection):
            row = self._connection.execute(sql.BY_READING, (str(reading_id),)).fetchone()
            if row is None:
                claimed = self.sender_waits and not self._any_waiting(patient)
                entry = OutboxEntry(
                    id=uuid4(),
                    reading_id=reading_id,
                    state=EntryState.SENDING if claimed else EntryState.QUEUED,
                    attempts=int(claimed),
                    created_at=time_of(milliseconds(self._now())),
                )
                self._insert(entry, digest, patient, (submission, bundle), frames)
            elif row[0] == digest:
                claimed, entry = False, entry_of(row[1:])
            else:
                raise FiledForAnother("this reading is already filed for another patient")
            # It is held here anyway until it is sent: no reason to keep the person waiting.
            self._must_forget |= self.tray.hand_over(reading_id)
        if claimed:
            self.handed.append(Claimed(entry=entry, patient=patient, bundle=bundle))
        return entry

    def retry(self, entry_id: UUID) -> OutboxEntry:
        """Have an entry sent again now. Raises UsageError when there is nothing to send."""
        with self._changing():
            entry, erased = self._find(entry_id)
            if erased:
                raise UsageError(
                    f"the entry is {entry.state} and its reading no longer on this computer",
                    hint="look at the reading in the EHR and correct it there",
                )
            if entry.state is EntryState.QUEUED:
                return self._write(replace(entry, attempts=0, next_attempt=None))
            if entry.state is not EntryState.NEEDS_ATTENTION:
                raise impossible(entry, EntryState.QUEUED)
            return self._move(entry, EntryState.QUEUED, attempts=0, next_attempt=None)

    def discard(self, entry_id: UUID, reason: str) -> OutboxEntry:
        """Erase a reading that shall not be sent. `reason` is a code such as "wrong-patient"."""
        require_reason(reason)
        with self._changing(erases=True):
            entry, _ = self._find(entry_id)
            return self._move(
                entry, EntryState.DISCARDED, reason=reason, next_attempt=None, last_error=None
            )

    # ── for the sender ───────────────────────────────────────────────────────────────────────

    def next_due(self, now: datetime, exclude_patients: Collection[str] = ()) -> Claimed | None:
        """Move the oldest entry that may be sent now to `sending` and return it with its bundle.

        Within a patient the order of confirmation holds: an entry waits for older ones that are
        still to be sent, though not for one that needs attention. What was handed over comes first.
        """
        if self.handed:
            return self.handed.popleft()
        moment = due_parameters(now, exclude_patients)
        with translated():
            if self._connection.execute(sql.NEXT_DUE, moment).fetchone() is None:
                return None
        with self._changing():
            row = self._connection.execute(sql.NEXT_DUE, moment).fetchone()
            if row is None:
                return None
            patient, sealed, *columns = row
            bundle, found = self._seal.opened(sealed), entry_of(columns)
            entry = self._move(
                found, EntryState.SENDING, attempts=found.attempts + 1, next_attempt=None
            )
            return Claimed(entry=entry, patient=patient, bundle=bundle)

    def next_due_at(self) -> datetime | None:
        """Return when the next queued entry may be sent; None when none waits for a time."""
        with translated():
            (moment,) = self._connection.execute(sql.NEXT_DUE_AT).fetchone() or (None,)
        return None if moment is None else time_of(moment)

    def release(self, entry_id: UUID, error: str, next_attempt: datetime | None) -> OutboxEntry:
        """Put an entry that is `sending`, but could not be sent, back into the queue."""
        with self._changing():
            entry, _ = self._find(entry_id)
            if entry.state is not EntryState.SENDING:
                raise impossible(entry, EntryState.QUEUED)
            return self._move(entry, EntryState.QUEUED, last_error=error, next_attempt=next_attempt)

    def acknowledge(self, entry_id: UUID, ehr_reference: str | None) -> OutboxEntry:
        """Note that the EHR has the reading and erase it here, in one transaction."""
        with self._changing(erases=True):
            entry, _ = self._find(entry_id)
            return self._move(
                entry, EntryState.ACKNOWLEDGED, ehr_reference=ehr_reference, last_error=None
            )

    def verified(self, entry_id: UUID) -> OutboxEntry:
        """Note that the EHR gave back what was sent."""
        with self._changing():
            return self._move(self._find(entry_id)[0], EntryState.VERIFIED, last_error=None)

    def needs_attention(self, entry_id: UUID, error: str) -> OutboxEntry:
        """Set an entry aside for a person."""
        with self._changing():
            entry, _ = self._find(entry_id)
            return self._move(
                entry, EntryState.NEEDS_ATTENTION, last_error=error, next_attempt=None
            )

    def recover(self) -> int:
        """Queue again what a dead sender left `sending`; return how many. Only for the sender."""
        self.handed.clear()
        with self._changing(erases=True):
            self._prune()
            self.tray.hand_over_queued()
            return self._connection.execute(sql.RECOVER).rowcount

    def make_due(self) -> int:
        """Let every queued entry be sent now, whatever its next attempt was; return how many."""
        with self._changing():
            return self._connection.execute(sql.MAKE_DUE).rowcount

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def entries(self, states: Collection[EntryState] = tuple(EntryState)) -> list[OutboxEntry]:
        """Return the entries in these states, in the order of confirmation."""
        with translated():
            wanted = json.dumps(sorted(states))
            return [entry_of(row) for row in self._connection.execute(sql.ENTRIES, (wanted,))]

    def entry(self, entry_id: UUID) -> OutboxEntry:
        """Return one entry. Raises UsageError when there is none of this id."""
        with translated():
            return self._find(entry_id)[0]

    def held(self, entry_id: UUID) -> HeldReading | None:
        """Return what is still held of an entry; None when only the receipt is left."""
        with translated():
            row = self._connection.execute(sql.HELD, (str(entry_id),)).fetchone()
            if row is None or row[3] is None:
                return None
            frames = self._connection.execute(sql.FRAMES, (row[0],)).fetchall()
        return HeldReading(
            patient=row[1],
            submission=self._seal.opened(row[2]),
            bundle=self._seal.opened(row[3]),
            frames=tuple(self._seal.opened(frame) for (frame,) in frames),
        )

    def known(self, reading_id: UUID) -> bool:
        """Tell whether this reading was ever confirmed or given up here, for whomever."""
        with translated():
            found = self._connection.execute(sql.BY_READING, (str(reading_id),)).fetchone()
            return found is not None or self.tray.has_ended(reading_id)

    def summary(self) -> OutboxSummary:
        """Return the counts for the footer."""
        with translated():
            counts = dict(self._connection.execute(sql.COUNTS).fetchall())
            (last_error,) = self._connection.execute(sql.LAST_ERROR).fetchone() or (None,)
        return OutboxSummary(
            waiting=counts.get("queued", 0) + counts.get("sending", 0),
            needs_attention=counts.get("needs-attention", 0),
            last_error=last_error,
        )

    def has_work(self, now: datetime) -> bool:
        """Tell whether an entry is being sent or may be sent now."""
        moment = due_parameters(now)
        with translated():
            sending = self._connection.execute(sql.ANY_SENDING).fetchone()
            return bool(sending or self._connection.execute(sql.NEXT_DUE, moment).fetchone())

    def data_version(self) -> int:
        """Return a number that changes when another process has changed the queue."""
        with translated():
            return int(pragma(self._connection, "data_version"))

    def forget_erased(self) -> None:
        """Make erased readings vanish from the log; put off while a reader is in the way."""
        if self._must_forget:
            # The change itself is already durable: a full disk here is no reason to report it as
            # failed, and the next call tries again.
            with suppress(StoreEnvironment), translated():
                self._must_forget = not forget(self._connection)

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _changing(self, *, erases: bool = False) -> Iterator[None]:
        with translated(), transaction(self._connection):
            yield
        self._must_forget |= erases
        if erases:
            self.forget_erased()

    def _insert(
        self,
        entry: OutboxEntry,
        digest: bytes,
        patient: str,
        contents: tuple[bytes, bytes],
        frames: Sequence[bytes],
    ) -> None:
        created_at = milliseconds(entry.created_at)
        identity = (str(entry.id), str(entry.reading_id), digest, created_at)
        added = self._connection.execute(
            sql.INSERT_ENTRY,
            (
                *identity,
                entry.state.value,
                entry.attempts,
                patient,
                *map(self._seal.sealed, contents),
            ),
        )
        sealed = map(self._seal.sealed, frames)
        rows = [(added.lastrowid, n, frame) for n, frame in enumerate(sealed)]
        self._connection.executemany(sql.INSERT_FRAME, rows)

    def _any_waiting(self, patient: str) -> bool:
        found = self._connection.execute(sql.ANY_WAITING_OF_PATIENT, (patient,)).fetchone()
        return found is not None

    def _find(self, entry_id: UUID) -> tuple[OutboxEntry, bool]:
        row = self._connection.execute(sql.BY_ID, (str(entry_id),)).fetchone()
        if row is None:
            raise UsageError("there is no entry with this id in the queue")
        return entry_of(row[1:]), bool(row[0])

    def _move(
        self, entry: OutboxEntry, state: EntryState, *, reason: str | None = None, **changes: Any
    ) -> OutboxEntry:
        if state not in TRANSITIONS[entry.state]:
            raise impossible(entry, state)
        moved = self._write(replace(entry, state=state, **changes), reason=reason)
        if state not in HOLDS_READING:
            self._connection.execute(sql.ERASE_FRAMES, (str(entry.id),))
            (seq,) = self._connection.execute(sql.SEQ, (str(entry.id),)).fetchone() or (0,)
            if seq % _PRUNE_EVERY == 0:
                self._prune()
        return moved

    def _write(self, entry: OutboxEntry, reason: str | None = None) -> OutboxEntry:
        due = entry.next_attempt
        columns: dict[str, SqlValue] = {
            "id": str(entry.id),
            "state": entry.state.value,
            "attempts": entry.attempts,
            "next_attempt": None if due is None else milliseconds(due),
            "last_error": entry.last_error,
            "ehr_reference": entry.ehr_reference,
            "reason": reason,
            "holds": entry.state in HOLDS_READING,
        }
        self._connection.execute(sql.UPDATE_ENTRY, columns)
        return entry

    def _prune(self) -> None:
        self._connection.execute(sql.PRUNE, (self._receipts_kept,))
        self.tray.prune(self._receipts_kept)

    def _digest(self, reading_id: UUID, patient: str) -> bytes:
        return self._seal.checksum(f"{reading_id}|{patient}".encode())
