"""What a person has the queue do with a reading: file it, or correct what was filed.

Runs inside a transaction of the store, which makes it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ohx_desktop.domain.clock import Now
from ohx_desktop.domain.errors import UsageError
from ohx_desktop.outbox.records import (
    Corrected,
    FiledForAnother,
    Filing,
    TakenBack,
    milliseconds,
    time_of,
)
from ohx_desktop.outbox.rows import EntryRows, Row
from ohx_desktop.outbox.states import ARRIVED, EntryKind, EntryState, OutboxEntry
from ohx_desktop.outbox.trail import Change


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a person decided something, as a code, and who it was."""

    reason: str
    by: str | None


class Filer:
    """Adds entries to the rows of a queue."""

    def __init__(self, rows: EntryRows, *, now: Now) -> None:
        self._rows = rows
        self._now = now

    def file(
        self, filing: Filing, *, claimed: bool = False, by: str | None = None
    ) -> tuple[OutboxEntry, bool]:
        """Add a reading, as `sending` when it is claimed at once; tell whether it was new.

        Raises FiledForAnother, TakenBack.
        """
        digest = self._rows.digest(filing.reading_id, filing.patient)
        there = self._filed(filing, digest)
        if there is not None:
            return there, False
        entry = self._new(
            filing.reading_id,
            digest,
            state=EntryState.SENDING if claimed else EntryState.QUEUED,
            attempts=int(claimed),
        )
        self._insert(entry, filing, digest)
        self._rows.note(Change.QUEUED, entry, by=by)
        return entry, True

    def correct(
        self,
        row: Row,
        decision: Decision,
        *,
        patient: str,
        order: bytes | None,
        refile: Filing | None,
    ) -> Corrected:
        """Take back what was filed and file it anew, each once however often this is asked.

        Raises UsageError where that cannot be done.
        """
        entry = row.entry
        self._require_correctable(row, patient, refile)
        retraction = refiled = None
        if entry.may_be_in_ehr:
            if order is None:
                raise UsageError("the EHR may have this reading; it must be taken back there")
            retraction = self._ordered(entry, row.digest, decision, patient=patient, order=order)
        self._end(row, decision)
        if refile is not None:
            refiled = self._refiled(entry, refile, decision)
        return Corrected(retraction=retraction, refiled=refiled)

    def discard(self, row: Row, decision: Decision) -> OutboxEntry:
        """Erase a reading that shall not be sent. Raises UsageError where it has gone its way.

        One whose fate nobody knows stays `is_doubtful`, with its proof: it may be in the EHR.
        """
        return self._rows.move(
            row,
            EntryState.DISCARDED,
            Change.DISCARDED,
            by=decision.by,
            detail=decision.reason,
            erases=True,
            reason=decision.reason,
            decided_by=decision.by,
            ended_at=self._moment(),
            next_attempt=None,
            last_error=None,
        )

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    def _new(
        self,
        reading_id: UUID,
        digest: bytes,
        *,
        kind: EntryKind = EntryKind.FILING,
        state: EntryState = EntryState.QUEUED,
        attempts: int = 0,
        **more: Any,
    ) -> OutboxEntry:
        return OutboxEntry(
            id=self._rows.id_of(reading_id, digest, kind),
            reading_id=reading_id,
            kind=kind,
            state=state,
            attempts=attempts,
            created_at=self._moment(),
            **more,
        )

    def _insert(self, entry: OutboxEntry, filing: Filing, digest: bytes) -> None:
        parts = (filing.submission, filing.bundle, *filing.frames)
        self._rows.insert(entry, patient=filing.patient, digest=digest, parts=parts)

    def _filed(self, filing: Filing, digest: bytes) -> OutboxEntry | None:
        """Return the entry this reading has for this patient; None where it may be filed anew."""
        entries = self._rows.of_reading(filing.reading_id)
        taken_back = [(of, each) for of, each in entries if each.kind is EntryKind.RETRACTION]
        for of, entry in entries:
            if entry.kind is not EntryKind.FILING:
                continue
            ordered = {each.state for whose, each in taken_back if whose == of}
            if of == digest:
                if ordered - {EntryState.DISCARDED}:
                    raise TakenBack("this reading was taken back for this patient")
                return entry
            was_never_there = entry.state is EntryState.DISCARDED and not entry.may_be_in_ehr
            if not (was_never_there or ordered & ARRIVED):
                raise FiledForAnother("this reading is already filed for another patient")
        return None

    def _require_correctable(self, row: Row, patient: str, refile: Filing | None) -> None:
        entry = row.entry
        if entry.kind is not EntryKind.FILING:
            raise UsageError("this entry takes a reading back and cannot be corrected itself")
        if entry.state is EntryState.SENDING:
            raise UsageError(
                "this reading is being sent at this moment", hint="try again in a minute"
            )
        if self._rows.digest(entry.reading_id, patient) != row.digest:
            raise UsageError("this reading was not filed for the patient named")
        if refile is None:
            return
        if refile.reading_id != entry.reading_id:
            raise UsageError("what is filed instead is another reading")
        if refile.patient == patient:
            raise UsageError("this reading is filed for this patient already")

    def _ordered(
        self, entry: OutboxEntry, digest: bytes, decision: Decision, *, patient: str, order: bytes
    ) -> OutboxEntry:
        """Return the order to take an entry back, a new one where there is none yet."""
        for of, each in self._rows.of_reading(entry.reading_id):
            if of == digest and each.kind is EntryKind.RETRACTION:
                if each.state is not EntryState.DISCARDED:
                    return each
                # An order that was given up makes room for a new one.
                self._rows.remove(each)
        retraction = self._new(
            entry.reading_id,
            digest,
            kind=EntryKind.RETRACTION,
            corrects=entry.id,
            reason=decision.reason,
            decided_by=decision.by,
        )
        self._rows.insert(retraction, patient=patient, digest=digest, parts=(b"", order))
        self._rows.note(
            Change.RETRACTION_ORDERED, retraction, by=decision.by, detail=decision.reason
        )
        return retraction

    def _end(self, row: Row, decision: Decision) -> None:
        """Have a corrected entry sent and read back no more, and erase it."""
        entry = row.entry
        if entry.state in {EntryState.QUEUED, EntryState.NEEDS_ATTENTION}:
            self.discard(row, decision)
        elif row.holds:
            self._rows.write(row, replace(entry, ended_at=self._moment()), erases=True)
            self._rows.note(Change.ERASED, entry, by=decision.by, detail=decision.reason)

    def _refiled(self, entry: OutboxEntry, refile: Filing, decision: Decision) -> OutboxEntry:
        digest = self._rows.digest(refile.reading_id, refile.patient)
        for of, each in self._rows.of_reading(refile.reading_id):
            if of == digest:
                if each.corrects == entry.id:
                    return each
                raise UsageError("this reading was filed for the other patient before")
        refiled = self._new(refile.reading_id, digest, corrects=entry.id)
        self._insert(refiled, refile, digest)
        self._rows.note(Change.QUEUED, refiled, by=decision.by, detail=decision.reason)
        return refiled

    def _moment(self) -> datetime:
        return time_of(milliseconds(self._now()))
