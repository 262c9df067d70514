"""The tray for the event loop: the queue's own thread, and news of every change."""

from collections.abc import Sequence
from uuid import UUID

from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.tray_records import CapturedRecord, CaptureState, HeldCapture, TrayEntry


class AsyncTray:
    """The tray in the file of an open queue."""

    def __init__(self, outbox: AsyncOutbox) -> None:
        self._outbox = outbox

    async def keep(
        self, records: Sequence[CapturedRecord], *, session: UUID, patient: str | None
    ) -> frozenset[UUID]:
        """Save records; durable when this returns. See TrayStore.keep."""
        return await self._outbox.change(
            lambda store: store.tray.keep(records, session=session, patient=patient)
        )

    async def discard(self, record_id: UUID, *, reason: str, by: str | None) -> TrayEntry:
        """Erase a record that is nobody's; `reason` is a code."""
        return await self._outbox.change(
            lambda store: store.tray.discard(record_id, reason=reason, by=by)
        )

    async def take_back(self, record_id: UUID) -> CaptureState | None:
        """Erase what its service took away or replaced. See TrayStore.take_back."""
        return await self._outbox.change(lambda store: store.tray.take_back(record_id))

    async def entries(self) -> list[TrayEntry]:
        """Return what waits for a person, in the order in which it came."""
        return await self._outbox.read(lambda store: store.tray.entries())

    async def all_held(self) -> list[HeldCapture]:
        """Return all that waits for a person whole, in the order in which it came."""
        return await self._outbox.read(lambda store: store.tray.all_held())

    async def held(self, record_id: UUID) -> HeldCapture:
        """Return a record of the tray whole. Raises UsageError where it is not there any more."""
        return await self._outbox.read(lambda store: store.tray.held(record_id))
