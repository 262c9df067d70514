"""Joins the queue's pages with the desks behind them, and the desk with both.

Reached from the search, where no patient is in view; and from a reading that was just filed, whose
patient is left for it, while the person still has before them what they say was wrong.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from uuid import UUID

from ohx_desktop.desk.queue_states import Act, Comparing, OneEntry, QueueState, Seen
from ohx_desktop.desk.states import Filed, FindPatient
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.ui.bridge import Frames

if TYPE_CHECKING:
    from ohx_desktop.app import Workstation
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.ui.bridge import Bridge
    from ohx_desktop.ui.staff.window import StaffWindow
    from ohx_desktop.ui.tray.tray_place import TrayPlace


class StationQueue:
    """The queue's pages of a running station. `refresh` is to be called when the queue changes."""

    def __init__(
        self,
        window: "StaffWindow",
        place: "TrayPlace",
        workstation: "Workstation",
        desk: "TakeReading",
        *,
        bridge: "Bridge",
        on_failure: Callable[[BaseException], None],
    ) -> None:
        from ohx_desktop.desk.queue_comparing import CompareDesk
        from ohx_desktop.desk.queue_desk import QueueDesk
        from ohx_desktop.desk.queue_mending import MendingDesk

        self._window = window
        self._place = place
        self._desk = desk
        self._bridge = bridge
        self._on_failure = on_failure
        self._frames: Frames[QueueState] = Frames(window.show_queue_page)
        self._entries = QueueDesk(
            listing=workstation.listing,
            queue=workstation.outbox,
            patients=workstation.patients,
            signed_in=workstation.staff.who,
            on_state=self._frames.offer,
            note=workstation.note,
        )
        self._mending = MendingDesk(
            listing=workstation.listing,
            queue=workstation.outbox,
            corrector=workstation.correcting,
            patients=workstation.patients,
            signed_in=workstation.staff.who,
            on_state=self._frames.offer,
            on_failure=on_failure,
            note=workstation.note,
        )
        nightly = workstation.nightly
        self._comparing = CompareDesk(
            workstation.reconciler,
            on_state=self._show_comparing,
            on_failure=on_failure,
            on_result=None if nightly is None else nightly.note,
        )
        self._compares = False
        self._is_furnished = False

    def open(self, stack: AsyncExitStack) -> Callable[[], None]:
        """Follow the signals of the window; return what leaves the pages."""
        for part in (self._entries, self._mending, self._comparing):
            stack.push_async_callback(part.close)
        stack.callback(self._frames.cancel)
        slot = self._bridge.slot
        self._window.queue_requested.connect(slot(self._enter))
        self._window.wrong_reading_reported.connect(slot(self._enter_with_filed))
        return slot(self.leave)

    async def refresh(self) -> None:
        """Look at the queue again, if that is what a person sees."""
        if not self._compares:
            await self._entries.refresh()

    async def leave(self) -> None:
        """Go back to the desk; a decision that is being carried out goes on."""
        if self._is_furnished:
            self._forget()
            self._window.leave_queue()
            await self._comparing.close()

    # ── private ──────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        """Follow the signals of the pages; they are built when the first person asks for them."""
        if self._is_furnished:
            return
        self._is_furnished = True
        slot, pages = self._bridge.slot, self._window.queue
        entries, mending = self._entries, self._mending
        pages.left.connect(slot(self.leave))
        pages.step_back_requested.connect(slot(self._step_back))
        pages.entries.group_chosen.connect(slot(entries.show_list))
        pages.entries.entry_chosen.connect(slot(entries.choose))
        pages.entries.more_requested.connect(slot(entries.show_more))
        pages.entries.compare_requested.connect(self._show_comparison)
        pages.entry.retry_requested.connect(slot(entries.retry))
        pages.entry.look_requested.connect(slot(entries.look))
        pages.entry.hide_requested.connect(entries.hide)
        pages.entry.correct_requested.connect(slot(self._correct))
        pages.entry.discard_requested.connect(slot(self._discard))
        pages.why.reason_given.connect(mending.give_reason)
        pages.right.search_requested.connect(slot(mending.find))
        pages.right.patient_chosen.connect(mending.choose)
        pages.right.unknown_reported.connect(mending.take_back_only)
        for page in (pages.why, pages.right):
            page.accepted.connect(slot(mending.accept))
            page.cancel_requested.connect(slot(mending.cancel))
        pages.mended.queue_requested.connect(slot(self._to_list))
        pages.compare.run_requested.connect(slot(self._comparing.start))
        pages.compare.cancel_requested.connect(slot(self._comparing.cancel))

    async def _enter(self) -> None:
        if isinstance(self._desk.state, FindPatient):
            await self._clear_desk()
            await self._entries.show_list()

    async def _enter_with_filed(self) -> None:
        """Put right what was filed a moment ago; its patient is left, the reading stays in view."""
        filed, desk = self._desk.state, self._desk
        if not isinstance(filed, Filed):
            return
        if desk.holds_only_copy:
            from ohx_desktop.ui.models.filed import first_the_only_copy

            self._window.filed.tell(first_the_only_copy())
            return
        await self._clear_desk()
        seen = Seen(reading=filed.reading, patient=filed.patient)
        await self._begin(filed.entry.id, Act.CORRECT, seen)

    async def _clear_desk(self) -> None:
        self._connect()
        self._place.leave()
        await self._desk.leave_patient()

    async def _correct(self) -> None:
        await self._begin_with_entry(Act.CORRECT)

    async def _discard(self) -> None:
        await self._begin_with_entry(Act.DISCARD)

    async def _begin_with_entry(self, act: Act) -> None:
        entry = self._entries.state
        if isinstance(entry, OneEntry) and not entry.busy:
            await self._begin(entry.listed.entry.id, act, entry.seen)

    async def _begin(self, entry_id: UUID, act: Act, seen: Seen | None) -> None:
        self._entries.leave()
        try:
            await self._mending.begin(entry_id, act, seen)
        except OhxError as error:
            self._on_failure(error)
        if self._mending.state is None:
            # It has changed meanwhile: the entry says how.
            await self._entries.open(entry_id)

    async def _step_back(self) -> None:
        if self._compares:
            self._compares = False
            await self._to_list()
            await self._comparing.close()
        elif self._mending.state is not None:
            if not self._mending.step_back():
                entry_id = self._mending.state.listed.entry.id
                self._mending.leave()
                await self._entries.open(entry_id)
        else:
            await self._to_list()

    async def _to_list(self) -> None:
        self._mending.leave()
        await self._entries.show_again()

    def _show_comparison(self) -> None:
        self._entries.leave()
        self._compares = True
        self._comparing.show()

    def _show_comparing(self, state: Comparing) -> None:
        if self._compares:
            self._frames.offer(state)

    def _forget(self) -> None:
        self._compares = False
        self._entries.leave()
        self._mending.leave()
        self._frames.cancel()
