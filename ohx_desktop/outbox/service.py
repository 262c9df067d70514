"""The outbox for the event loop: the store in a thread of its own, and news of every change.

The window, the command line and the sender all go through here. Changes made by other processes
on the same profile are noticed by polling, so that a window also shows what a command did.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from ohx_desktop.audit.events import Event
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.outbox.audit_log import NOWHERE, Place
from ohx_desktop.outbox.joint import JointCommits
from ohx_desktop.outbox.records import Claimed, HeldReading, OutboxSummary
from ohx_desktop.outbox.rows import Prove
from ohx_desktop.outbox.states import ARRIVED, SETTLED, EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore

if TYPE_CHECKING:
    from ohx_desktop.domain.errors import OhxError

T = TypeVar("T")

# How soon a change by another process is noticed.
POLL_S = 1.0
# How long the read-back of an acknowledged reading is waited for.
READ_BACK_S = 10.0


class AsyncOutbox:
    """The queue of one profile. Use `open`; call `close` when done.

    Attributes:
        now: the clock of the store and the sender.
        problem: why sending pauses, None while it does not. Set by the sender.
        woken: set when there is something to send.
        urged: set when a person asked to send now, whatever the sender waits for.
    """

    def __init__(
        self,
        store: OutboxStore,
        thread: ThreadPoolExecutor,
        *,
        now: Now,
        on_change: Callable[[], None] | None,
    ) -> None:
        self._store = store
        self._thread = thread
        self._joint = JointCommits(store, thread)
        self._on_change = on_change
        self._changes: set[asyncio.Event] = set()
        self._ahead: dict[UUID, OutboxEntry] = {}
        self._seen_version: int | None = None
        self.now = now
        self.problem: OhxError | None = None
        self.woken = asyncio.Event()
        self.urged = asyncio.Event()

    @classmethod
    async def open(
        cls,
        path: Path,
        key: Callable[[], bytes],
        *,
        now: Now = system_now,
        place: Place = NOWHERE,
        on_change: Callable[[], None] | None = None,
        keep_verified: timedelta = timedelta(0),
        prove: Prove | None = None,
    ) -> Self:
        """Open the queue at `path`; `key` returns its key and may block (keyring).

        `on_change` is called on the loop after every change. For the others see OutboxStore.open.
        Raises KeystoreError, StoreError.
        """

        def opened() -> OutboxStore:
            return OutboxStore.open(
                path, key(), now=now, place=place, keep_verified=keep_verified, prove=prove
            )

        thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        loop = asyncio.get_running_loop()
        try:
            store = await loop.run_in_executor(thread, opened)
        except BaseException:
            thread.shutdown(wait=False)
            raise
        outbox = cls(store, thread, now=now, on_change=on_change)
        await outbox.look_elsewhere()
        return outbox

    async def close(self) -> None:
        """Close the store. The sender must have been stopped before."""
        await self.read(OutboxStore.close)
        self._thread.shutdown(wait=False)

    # ── for the shells ───────────────────────────────────────────────────────────────────────

    async def enqueue(
        self,
        *,
        reading_id: UUID,
        patient: str,
        submission: bytes,
        bundle: bytes,
        frames: Sequence[bytes],
        by: str | None = None,
    ) -> OutboxEntry:
        """Save a confirmed reading; durable when this returns. See OutboxStore.enqueue."""
        loop = asyncio.get_running_loop()
        save = partial(
            self._store.enqueue,
            reading_id=reading_id,
            patient=patient,
            submission=submission,
            bundle=bundle,
            frames=frames,
            by=by,
        )
        saving = loop.run_in_executor(self._thread, save)
        # The sender is woken, too, when the caller was cancelled meanwhile.
        saving.add_done_callback(lambda _: self.woken.set())
        entry = await asyncio.shield(saving)
        self.notify()
        return entry

    async def retry(self, entry_id: UUID, *, by: str | None = None) -> OutboxEntry:
        """Have an entry sent again now. Raises UsageError when there is nothing to send."""
        entry = await self.change(lambda store: store.retry(entry_id, by=by))
        self.urge()
        return entry

    async def discard(self, entry_id: UUID, reason: str, *, by: str | None = None) -> OutboxEntry:
        """Erase a reading that shall not be sent; `reason` is a code."""
        return await self.change(lambda store: store.discard(entry_id, reason, by=by))

    async def note(self, event: Event, **told: Any) -> None:
        """Note for the audit what changes no reading; durable when this returns.

        `told` is as for `AuditLog.add`. A cancel does not undo it.
        """
        await asyncio.shield(self.read(lambda store: store.audit.note(event, **told)))

    async def entries(
        self, states: Collection[EntryState] = tuple(EntryState)
    ) -> list[OutboxEntry]:
        """Return the entries in these states, in the order of confirmation."""
        return await self.read(lambda store: store.entries(states))

    async def entry(self, entry_id: UUID) -> OutboxEntry:
        """Return one entry. Raises UsageError when there is none of this id."""
        if entry_id in self._ahead:
            return self._ahead[entry_id]
        return await self.read(lambda store: store.entry(entry_id))

    async def held(self, entry_id: UUID) -> HeldReading | None:
        """Return the reading of an entry while it is held here, for a person to look at."""
        return await self.read(lambda store: store.held(entry_id))

    async def known(self, reading_id: UUID) -> bool:
        """Tell whether this reading was ever confirmed here."""
        return await self.read(lambda store: store.known(reading_id))

    async def summary(self) -> OutboxSummary:
        """Return the counts for the footer."""
        return await self.read(OutboxStore.summary)

    async def wait_for(
        self, entry_id: UUID, states: Collection[EntryState], deadline_s: float
    ) -> OutboxEntry:
        """Return the entry once it is in one of the states, or as it is at the deadline."""

        async def arrived() -> bool:
            return (await self.entry(entry_id)).state in states

        await self._until(arrived, deadline_s)
        return await self.entry(entry_id)

    async def wait_until_settled(self, entry_id: UUID, deadline_s: float) -> OutboxEntry:
        """Return the entry once only a person could change it, or as it is at the deadline.

        An acknowledged reading is waited for a little: its read-back is lost when the sender died.
        """
        entry = await self.wait_for(entry_id, SETTLED | ARRIVED, deadline_s)
        if entry.state in SETTLED or entry.state not in ARRIVED:
            return entry
        return await self.wait_for(entry_id, SETTLED, min(deadline_s, READ_BACK_S))

    async def progress(self, entry_id: UUID) -> AsyncGenerator[OutboxEntry]:
        """Yield the entry now and on each change until only a person could change it."""
        with self._changed() as changed:
            told: OutboxEntry | None = None
            while True:
                changed.clear()
                entry = await self.entry(entry_id)
                if told is None or not _is_known(told, entry):
                    told = entry
                    yield entry
                if told.state in SETTLED:
                    return
                await _set_or(changed, POLL_S)

    async def drain(self, deadline_s: float) -> list[OutboxEntry]:
        """Have everything that waits sent now; return what still waits for the EHR.

        Ends when nothing more can be sent for now, when sending pauses (`problem`), or at the
        deadline. Some process must be running the sender.
        """
        self.problem = None
        await self.change(OutboxStore.make_due)
        self.urge()

        async def drained() -> bool:
            return self.problem is not None or not await self.read(
                lambda store: store.has_work(self.now())
            )

        await self._until(drained, deadline_s)
        return await self.entries({EntryState.QUEUED, EntryState.SENDING})

    def urge(self) -> None:
        """Have the sender try now: the network is back, somebody signed in or pressed retry."""
        self.urged.set()
        self.woken.set()

    # ── for the sender ───────────────────────────────────────────────────────────────────────

    async def read(self, call: Callable[[OutboxStore], T]) -> T:
        """Run a call that changes nothing in the store's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, self._store)

    def next_handed(self) -> Claimed | None:
        """Return a reading that was claimed for the sender in the commit that saved it."""
        handed = self._store.handed
        return handed.popleft() if handed else None

    @contextmanager
    def sender_claims(self, prepare: Callable[[bytes], None]) -> Iterator[None]:
        """Have each new reading claimed for the sender as it is saved, while the block lasts.

        `prepare` is given its bundle while the disk works.
        """
        loop = asyncio.get_running_loop()
        self._store.on_claim = lambda bundle: loop.call_soon_threadsafe(prepare, bundle)
        self._store.sender_waits = True
        try:
            yield
        finally:
            self._store.sender_waits = False
            self._store.on_claim = None

    @contextmanager
    def sender_pauses(self) -> Iterator[None]:
        """Have new readings queued while the block lasts, as nothing is sent."""
        claims, self._store.sender_waits = self._store.sender_waits, False
        try:
            yield
        finally:
            self._store.sender_waits = claims

    @contextmanager
    def told_ahead(self, entry: OutboxEntry) -> Iterator[None]:
        """Tell what the EHR has answered while the block notes it on the disk.

        Should that fail, the store's own word counts again.
        """
        self._ahead[entry.id] = entry
        self.notify()
        try:
            yield
        finally:
            del self._ahead[entry.id]

    async def change(self, call: Callable[[OutboxStore], T]) -> T:
        """Run a call in the store's thread and tell of the change; a cancel does not undo it.

        Calls that come while one is being written share a commit.
        """
        result = await self._joint.change(call)
        self.notify()
        return result

    async def look_elsewhere(self) -> bool:
        """Tell whether another process changed the queue since the last look, and spread it."""
        version = await self.read(OutboxStore.data_version)
        changed = self._seen_version not in {version, None}
        self._seen_version = version
        if changed:
            self.urge()
            self.notify()
        return changed

    def notify(self) -> None:
        """Tell everybody that something has changed."""
        for event in self._changes:
            event.set()
        if self._on_change is not None:
            self._on_change()

    # ── inside ───────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _changed(self) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._changes.add(event)
        try:
            yield event
        finally:
            self._changes.discard(event)

    async def _until(self, condition: Callable[[], Awaitable[bool]], deadline_s: float) -> None:
        with self._changed() as changed, suppress(TimeoutError):
            async with asyncio.timeout(deadline_s):
                while not await condition():
                    await _set_or(changed, POLL_S)
                    changed.clear()


def _is_known(told: OutboxEntry, entry: OutboxEntry) -> bool:
    """Tell whether it says nothing new, or the store has yet to note what was told already."""
    if told.state in ARRIVED and entry.state not in ARRIVED | SETTLED:
        return True
    return replace(entry, arrived_at=told.arrived_at) == told


async def _set_or(event: asyncio.Event, timeout_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
