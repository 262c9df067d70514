"""Looking through the queue: its entries in pages, and one of them with what can be done.

The reading itself is shown only when a person asks for it, and not for long.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

from ohx_desktop.audit.events import Event
from ohx_desktop.desk.auditing import Note, note_nothing
from ohx_desktop.desk.filing import SignedIn
from ohx_desktop.desk.queue_states import STATES, Act, Group, OneEntry, QueueList, Seen, acts_of
from ohx_desktop.domain.errors import OhxError, UsageError
from ohx_desktop.domain.patient import Patient
from ohx_desktop.outbox.records import HeldReading, Listed, OutboxSummary
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.review.submission_json import decode_submission

PAGE = 50
# As long as a person compares values; whoever walks by later sees nothing.
SEEN_S = 60.0
# Whose reading it is matters less than what it says: a slow EHR does not keep that back.
NAME_S = 10.0


class Listing(Protocol):
    """The entries, looked at. Methods raise StoreError."""

    async def page(
        self, states: Collection[EntryState], *, after: UUID | None, limit: int
    ) -> list[Listed]:
        """Return at most `limit` entries in these states, the newest first, behind `after`."""
        ...

    async def listed(self, entry_id: UUID) -> Listed:
        """Return one entry. Raises UsageError when there is none of this id."""
        ...


class Queue(Protocol):
    """The queue, worked by a person. Methods raise StoreError, UsageError."""

    async def retry(self, entry_id: UUID, *, by: str | None = None) -> OutboxEntry:
        """Have an entry sent again now."""
        ...

    async def discard(self, entry_id: UUID, reason: str, *, by: str | None = None) -> OutboxEntry:
        """Erase a reading that shall not be sent."""
        ...

    async def held(self, entry_id: UUID) -> HeldReading | None:
        """Return the reading of an entry while it is held here."""
        ...

    async def summary(self) -> OutboxSummary:
        """Return how much waits for the EHR, and how much for a person."""
        ...

    async def wait_for(
        self, entry_id: UUID, states: Collection[EntryState], deadline_s: float
    ) -> OutboxEntry:
        """Return the entry once it is in one of the states, or as it is at the deadline."""
        ...

    def progress(self, entry_id: UUID) -> AsyncGenerator[OutboxEntry]:
        """Yield the entry now and on each change until its way has ended."""
        ...


class PatientReader(Protocol):
    """Tells whose a reference is."""

    async def patient(self, reference: str) -> Patient:
        """Return the patient of a reference. Raises the RemoteError family, ConfigurationError."""
        ...


Sleep = Callable[[float], Coroutine[Any, Any, None]]


class QueueDesk:
    """The conversation of list and entry. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop, while the page is open; `state` is
    None before it is opened and once it was left. `signed_in` tells who acts, `note` the audit who
    looked at a reading. `close` must be awaited at the end.
    """

    def __init__(
        self,
        *,
        listing: Listing,
        queue: Queue,
        patients: PatientReader,
        signed_in: SignedIn,
        on_state: Callable[[QueueList | OneEntry], None],
        note: Note = note_nothing,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._listing = listing
        self._queue = queue
        self._patients = patients
        self._signed_in = signed_in
        self._on_state = on_state
        self._note = note
        self._sleep = sleep
        self._hiding: asyncio.Task[None] | None = None
        self._group: Group | None = None
        self._room = PAGE
        self._look = 0
        self.state: QueueList | OneEntry | None = None

    # ── the list ─────────────────────────────────────────────────────────────────────────────

    async def show_list(self, group: Group | None = None) -> None:
        """Show the entries of a group, or all of them."""
        self._forget_reading()
        self._group, self._room = group, PAGE
        self._show(QueueList(group=group))
        await self._list(())

    async def show_again(self) -> None:
        """Show the entries that were listed last."""
        await self.show_list(self._group)

    async def show_more(self) -> None:
        """Show the next page below what is shown."""
        if isinstance(self.state, QueueList) and self.state.has_more:
            self._room += PAGE
            await self._list(self.state.entries or ())

    async def refresh(self) -> None:
        """Look again: something in the queue has changed."""
        if isinstance(self.state, QueueList):
            await self._list(())
        elif isinstance(self.state, OneEntry) and not self.state.busy:
            await self._reload(self.state.listed.entry.id)

    def leave(self) -> None:
        """Show and keep nothing more; what was begun ends by itself."""
        self._begin_look()
        self._forget_reading()
        self.state = None

    async def close(self) -> None:
        """End whatever runs."""
        hiding = self._hiding
        self.leave()
        if hiding is not None:
            with suppress(asyncio.CancelledError):
                await hiding

    # ── one entry ────────────────────────────────────────────────────────────────────────────

    async def choose(self, entry_id: UUID) -> None:
        """Show one entry of the list."""
        if isinstance(self.state, QueueList):
            await self.open(entry_id)

    async def open(self, entry_id: UUID) -> None:
        """Show one entry, wherever the person comes from."""
        self._forget_reading()
        look = self._begin_look()
        try:
            listed = await self._listing.listed(entry_id)
        except OhxError as error:
            if look == self._look:
                self._show(QueueList(entries=(), error=error))
            return
        if look == self._look:
            self._show(OneEntry(listed=listed))

    async def retry(self) -> None:
        """Have the entry sent again now."""
        asked = self.state
        if not self._may(asked, Act.RETRY) or not isinstance(asked, OneEntry):
            return
        self._show(replace(asked, busy=True, error=None, retried=False))
        error: OhxError | None = None
        try:
            await self._queue.retry(asked.listed.entry.id, by=self._signed_in())
        except OhxError as raised:
            error = raised
        await self._reload(asked.listed.entry.id, error=error, retried=error is None, busy=False)

    async def look(self) -> None:
        """Show the reading itself for a while, and whose it is where the EHR tells."""
        asked = self.state
        if not self._may(asked, Act.LOOK) or not isinstance(asked, OneEntry):
            return
        try:
            held = await self._queue.held(asked.listed.entry.id)
            if held is None or not held.submission:
                raise UsageError(
                    "the values are not here to be shown",
                    meaning="the reading itself is unchanged",
                    hint="look at it in the EHR",
                )
        except OhxError as error:
            self._show_if(asked, replace(asked, error=error))
            return
        if self.state is not asked:
            return
        self._note(Event.READING_VIEWED, patient=held.patient)
        seen = Seen(reading=decode_submission(held.submission).reading)
        self._show(replace(asked, seen=seen, error=None))
        self._hiding = asyncio.create_task(self._hide_later(), name="hide a reading")
        await self._name(seen, held.patient)

    def hide(self) -> None:
        """Show the reading no more."""
        self._forget_reading()
        if isinstance(self.state, OneEntry) and self.state.seen is not None:
            self._show(replace(self.state, seen=None))

    # ── private ──────────────────────────────────────────────────────────────────────────────

    async def _list(self, above: Sequence[Listed]) -> None:
        """Fill the room of the list, below what is shown already."""
        look, state = self._begin_look(), self.state
        if not isinstance(state, QueueList):
            return
        try:
            found = [*above, *await self._page(state.group, above, self._room + 1 - len(above))]
            summary = await self._queue.summary()
        except OhxError as error:
            if look == self._look:
                self._show(replace(state, error=error))
            return
        if look == self._look:
            self._show(
                QueueList(
                    group=state.group,
                    entries=tuple(found[: self._room]),
                    has_more=len(found) > self._room,
                    waiting=summary.waiting,
                    needs_attention=summary.needs_attention,
                )
            )

    async def _page(self, group: Group | None, above: Sequence[Listed], limit: int) -> list[Listed]:
        """Return the next entries, group by group, behind the last one of those above."""
        last = above[-1].entry if above else None
        groups = list(Group) if group is None else [group]
        if last is not None:
            groups = groups[
                next(i for i, each in enumerate(groups) if last.state in STATES[each]) :
            ]
        found: list[Listed] = []
        after = None if last is None else last.id
        for each in groups:
            if len(found) < limit:
                found += await self._listing.page(
                    STATES[each], after=after, limit=limit - len(found)
                )
            after = None
        return found

    async def _reload(self, entry_id: UUID, **news: Any) -> None:
        try:
            listed = await self._listing.listed(entry_id)
        except OhxError as error:
            news["error"] = error
            listed = None
        state = self.state
        if isinstance(state, OneEntry) and state.listed.entry.id == entry_id:
            if listed is not None and not listed.is_held and state.seen is not None:
                # It was erased meanwhile: nothing of it stays on the screen either.
                self._forget_reading()
                news["seen"] = None
            shown = replace(state, listed=listed or state.listed, **news)
            if shown != state:
                self._show(shown)

    async def _name(self, seen: Seen, reference: str) -> None:
        """Tell whose a shown reading is, where the EHR tells that in time."""
        try:
            async with asyncio.timeout(NAME_S):
                patient = await self._patients.patient(reference)
        except (OhxError, TimeoutError):
            return
        state = self.state
        # Another reading that is looked at meanwhile gets nobody's name from this one.
        if isinstance(state, OneEntry) and state.seen is seen:
            self._show(replace(state, seen=replace(seen, patient=patient)))

    async def _hide_later(self) -> None:
        await self._sleep(SEEN_S)
        self._hiding = None
        self.hide()

    def _forget_reading(self) -> None:
        if self._hiding is not None:
            self._hiding.cancel()
            self._hiding = None

    def _may(self, state: QueueList | OneEntry | None, act: Act) -> bool:
        return isinstance(state, OneEntry) and not state.busy and act in acts_of(state.listed)

    def _begin_look(self) -> int:
        self._look += 1
        return self._look

    def _show_if(self, asked: OneEntry, state: OneEntry) -> None:
        if self.state is asked:
            self._show(state)

    def _show(self, state: QueueList | OneEntry) -> None:
        self.state = state
        self._on_state(state)
