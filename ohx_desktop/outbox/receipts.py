"""What became of filed readings, for the event loop: their proofs, and how they are corrected."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from operator import methodcaller
from uuid import UUID

from ohx_desktop.outbox.records import Corrected, Filing, HeldReading
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import ARRIVED, EntryKind, EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore

# Receipts read in one step, so that it takes the store some milliseconds only.
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of an entry: the reading itself, or the proof that it left."""

    entry: OutboxEntry
    held: HeldReading | None = field(repr=False)
    proof: bytes | None = field(repr=False)


class AsyncReceipts:
    """The receipts in the file of an open queue."""

    def __init__(self, outbox: AsyncOutbox) -> None:
        self._outbox = outbox

    async def proof_key(self) -> bytes:
        """Return the key of the proofs."""
        return await self._outbox.read(lambda store: store.proof_key)

    async def kept(self, entry_id: UUID) -> Kept:
        """Return what is kept of an entry. Raises UsageError when there is none of this id."""
        return await self._outbox.read(lambda store: _kept(store, store.entry(entry_id)))

    async def note_reconciled(self, result: str) -> None:
        """Note durably that receipts were compared with the EHR; `result` is a code."""
        await self._outbox.read(methodcaller("note_reconciled", result))

    async def correct(
        self,
        entry_id: UUID,
        *,
        patient: str,
        reason: str,
        by: str | None,
        order: bytes | None,
        refile: Filing | None,
    ) -> Corrected:
        """Take a filed reading back, and file it for another. See OutboxStore.correct."""
        corrected = await self._outbox.change(
            lambda store: store.correct(
                entry_id, patient=patient, reason=reason, by=by, order=order, refile=refile
            )
        )
        self._outbox.woken.set()
        return corrected

    async def arrived(self, since: datetime | None) -> AsyncGenerator[Sequence[Kept]]:
        """Yield what the EHR has acknowledged, page by page; with `since` what came from then on.

        Where the reading itself is still held, that is given with it.
        """
        async for entries in self._pages(ARRIVED):
            wanted = [
                entry
                for entry in entries
                if entry.kind is EntryKind.FILING and (since is None or entry.created_at >= since)
            ]
            yield await self._outbox.read(partial(_all_kept, wanted))

    async def taken_back(self) -> dict[UUID, EntryState]:
        """Return what was ordered to be taken back, with the state of each order."""
        return {
            entry.corrects: entry.state
            async for entries in self._pages(frozenset(EntryState) - {EntryState.DISCARDED})
            for entry in entries
            if entry.kind is EntryKind.RETRACTION and entry.corrects is not None
        }

    async def _pages(self, states: frozenset[EntryState]) -> AsyncGenerator[Sequence[OutboxEntry]]:
        last: UUID | None = None
        while True:
            entries = await self._outbox.read(
                methodcaller("entries", states, after=last, limit=PAGE)
            )
            if entries:
                yield entries
            if len(entries) < PAGE:
                return
            last = entries[-1].id


def _all_kept(entries: Sequence[OutboxEntry], store: OutboxStore) -> list[Kept]:
    return [_kept(store, entry) for entry in entries]


def _kept(store: OutboxStore, entry: OutboxEntry) -> Kept:
    return Kept(entry=entry, held=store.held(entry.id), proof=store.proof(entry.id))
