"""The outbox on disk: confirmed readings, each durable before `enqueue` returns.

Every change is one transaction and one step of the state table. A reading stays until the EHR gave
back what was sent; the transaction that says so, or that a person discarded it, also erases it.
What remains is a receipt of ids, times and states, and a proof of what was sent.

All methods block and belong to the thread that opened the store.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, UsageError
from ohx_desktop.outbox import sql
from ohx_desktop.outbox.audit_log import NOWHERE, AuditLog, Place
from ohx_desktop.outbox.audit_pending import take_in
from ohx_desktop.outbox.audit_trail import AuditTrail
from ohx_desktop.outbox.claims import Claims
from ohx_desktop.outbox.filer import Decision, Filer
from ohx_desktop.outbox.reader import OutboxReader
from ohx_desktop.outbox.records import (
    Claimed,
    Corrected,
    Filing,
    impossible,
    milliseconds,
    require_reason,
    time_of,
)
from ohx_desktop.outbox.rows import EntryRows, Prove, Row
from ohx_desktop.outbox.schema import migrate
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.trail import Change, Trail
from ohx_desktop.outbox.tray import TrayStore
from ohx_desktop.storage.database import (
    UNTOUCHED,
    Connection,
    forget,
    opening_lock,
    savepoint,
    transaction,
    translated,
)
from ohx_desktop.storage.opening import keep_salt_of, open_whole, refuse_broken_pages
from ohx_desktop.storage.sealing import Seal

# About 10 MB; at a hundred readings a day, more than half a year of receipts.
RECEIPTS_KEPT = 20_000
# Receipts are pruned once in so many readings, as counting them costs a millisecond.
_PRUNE_EVERY = 256
# A reading is handed to a waiting sender only while few wait, as each of them is looked at.
_FEW = 64
# The schema holds it, too.
LONGEST_KEPT = timedelta(days=30)
# Readings erased in one step, so that it takes milliseconds only.
_ERASED_AT_ONCE = 256


class OutboxStore(OutboxReader):
    """The queue of one profile. Use `open`.

    Attributes:
        audit: who did what when, in the same file.
        damage: what `require_whole` found; None while it found nothing.
        sender_waits: set while the sender, which holds its lock, waits for a reading.
        handed: what was saved and claimed for it in one commit; filled in this thread. The sender
            sets the one and takes from the other in its own.
        on_claim: given the bundle of what is handed over, before the commit.
        claims: what the sender takes out of the queue.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        now: Now,
        receipts_kept: int,
        keep_verified: timedelta,
        prove: Prove | None,
        place: Place,
        trail: Callable[[Connection], Trail] | None,
    ) -> None:
        (salt,) = connection.execute(sql.SALT).fetchone() or (b"",)
        seal = Seal(salt)
        self.audit = AuditLog(connection, seal, now=now, place=place)
        self._trail = AuditTrail(self.audit) if trail is None else trail(connection)
        rows = EntryRows(connection, salt, prove=prove, trail=self._trail)
        tray = TrayStore(
            connection, seal, self._changing, now=now, trail=self._trail, is_filed=rows.knows
        )
        super().__init__(connection, rows, tray)
        self._filer = Filer(rows, now=now)
        self._now = now
        self._receipts_kept = receipts_kept
        self._keep_verified = min(keep_verified, LONGEST_KEPT)
        self._must_forget = True
        self.damage: StoreDamaged | None = None
        self._is_joined = self._erases_joined = False
        self.claims = Claims(connection, rows, self._changing, self._require_sound)
        self.sender_waits = False
        self.on_claim: Callable[[bytes], object] | None = None
        self.handed: deque[Claimed] = deque()

    @classmethod
    def open(
        cls,
        path: Path,
        key: bytes,
        *,
        now: Now = system_now,
        receipts_kept: int = RECEIPTS_KEPT,
        keep_verified: timedelta = timedelta(0),
        prove: Prove | None = None,
        place: Place = NOWHERE,
        trail: Callable[[Connection], Trail] | None = None,
    ) -> Self:
        """Open or create the queue at `path` with its 32-byte key, migrating older files.

        `keep_verified` is how long a verified reading stays, 30 days at most; `prove` makes the
        proof that stays of what arrived; `place` is where this program runs, for the audit; `trail`
        makes of the open file what notes each change in place of it.
        Raises StoreKeyWrong, StoreDamaged, StoreTooNew, StoreEnvironment.
        """
        with opening_lock(path):
            connection = open_whole(path, key)
            try:
                refuse_broken_pages(connection)
                with translated():
                    migrate(connection)
                    keep_salt_of(connection, path)
                    store = cls(
                        connection,
                        now=now,
                        receipts_kept=receipts_kept,
                        keep_verified=keep_verified,
                        prove=prove,
                        place=place,
                        trail=trail,
                    )
                take_in(store.audit, path)
            except BaseException:
                connection.close()
                raise
            return store

    def close(self) -> None:
        """Fold the log into the file and close it."""
        self.forget_erased()
        self._connection.close()

    def require_whole(self) -> None:
        """Raise StoreDamaged where a page of the file is broken. Takes 2 ms a megabyte.

        From then on nothing more is sent; what is confirmed is still saved, and can be salvaged.
        """
        try:
            refuse_broken_pages(self._connection)
        except StoreDamaged as error:
            self.damage = error
            raise

    def forget_erased(self) -> None:
        """Make erased readings vanish from the log; put off while a reader is in the way."""
        if self._must_forget:
            # The change itself is already durable: a full disk here is no reason to report it as
            # failed, and the next call tries again.
            with suppress(StoreEnvironment), translated():
                self._must_forget = not forget(self._connection)

    # ── for the person ───────────────────────────────────────────────────────────────────────

    def enqueue(
        self,
        *,
        reading_id: UUID,
        patient: str,
        submission: bytes,
        bundle: bytes,
        frames: Sequence[bytes],
        by: str | None = None,
    ) -> OutboxEntry:
        """Save a confirmed reading; it is durable when this returns.

        The same transaction takes it out of the tray: at every moment it is in one place. One that
        is already here for this patient is not added again: its entry is returned in whatever
        state it is, also when it was discarded. Raises FiledForAnother for another patient, unless
        it was given up there before it was sent, or taken back in the EHR; StoreEnvironment or
        StoreDamaged; then nothing was saved.

        While the sender waits for a reading and none of this patient comes before, it is saved as
        `sending` and handed over: whatever kills the program, `recover` queues it again.
        """
        filing = Filing(
            reading_id=reading_id,
            patient=patient,
            submission=submission,
            bundle=bundle,
            frames=frames,
        )
        with self._changing(meaning=None):
            claimed = self.sender_waits and self.damage is None and not self._any_waiting(patient)
            entry, is_new = self._filer.file(filing, claimed=claimed, by=by)
            # It is held here anyway until it is sent: no reason to keep the person waiting.
            self._must_forget |= self.tray.hand_over(reading_id)
            if claimed and is_new and self.on_claim is not None:
                self.on_claim(bundle)
        if claimed and is_new:
            self.handed.append(Claimed(entry=entry, patient=patient, bundle=bundle))
        return entry

    def correct(
        self,
        entry_id: UUID,
        *,
        patient: str,
        reason: str,
        by: str | None,
        order: bytes | None = None,
        refile: Filing | None = None,
    ) -> Corrected:
        """Take a filed reading back, and file it for another patient, as one durable step.

        `patient` is whose it was: receipts do not tell, but know a wrong one. `order` is sent to
        the EHR as an entry of kind `retraction` and needed once the EHR may have the reading; one
        that never left is simply discarded. Asked again, what was done already is returned. Raises
        UsageError where it cannot be done.
        """
        require_reason(reason)
        with self._changing(erases=True):
            return self._filer.correct(
                self._rows.find(entry_id),
                Decision(reason, by),
                patient=patient,
                order=order,
                refile=refile,
            )

    def retry(self, entry_id: UUID, *, by: str | None = None) -> OutboxEntry:
        """Have an entry sent again now. Raises UsageError when there is nothing to send."""
        with self._changing():
            row = self._rows.find(entry_id)
            if not row.holds:
                raise UsageError(
                    f"the entry is {row.entry.state} and its reading no longer on this computer",
                    hint="look at the reading in the EHR and correct it there",
                )
            if row.entry.state is EntryState.QUEUED:
                entry = replace(row.entry, attempts=0, next_attempt=None)
                self._rows.write(row, entry)
                self._rows.note(Change.RETRIED, entry, by=by)
                return entry
            if row.entry.state is not EntryState.NEEDS_ATTENTION:
                raise impossible(row.entry, EntryState.QUEUED)
            return self._rows.move(
                row, EntryState.QUEUED, Change.RETRIED, by=by, attempts=0, next_attempt=None
            )

    def discard(self, entry_id: UUID, reason: str, *, by: str | None = None) -> OutboxEntry:
        """Erase a reading that shall not be sent. `reason` is a code such as "wrong-patient".

        If an attempt ended without a sure answer, the receipt stays `is_doubtful`: the EHR may
        have it, and only `correct` takes it back there.
        """
        require_reason(reason)
        with self._changing(erases=True):
            return self._filer.discard(self._rows.find(entry_id), Decision(reason, by))

    # ── for the sender ───────────────────────────────────────────────────────────────────────

    def next_due(self, now: datetime, exclude_patients: Collection[str] = ()) -> Claimed | None:
        """Move the oldest entry that may be sent now to `sending` and return it with its bundle.

        Within a patient the order of confirmation holds: an entry waits for older ones that are
        still to be sent, though not for one that needs attention. What was handed over comes first.
        """
        if self.handed:
            return self.handed.popleft()
        self._require_sound()
        with translated():
            if self._first_due(now, exclude_patients) is None:
                return None
        with self._changing():
            seq = self._first_due(now, exclude_patients)
            if seq is None:
                return None
            row, patient, bundle = self._rows.whole(seq)
            entry = self._rows.move(
                row,
                EntryState.SENDING,
                Change.SENDING,
                attempts=row.entry.attempts + 1,
                next_attempt=None,
            )
            return Claimed(entry=entry, patient=patient, bundle=bundle)

    def release(
        self,
        entry_id: UUID,
        error: str,
        next_attempt: datetime | None,
        *,
        doubtful: bool | None = None,
    ) -> OutboxEntry:
        """Put an entry that is `sending`, but could not be sent, back into the queue.

        `doubtful` tells whether the EHR may have it after this attempt; None leaves what was known.
        """
        with self._changing():
            row = self._rows.find(entry_id)
            if row.entry.state is not EntryState.SENDING:
                raise impossible(row.entry, EntryState.QUEUED)
            return self._rows.move(
                row,
                EntryState.QUEUED,
                Change.RELEASED,
                detail=error,
                last_error=error,
                next_attempt=next_attempt,
                is_doubtful=_doubt(row, doubtful),
            )

    def acknowledge(
        self, entry_id: UUID, ehr_reference: str | None, *, verified: bool = False
    ) -> OutboxEntry:
        """Note that the EHR has the reading, which stays here until it is read back.

        With `verified` it was found there just as it was sent: both are noted in one step.
        """
        arrived: dict[str, Any] = {
            "ehr_reference": ehr_reference,
            "arrived_at": self._moment(),
            "is_doubtful": False,
            "last_error": None,
        }
        with self._changing(erases=verified):
            row = self._rows.find(entry_id)
            if verified and row.entry.state is EntryState.SENDING:
                return self._verify(row, **arrived)
            return self._rows.move(row, EntryState.ACKNOWLEDGED, Change.ACKNOWLEDGED, **arrived)

    def verified(self, entry_id: UUID) -> OutboxEntry:
        """Note that the EHR gave back what was sent, and erase it here, now or when it is due."""
        with self._changing(erases=True):
            row = self._rows.find(entry_id)
            if row.entry.state is not EntryState.ACKNOWLEDGED:
                raise impossible(row.entry, EntryState.VERIFIED)
            return self._verify(row)

    def verify_many(self, entry_ids: Iterable[UUID]) -> list[OutboxEntry]:
        """Note the same of many in one step; what is not `acknowledged` any more is left alone."""
        with self._changing(erases=True):
            rows = [self._rows.find(entry_id) for entry_id in entry_ids]
            arrived = [row for row in rows if row.entry.state is EntryState.ACKNOWLEDGED]
            return [self._verify(row) for row in arrived]

    def give_up_verifying(self, entry_id: UUID) -> OutboxEntry:
        """Erase an acknowledged reading that cannot be read back; its proof stays."""
        with self._changing(erases=True):
            row = self._rows.find(entry_id)
            if row.entry.state is not EntryState.ACKNOWLEDGED:
                raise impossible(row.entry, EntryState.ACKNOWLEDGED)
            if not row.holds:
                return row.entry
            entry = replace(row.entry, ended_at=self._moment())
            self._rows.write(row, entry, erases=True)
            self._rows.note(Change.NOT_VERIFIABLE, entry)
            self._prune_at_times(row)
            return entry

    def erase_due(self, now: datetime) -> int:
        """Erase verified readings that were kept long enough; return how many. Cheap if none is."""
        moment = (milliseconds(now), milliseconds(now + LONGEST_KEPT), _ERASED_AT_ONCE)
        with translated():
            if not self._connection.execute(sql.TO_ERASE, moment).fetchone():
                return 0
        with self._changing(erases=True):
            due = self._connection.execute(sql.TO_ERASE, moment).fetchall()
            for (identity,) in due:
                row = self._rows.find(UUID(bytes=identity))
                self._rows.write(row, row.entry, erases=True)
                self._rows.note(Change.ERASED, row.entry)
            return len(due)

    def needs_attention(
        self, entry_id: UUID, error: str, *, doubtful: bool | None = None
    ) -> OutboxEntry:
        """Set an entry aside for a person.

        `doubtful` tells whether the EHR may have it; None leaves what was known. One that has
        arrived is in the EHR in some form: it is looked up there before it is ever sent again.
        """
        with self._changing():
            row = self._rows.find(entry_id)
            has_arrived = row.entry.state is EntryState.ACKNOWLEDGED
            return self._rows.move(
                row,
                EntryState.NEEDS_ATTENTION,
                Change.NEEDS_ATTENTION,
                detail=error,
                last_error=error,
                next_attempt=None,
                is_doubtful=has_arrived or _doubt(row, doubtful),
            )

    def recover(self) -> int:
        """Queue again what a dead sender left `sending`; return how many. Only for the sender.

        Nobody knows how far they came: they are doubtful from now on.
        """
        self.handed.clear()
        with translated():
            receipts = max(self._rows.receipts(), self.tray.receipts())
            if not (
                receipts > self._receipts_kept or self._connection.execute(sql.SENDING).fetchone()
            ):
                self.forget_erased()
                return 0
        with self._changing(erases=True):
            self._prune()
            recovered = self._connection.execute(sql.RECOVER).fetchall()
            self._rows.tally.moved(EntryState.SENDING, EntryState.QUEUED, len(recovered))
            for entry, reading in recovered:
                self._trail.add(
                    Change.RECOVERED, entry=UUID(bytes=entry), reading=UUID(bytes=reading)
                )
            return len(recovered)

    def make_due(self) -> int:
        """Let every queued entry be sent now, whatever its next attempt was; return how many."""
        with self._changing():
            return self._connection.execute(sql.MAKE_DUE).rowcount

    def note_reconciled(self, result: str) -> None:
        """Tell the trail that receipts were compared with the EHR; `result` is a code."""
        with self._changing():
            self._trail.add(Change.RECONCILED, detail=result)

    # ── several changes at once ──────────────────────────────────────────────────────────────

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one durable step of all changes inside; each of them is still whole or not at all.

        A change that raises leaves the others as they are, unless `is_together` is false then.
        """
        self._erases_joined = False
        with self._changing():
            self._is_joined = True
            try:
                yield
            finally:
                self._is_joined = False
        if self._erases_joined:
            self.forget_erased()

    @property
    def is_together(self) -> bool:
        """False when the engine has given up what `together` holds."""
        return self._connection.in_transaction

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _changing(self, *, erases: bool = False, meaning: str | None = UNTOUCHED) -> Iterator[None]:
        if self._is_joined:
            with self._joined(erases=erases, meaning=meaning):
                yield
            return
        try:
            with translated(meaning), transaction(self._connection):
                yield
        except BaseException:
            self._rows.tally.forget()
            raise
        self._must_forget |= erases
        if erases:
            self.forget_erased()

    @contextmanager
    def _joined(self, *, erases: bool, meaning: str | None) -> Iterator[None]:
        """Make a step of what `together` holds."""
        try:
            with translated(meaning), savepoint(self._connection):
                yield
        except BaseException:
            self._rows.tally.forget()
            raise
        self._must_forget |= erases
        self._erases_joined |= erases

    def _verify(self, row: Row, **changes: Any) -> OutboxEntry:
        ended_at = self._moment()
        kept = self._keep_verified if row.holds else timedelta(0)
        entry = self._rows.move(
            row,
            EntryState.VERIFIED,
            Change.VERIFIED,
            erases=not kept,
            erase_at=ended_at + kept if kept else None,
            **{"ended_at": ended_at, "last_error": None, **changes},
        )
        self._prune_at_times(row)
        return entry

    def _require_sound(self) -> None:
        if self.damage is not None:
            raise self.damage

    def _any_waiting(self, patient: str) -> bool:
        """Tell whether a reading of this patient waits, or so many that it is not worth a look."""
        waiting = self._connection.execute(sql.FIRST_WAITING, (_FEW,)).fetchall()
        return len(waiting) == _FEW or (patient,) in waiting

    def _prune_at_times(self, row: Row) -> None:
        if row.seq % _PRUNE_EVERY == 0:
            self._prune()

    def _prune(self) -> None:
        self._rows.prune(self._receipts_kept)
        self.tray.prune(self._receipts_kept)

    def _moment(self) -> datetime:
        return time_of(milliseconds(self._now()))


def _doubt(row: Row, doubtful: bool | None) -> bool:
    return row.entry.is_doubtful if doubtful is None else doubtful
