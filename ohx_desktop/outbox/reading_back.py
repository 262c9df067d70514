"""Reading back what the EHR has acknowledged; only what it gives back as sent is erased here.

Many readings are looked up in one request: at once when nothing else is to be done, in batches
while much is sent. What the EHR does not show yet, or cannot be asked now, is asked for again; one
that will not be read back for hours is let go with the EHR's word alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ohx_desktop.domain.errors import Misconfigured, OhxError, Refused, StoreError, UsageError
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.outbox.backoff import Rng, retry_delay_s
from ohx_desktop.outbox.ehr_port import Ehr
from ohx_desktop.outbox.failures import conflict
from ohx_desktop.outbox.pauses import Pauses
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.store import OutboxStore

LOOK_UP_DEADLINE_S = 90.0
# Readings in one look-up.
BATCH = 40
# While readings are being sent, a batch is filled, but nobody waits longer for the erasure.
LATEST_S = 2.0
# So many readings are held in memory; others wait on the disk for their turn.
KEPT = 128
# An EHR may show what it has stored a little later. These take about a minute.
ABSENT_ATTEMPTS = 6
# So often an EHR must refuse to be read, or fail to answer, before a reading is let go.
REFUSED_ATTEMPTS = 6

Wait = Callable[[float, asyncio.Event], Awaitable[None]]
"""Returns after so many seconds, or as soon as the event is set."""


@dataclass(slots=True, kw_only=True)
class _Item:
    """An acknowledged reading; `since` and `not_before` are monotonic seconds."""

    entry_id: UUID
    arrived_at: datetime
    bundle: bytes
    since: float
    not_before: float
    attempts: int = 0
    refused: int = 0
    absent: int = 0


class ReadingBack:
    """Looks acknowledged readings up while `run` runs.

    `give_up_after` is how long a reading may stay here that cannot be read back. `is_busy` tells
    whether readings are being sent, so that more are to be expected.
    """

    def __init__(
        self,
        outbox: AsyncOutbox,
        ehr: Ehr,
        pauses: Pauses,
        *,
        give_up_after: timedelta,
        is_busy: Callable[[], bool],
        wait: Wait,
        monotonic: Callable[[], float],
        rng: Rng,
    ) -> None:
        self._outbox = outbox
        self._ehr = ehr
        self._pauses = pauses
        self._give_up_after = give_up_after
        self._is_busy = is_busy
        self._wait = wait
        self._monotonic = monotonic
        self._rng = rng
        self._items: dict[UUID, _Item] = {}
        self._more_on_disk = True
        self._failures = 0
        self._not_before = 0.0
        self._changed = asyncio.Event()
        self._finishing = False

    def add(self, entry_id: UUID, arrived_at: datetime, bundle: bytes) -> None:
        """Have a reading read back that is noted as acknowledged."""
        if len(self._items) >= KEPT:
            self._more_on_disk = True
            return
        now = self._monotonic()
        self._items[entry_id] = _Item(
            entry_id=entry_id, arrived_at=arrived_at, bundle=bundle, since=now, not_before=now
        )
        self._changed.set()

    def look_again(self) -> None:
        """Ask now whether something is due: nothing is being sent any more."""
        self._changed.set()

    def retry_now(self) -> None:
        """Forget every delay: the EHR is back, or a person wants it."""
        self._failures, self._not_before = 0, 0.0
        for item in self._items.values():
            item.not_before = 0.0
        self._changed.set()

    def finish(self) -> None:
        """Have `run` return once what can be read back now is read back."""
        self._finishing = True
        self._changed.set()

    async def run(self) -> None:
        """Read back until told to finish."""
        try:
            while await self._something_due():
                try:
                    if self._needs_more():
                        await self._load()
                    else:
                        await self._read_back(self._due()[:BATCH])
                except StoreError as error:
                    self._pauses.store_failed(error)
        finally:
            self._finishing = False

    async def _something_due(self) -> bool:
        while True:
            self._changed.clear()
            is_held = self._pauses.current is not None
            wait_s = None if is_held else self._due_in()
            if wait_s is not None and wait_s <= 0:
                return True
            if self._finishing:
                return False
            if is_held:
                await _either(self._pauses.over, self._changed)
            elif wait_s is None:
                await self._changed.wait()
            else:
                await self._wait(wait_s, self._changed)

    def _due_in(self) -> float | None:
        """Return in how many seconds there is something to read back; None while there is not."""
        if self._needs_more():
            return 0.0
        if not self._items:
            return None
        now = self._monotonic()
        wait_s = self._not_before - now
        due = self._due()
        if not due:
            return max(wait_s, min(item.not_before for item in self._items.values()) - now)
        if self._is_busy() and len(due) < BATCH and not self._finishing:
            wait_s = max(wait_s, LATEST_S - (now - due[0].not_before))
        return wait_s

    def _due(self) -> list[_Item]:
        now = self._monotonic()
        return [item for item in self._items.values() if item.not_before <= now]

    def _needs_more(self) -> bool:
        return self._more_on_disk and len(self._items) < BATCH

    async def _load(self) -> None:
        """Take up what is on the disk: also what an earlier program left acknowledged."""
        found = await self._outbox.read(lambda store: store.unverified(KEPT))
        self._more_on_disk = len(found) == KEPT
        for each in found:
            if each.entry.id not in self._items:
                self.add(each.entry.id, each.entry.arrived_at or self._outbox.now(), each.bundle)

    async def _read_back(self, batch: Sequence[_Item]) -> None:
        """Look a batch up and note what was found. Raises StoreError."""
        try:
            async with asyncio.timeout(LOOK_UP_DEADLINE_S):
                found = await self._ehr.look_up([item.bundle for item in batch])
        except (Refused, Misconfigured):
            await self._refused(batch)
        except (OhxError, TimeoutError):
            self._failures += 1
            wait_s = retry_delay_s(self._failures, rng=self._rng)
            self._not_before = self._monotonic() + wait_s
            await self._tried_in_vain(batch)
        except Exception as error:  # noqa: BLE001 - a bug is told; the reading is in the EHR
            report(error)
            await self._refused(batch, is_bug=True)
        else:
            self._failures = 0
            await self._note(batch, found)

    async def _refused(self, batch: Sequence[_Item], *, is_bug: bool = False) -> None:
        """Ask for each alone, as one of them may be the cause; put off the one that is."""
        if len(batch) > 1:
            for item in batch:
                await self._read_back([item])
            return
        (item,) = batch
        item.refused += not is_bug
        self._put_off(item)
        await self._tried_in_vain(batch)

    async def _tried_in_vain(self, batch: Sequence[_Item]) -> None:
        """Let go what was not read back for so long that it would stay here for good."""
        for item in batch:
            item.attempts += 1
            if item.refused >= REFUSED_ATTEMPTS or self._is_overdue(item):
                del self._items[item.entry_id]
                await self._let_go(item.entry_id)

    async def _let_go(self, entry_id: UUID) -> None:
        # A person may have decided about it meanwhile.
        with suppress(UsageError):
            await self._outbox.change(lambda store: store.give_up_verifying(entry_id))

    def _is_overdue(self, item: _Item) -> bool:
        # Neither clock alone: the one of the wall may be set, the other ends with the program.
        age_s = max(
            self._monotonic() - item.since,
            (self._outbox.now() - item.arrived_at).total_seconds(),
        )
        is_tried = item.attempts >= REFUSED_ATTEMPTS
        return is_tried and age_s >= self._give_up_after.total_seconds()

    async def _note(self, batch: Sequence[_Item], found: Sequence[LookUp]) -> None:
        """Note what the EHR holds, in one transaction; keep what it does not show yet."""
        texts: dict[UUID, str | None] = {}
        for item, look_up in zip(batch, found, strict=True):
            item.absent += look_up.found is Found.ABSENT
            if look_up.found is Found.ABSENT and item.absent < ABSENT_ATTEMPTS:
                self._put_off(item)
                continue
            # One that is marked as entered in error arrived, and was corrected there since.
            arrived = look_up.found in {Found.SAME, Found.RETRACTED}
            texts[item.entry_id] = None if arrived else conflict(look_up)

        def note(store: OutboxStore) -> None:
            for entry_id, text in texts.items():
                # A person may have decided about it meanwhile.
                with suppress(UsageError):
                    if text is None:
                        store.verified(entry_id)
                    else:
                        store.needs_attention(entry_id, text)

        if texts:
            await self._outbox.change(note)
        for entry_id in texts:
            del self._items[entry_id]

    def _put_off(self, item: _Item) -> None:
        attempts = max(item.attempts, item.absent, 1)
        item.not_before = self._monotonic() + retry_delay_s(attempts, rng=self._rng)


def report(error: BaseException) -> None:
    """Tell of a bug; the loop's handler is the application's one place for them."""
    asyncio.get_running_loop().call_exception_handler(
        {"message": "the sender met an unexpected error", "exception": error}
    )


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
