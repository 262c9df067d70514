"""The outbox looked at: what waits, what came of it, whose turn it is."""

import heapq
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from operator import itemgetter
from uuid import UUID

from ohx_desktop.outbox import sql
from ohx_desktop.outbox.due import Queued, heads, is_due
from ohx_desktop.outbox.records import (
    HeldReading,
    Listed,
    OutboxSummary,
    Unverified,
    entry_of,
    latest_attempt,
    milliseconds,
    time_of,
)
from ohx_desktop.outbox.rows import EntryRows
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry
from ohx_desktop.outbox.tray import TrayStore
from ohx_desktop.storage.database import Connection, pragma, translated

_FORWARD = (sql.HELD_IN_STATE, sql.RECEIPTS_IN_STATE)
_BACKWARD = (sql.HELD_IN_STATE_BACKWARD, sql.RECEIPTS_IN_STATE_BACKWARD)
# SQLite's largest integer.
_BEYOND_ALL = 2**63 - 1


class OutboxReader:
    """The queue of one profile as it can be looked at; `OutboxStore` is one that changes it, too.

    Attributes:
        tray: the readings in the same file that no person has confirmed yet.
    """

    def __init__(self, connection: Connection, rows: EntryRows, tray: TrayStore) -> None:
        self._connection = connection
        self._rows = rows
        self.tray = tray

    @property
    def proof_key(self) -> bytes:
        """The key of the proofs in this file; it fits no other file's."""
        return self._rows.proof_key

    def entries(
        self,
        states: Collection[EntryState] = tuple(EntryState),
        *,
        after: UUID | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[OutboxEntry]:
        """Return the entries in these states, in the order of confirmation or in the reverse one.

        A page of them: `limit` at most, those that follow the entry `after` in that order.
        """
        begin = _BEYOND_ALL if newest_first else 0
        statements = _BACKWARD if newest_first else _FORWARD
        with translated():
            if after is not None:
                begin = self._rows.find(after).seq
            cursors = [
                self._connection.execute(statement, (state.value, begin))
                for state in sorted(set(states))
                for statement in statements
            ]
            try:
                rows = heapq.merge(*cursors, key=itemgetter(0), reverse=newest_first)
                return [entry_of(columns) for _, *columns in islice(rows, limit)]
            finally:
                for cursor in cursors:
                    cursor.close()

    def entry(self, entry_id: UUID) -> OutboxEntry:
        """Return one entry. Raises UsageError when there is none of this id."""
        with translated():
            return self._rows.find(entry_id).entry

    def listed(self, entry_id: UUID) -> Listed:
        """Return an entry with what belongs to it. Raises UsageError when there is none."""
        with translated():
            row = self._rows.find(entry_id)
            orders, refiled = [], False
            for _, other in self._rows.of_reading(row.entry.reading_id):
                if other.corrects == entry_id:
                    refiled |= other.kind is EntryKind.FILING
                    orders += [other] if other.kind is EntryKind.RETRACTION else []
        return Listed(
            entry=row.entry,
            is_held=row.holds,
            order=orders[-1] if orders else None,
            is_refiled=refiled,
        )

    def held(self, entry_id: UUID) -> HeldReading | None:
        """Return what is still held of an entry; None when only the receipt is left."""
        with translated():
            return self._rows.held(entry_id)

    def proof(self, entry_id: UUID) -> bytes | None:
        """Return the proof that stayed of what was sent; None where there is none."""
        with translated():
            return self._rows.proof(entry_id)

    def known(self, reading_id: UUID) -> bool:
        """Tell whether this reading was ever confirmed or given up here, for whomever."""
        with translated():
            return self._rows.knows(reading_id) or self.tray.has_ended(reading_id)

    def summary(self) -> OutboxSummary:
        """Return the counts for the footer."""
        with translated():
            counts = self._rows.tally.counts()
            (last_error,) = self._connection.execute(sql.LAST_ERROR).fetchone() or (None,)
        return OutboxSummary(
            waiting=counts[EntryState.QUEUED] + counts[EntryState.SENDING],
            needs_attention=counts[EntryState.NEEDS_ATTENTION],
            last_error=last_error,
        )

    def has_work(self, now: datetime) -> bool:
        """Tell whether an entry is being sent or may be sent now."""
        with translated():
            sending = self._connection.execute(sql.SENDING).fetchone()
            return sending is not None or self._first_due(now) is not None

    def unverified(self, limit: int) -> list[Unverified]:
        """Return acknowledged entries that are still to be read back, the oldest first."""
        with translated():
            return [
                Unverified(entry=entry_of(columns), bundle=self._rows.bundle(content))
                for content, *columns in self._connection.execute(sql.UNVERIFIED, (limit,))
            ]

    def next_due_at(self, exclude_patients: Collection[str] = ()) -> datetime | None:
        """Return when the next queued entry may be sent; None when none waits for a time."""
        with translated():
            if self._connection.execute(sql.ANY_PUT_OFF).fetchone() is None:
                return None
            with self._heads(exclude_patients) as firsts:
                times = [entry.next_attempt for entry in firsts if entry.next_attempt is not None]
        return time_of(min(times)) if times else None

    def data_version(self) -> int:
        """Return a number that changes when another process has changed the queue."""
        with translated():
            return int(pragma(self._connection, "data_version"))

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _first_due(self, now: datetime, exclude_patients: Collection[str] = ()) -> int | None:
        now_ms, latest_ms = milliseconds(now), latest_attempt(now)
        with self._heads(exclude_patients) as firsts:
            due = (one.seq for one in firsts if is_due(one, now_ms=now_ms, latest_ms=latest_ms))
            return next(due, None)

    @contextmanager
    def _heads(self, exclude_patients: Collection[str]) -> Iterator[Iterator[Queued]]:
        sending = (patient for (patient,) in self._connection.execute(sql.SENDING).fetchall())
        # Left open it would keep what this connection sees at an old state.
        with closing(self._connection.execute(sql.QUEUED)) as queued:
            yield heads(map(Queued._make, queued), {*exclude_patients, *sending})
