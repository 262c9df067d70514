"""What the sender takes out of the queue: much in one commit, and back again what it did not begin.

Runs in the store's thread, each method one transaction.
"""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, closing
from datetime import datetime
from uuid import UUID

from ohx_desktop.outbox import sql
from ohx_desktop.outbox.due import Queued, runs
from ohx_desktop.outbox.records import Claimed, latest_attempt, milliseconds
from ohx_desktop.outbox.rows import EntryRows
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.trail import Change
from ohx_desktop.storage.database import Connection, translated


class Claims:
    """Moves entries between `queued` and `sending` for the one sender."""

    def __init__(
        self,
        connection: Connection,
        rows: EntryRows,
        changing: Callable[[], AbstractContextManager[None]],
        require_sound: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._require_sound = require_sound
        self._rows = rows
        self._changing = changing

    def claim(
        self, now: datetime, exclude_patients: Collection[str], *, limit: int, of_one_patient: int
    ) -> list[Claimed]:
        """Move what may be sent now to `sending`, the oldest first, and return it.

        At most `limit` entries and so many of one patient; of a patient in their order. Raises
        StoreDamaged once the file was found damaged.
        """
        self._require_sound()
        if not self._due(now, exclude_patients, limit=1, of_one_patient=1):
            return []
        with self._changing():
            return [
                self._claim(seq)
                for seq in self._due(
                    now, exclude_patients, limit=limit, of_one_patient=of_one_patient
                )
            ]

    def give_back(self, entry_ids: Iterable[UUID]) -> None:
        """Queue claimed entries again that were not begun, as if they had not been claimed."""
        with self._changing():
            for entry_id in entry_ids:
                row = self._rows.find(entry_id)
                if row.entry.state is EntryState.SENDING:
                    self._rows.move(
                        row,
                        EntryState.QUEUED,
                        Change.RELEASED,
                        attempts=max(row.entry.attempts - 1, 0),
                    )

    def _due(
        self, now: datetime, exclude_patients: Collection[str], *, limit: int, of_one_patient: int
    ) -> list[int]:
        now_ms, latest_ms = milliseconds(now), latest_attempt(now)
        with translated():
            sending = (patient for (patient,) in self._connection.execute(sql.SENDING).fetchall())
            # Left open it would keep what this connection sees at an old state.
            with closing(self._connection.execute(sql.QUEUED)) as queued:
                found = runs(
                    map(Queued._make, queued),
                    {*exclude_patients, *sending},
                    now_ms=now_ms,
                    latest_ms=latest_ms,
                    limit=limit,
                    of_one_patient=of_one_patient,
                )
        return [entry.seq for entry in found]

    def _claim(self, seq: int) -> Claimed:
        row, patient, bundle = self._rows.whole(seq)
        entry = self._rows.move(
            row,
            EntryState.SENDING,
            Change.SENDING,
            attempts=row.entry.attempts + 1,
            next_attempt=None,
        )
        return Claimed(entry=entry, patient=patient, bundle=bundle)
