"""The audit in the queue's own file: a record is written in the transaction of what it tells.

So neither is there without the other, whatever kills the program. The head is read inside that
transaction, which holds the file's only write lock, so that two programs continue one chain.

All methods block and belong to the thread that opened the store.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ohx_desktop.audit.chain import Anchor, ChainReport, Link, linked, verify
from ohx_desktop.audit.events import KINDS, Agent, Event, Outcome
from ohx_desktop.audit.record import AuditRecord, canonical, who_of
from ohx_desktop.domain.clock import Now
from ohx_desktop.domain.errors import StoreDamaged
from ohx_desktop.outbox import audit_sql as sql
from ohx_desktop.outbox.records import milliseconds
from ohx_desktop.storage.database import Connection, transaction, translated
from ohx_desktop.storage.sealing import Seal


class AuditBroken(StoreDamaged):
    """The chain of the audit does not hold."""

    code = "audit-broken"
    meaning = "no reading was affected, but from there on the audit is not what was written"
    hint = "keep this file as it is and tell whoever answers for the security of the clinic"


# Rows read at once: a checkpoint of the log need not wait for a whole audit to be walked.
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this program runs: the installation, and what the clinic calls the station.

    `account` is that of this computer (local:NAME): who acts where no person is named.
    """

    installation: UUID | None = None
    station: str | None = None
    account: str | None = None


NOWHERE = Place()


class AuditLog:
    """The audit of one file. An OutboxStore makes it."""

    def __init__(self, connection: Connection, seal: Seal, *, now: Now, place: Place) -> None:
        self._connection = connection
        self._seal = seal
        self._now = now
        self._place = place

    def add(
        self,
        event: Event,
        *,
        outcome: Outcome = Outcome.SUCCESS,
        by: str | None = None,
        entry: UUID | None = None,
        reading: UUID | None = None,
        patient: str | None = None,
        subject: str | None = None,
        detail: str | None = None,
        at: datetime | None = None,
    ) -> Link:
        """Write a record inside the transaction that is open; gone again when it is rolled back.

        `by` is who did it, None where nobody is named: then it is the account of this computer, or
        the program, as the table of events says. `patient` is a reference, of which only a keyed
        digest is kept; `at` when it happened, if it is not now. Raises ValueError for what is no
        code or reference.
        """
        record = AuditRecord(
            at=milliseconds(at or self._now()),
            event=event,
            outcome=outcome,
            who=who_of(by) or self._somebody(event),
            installation=self._place.installation,
            station=self._place.station,
            entry=entry,
            reading=reading,
            patient=None if patient is None else self.patient_digest(patient),
            subject=subject,
            detail=detail,
        )
        link = linked(self._head(), canonical(record))
        self._connection.execute(sql.INSERT, (link.seq, link.content, link.digest))
        return link

    def note(self, event: Event, **told: Any) -> Link:
        """Write a record durably, in a transaction of its own. See `add`."""
        with self.changing():
            return self.add(event, **told)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Write records as one durable step, or none of them."""
        with translated(meaning="no reading was affected"), transaction(self._connection):
            yield

    def patient_digest(self, patient: str) -> bytes:
        """Return what stands for a patient in the records of this file."""
        return self._seal.checksum(f"audit|{patient}".encode())

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def origin(self) -> Anchor:
        """Return the place from which the chain here goes on: the beginning, or an archive's end.

        Raises StoreDamaged where there is none.
        """
        with translated():
            row = self._connection.execute(sql.ORIGIN).fetchone()
        if row is None:
            raise StoreDamaged("the audit in the queue's file has lost its beginning")
        return Anchor(*row)

    def head(self) -> Anchor:
        """Return the end of the chain."""
        with translated():
            return self._head()

    def links(self, after: int = 0) -> Iterator[Link]:
        """Yield the links after this number, in their order."""
        while True:
            with translated():
                rows = self._connection.execute(sql.LINKS, (after, _PAGE)).fetchall()
            for row in rows:
                yield Link(*row)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def verify(self, heads: Collection[bytes] = ()) -> ChainReport:
        """Check the whole chain, and that heads which were noted elsewhere are places of it."""
        with self.snapshot():
            return verify(self.links(), self.origin(), heads=heads)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Look at one state of the file while the block lasts, whatever others write."""
        with translated():
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            with translated():
                self._connection.execute("COMMIT")

    # ── archiving ────────────────────────────────────────────────────────────────────────────

    def drop(self, until: Anchor) -> Link:
        """Take out what an archive holds up to this place, and note that, as one step.

        What stays, at least the note, hangs on the digest of the last record that left.
        """
        with self.changing():
            noted = self.add(Event.AUDIT_ARCHIVED, subject=until.digest.hex())
            self._connection.execute(sql.MOVE_ORIGIN, (until.seq, until.digest))
            self._connection.execute(sql.REMOVE_ARCHIVED)
        return noted

    def _somebody(self, event: Event) -> str | None:
        return self._place.account if KINDS[event].agent is Agent.PERSON else None

    def _head(self) -> Anchor:
        row = self._connection.execute(sql.HEAD).fetchone()
        return self.origin() if row is None else Anchor(*row)
