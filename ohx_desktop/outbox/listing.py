"""The queue as a person looks through it, for the event loop: pages, the newest entries first."""

from collections.abc import Collection
from uuid import UUID

from ohx_desktop.outbox.records import Listed
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.store import OutboxStore


class AsyncListing:
    """The entries in the file of an open queue."""

    def __init__(self, outbox: AsyncOutbox) -> None:
        self._outbox = outbox

    async def page(
        self, states: Collection[EntryState], *, after: UUID | None, limit: int
    ) -> list[Listed]:
        """Return at most `limit` entries in these states, the newest first, behind `after`."""

        def read(store: OutboxStore) -> list[Listed]:
            entries = store.entries(states, after=after, limit=limit, newest_first=True)
            return [store.listed(entry.id) for entry in entries]

        return await self._outbox.read(read)

    async def listed(self, entry_id: UUID) -> Listed:
        """Return one entry. Raises UsageError when there is none of this id."""
        return await self._outbox.read(lambda store: store.listed(entry_id))
