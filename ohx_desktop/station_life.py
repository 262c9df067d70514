"""What happens behind the staff window, from its first frame to its last.

Import and open the services, let the window draw the states of the desk and the desk follow the
signals of the window, until a person leaves; then finish what was begun.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING
from uuid import UUID

from ohx_desktop.app.keys import AskKey
from ohx_desktop.domain.errors import ExitCode, OhxError, StoreDamaged, StoreKeyWrong
from ohx_desktop.station_unlock import LeftLocked, StationUnlock
from ohx_desktop.ui.bridge import Bridge, Frames
from ohx_desktop.ui.shell import dress
from ohx_desktop.ui.theme.tokens import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from ohx_desktop.app import Workstation
    from ohx_desktop.desk.enrolling_states import EnrolState
    from ohx_desktop.desk.states import DeskState, PasskeyQuestion
    from ohx_desktop.desk.take_reading import TakeReading
    from ohx_desktop.settings.model import Settings
    from ohx_desktop.station_queue import StationQueue
    from ohx_desktop.ui.staff.window import StaffWindow
    from ohx_desktop.ui.tray.tray_place import TrayPlace

# What the shell gives for a program that ended by a bug of ours.
_BUG = 1

OpenServices = Callable[[Callable[[], None], AskKey], AbstractAsyncContextManager["Workstation"]]
"""Opens the services. The first argument is to be called at every change of the queue; the second
has a person open the queue's key, where it is sealed with a PIN."""

Companion = Callable[["StaffWindow", "TakeReading"], Awaitable[int]]
"""Something that works the window beside the person: the demo. Its result is the exit code."""

Salvage = Callable[[], Sequence[str]]
"""Saves what is whole of a damaged queue and tells of it. Blocking. Raises OhxError."""


class StationLife:
    """One run of the station."""

    def __init__(self, application: "QApplication", window: "StaffWindow") -> None:
        self._application = application
        self._window = window
        self._leaving = asyncio.Event()
        self._exit_code = int(ExitCode.DONE)

    async def live(
        self,
        open_services: OpenServices,
        companion: Companion | None,
        salvage: Salvage | None = None,
    ) -> int:
        """Work until a person leaves; return the exit code. Called once."""
        window = self._window
        window.close_requested.connect(self._leaving.set)
        try:
            async with AsyncExitStack() as stack:
                # First in, last out: tasks still running when the services close would use them.
                await self._work(stack, open_services, companion)
        except OhxError as error:
            await self._end(error, salvage)
        except LeftLocked:
            window.show_closing()
        window.leave()
        return self._exit_code

    async def _end(self, error: OhxError, salvage: Salvage | None) -> None:
        """Tell why it cannot go on, and save what is whole where a person wants that."""
        window = self._window
        _log(error)
        self._exit_code = int(error.exit_code)
        can_salvage = isinstance(error, StoreDamaged) and not isinstance(error, StoreKeyWrong)
        window.show_fatal(error, offer_salvage=can_salvage and salvage is not None)
        wanted = asyncio.Event()
        window.salvage_requested.connect(wanted.set)
        if salvage is None or not await _first(wanted, self._leaving):
            return
        window.show_salvaging()
        try:
            window.show_salvaged(await asyncio.to_thread(salvage))
        except OhxError as failure:
            _log(failure)
            window.show_fatal(failure)
        await self._leaving.wait()

    async def _work(
        self, stack: AsyncExitStack, open_services: OpenServices, companion: Companion | None
    ) -> None:
        from ohx_desktop.ops.logging import report_bugs_of

        await asyncio.to_thread(_import_the_rest)
        report_bugs_of(asyncio.get_running_loop())
        from ohx_desktop.desk.take_reading import TakeReading
        from ohx_desktop.station_queue import StationQueue
        from ohx_desktop.station_sign_in import StationSignIn
        from ohx_desktop.ui.tray.tray_place import TrayPlace

        window = self._window
        queue_changed = asyncio.Event()
        unlock = StationUnlock(window, self._leaving, dress=self._dress, on_failure=_log)
        workstation = await stack.enter_async_context(open_services(queue_changed.set, unlock.ask))
        bridge = await stack.enter_async_context(Bridge(_log))
        self._dress(workstation.settings)
        window.set_scan_format(workstation.settings.scan.format)
        place = TrayPlace(window)
        frames: Frames[DeskState] = Frames(place.show_state)
        stack.callback(frames.cancel)

        def tell(state: "DeskState") -> None:
            _end_old_question(state, workstation)
            window.holds_only_copy = desk.holds_only_copy
            frames.offer(state)
            queue_changed.set()  # what is in hand does not wait in the tray

        desk = TakeReading(
            patients=workstation.patients,
            capture=workstation.capture,
            filing=workstation.filing,
            on_state=tell,
            on_failure=_log,
            note=workstation.note,
        )
        stack.push_async_callback(desk.close)
        self._connect(desk, bridge)
        self._open_tray(place, workstation, desk, bridge)
        leave_devices = self._open_devices(stack, place, workstation, desk, bridge)
        leave_admin = self._open_admin(stack, place, workstation, desk, bridge)
        queue = StationQueue(window, place, workstation, desk, bridge=bridge, on_failure=_log)
        leave_queue = queue.open(stack)

        def leave_pages() -> None:
            leave_devices()
            leave_admin()
            leave_queue()

        StationSignIn(window, place, workstation, desk, bridge=bridge, on_hidden=leave_pages).open()
        bridge.start(self._show_queue(workstation, desk, queue, queue_changed), name="footer")
        queue_changed.set()
        if not window.is_covered:
            window.show_state(desk.state)
        if companion is not None:
            bridge.start(self._accompany(companion, desk), name="companion")
        await self._leaving.wait()
        window.show_closing()

    def _connect(self, desk: "TakeReading", bridge: Bridge) -> None:
        window = self._window
        window.search_requested.connect(bridge.slot(desk.find))
        window.patient_chosen.connect(bridge.slot(desk.choose))
        window.context_chosen.connect(desk.choose_context)
        window.scan_refused.connect(_log)

        def confirm() -> None:
            # What is shown is asked now, not when the task begins.
            shown = window.shown_reading
            if shown is not None:
                bridge.start(desk.confirm(shown.id), name="confirm")

        window.confirmed.connect(confirm)
        window.listen_again_requested.connect(bridge.slot(desk.listen_again))
        window.measure_again_requested.connect(bridge.slot(desk.measure_again))
        window.display_check_changed.connect(desk.check_display)
        for left in (
            window.patient_left,
            window.wrong_patient_reported,
            window.next_patient_requested,
        ):
            left.connect(bridge.slot(desk.leave_patient))

    def _open_tray(
        self,
        place: "TrayPlace",
        workstation: "Workstation",
        desk: "TakeReading",
        bridge: Bridge,
    ) -> None:
        """Join the tray's page with its service."""
        from ohx_desktop.desk.states import Waiting
        from ohx_desktop.domain.clock import system_now

        tray = workstation.tray

        async def show() -> None:
            items = await tray.items()
            # Whoever is in view now, after the wait.
            patient = desk.state.patient if isinstance(desk.state, Waiting) else None
            seen_to = desk.in_hand
            waiting = [item for item in items if item.id not in seen_to]
            place.show_items(waiting, patient, system_now())

        async def do(work: Awaitable[object], *, saved: bool) -> None:
            try:
                await work
                await show()
            except OhxError as error:
                _log(error)
                place.show_failure(error)
            else:
                if saved:
                    place.show_saved()

        def assign(record_id: UUID, patient: str) -> None:
            bridge.start(do(tray.assign(record_id, patient=patient), saved=True), name="assign")

        def discard(record_id: UUID, reason: str) -> None:
            bridge.start(do(tray.discard(record_id, reason=reason), saved=False), name="discard")

        place.asked_for.connect(bridge.slot(show))
        place.page.assigned.connect(assign)
        place.page.discarded.connect(discard)

    def _open_devices(
        self,
        stack: AsyncExitStack,
        place: "TrayPlace",
        workstation: "Workstation",
        desk: "TakeReading",
        bridge: Bridge,
    ) -> Callable[[], None]:
        """Join the devices page with its service, reached only while no patient is in view.

        Returns what leaves it.
        """
        from ohx_desktop.desk.enrolling import DeviceDesk
        from ohx_desktop.desk.states import FindPatient

        window, passkeys = self._window, workstation.passkeys
        frames: Frames[EnrolState] = Frames(window.show_devices)
        stack.callback(frames.cancel)
        devices = DeviceDesk(workstation.devices, passkeys, on_state=frames.offer, on_failure=_log)
        stack.push_async_callback(devices.close)

        async def enter() -> None:
            if isinstance(desk.state, FindPatient):
                # Whoever was found, or whatever waits in the tray, is no longer in view.
                place.leave()
                await desk.leave_patient()
                await devices.show_list()

        async def leave() -> None:
            await devices.close()
            frames.cancel()
            window.leave_devices()

        def ask(question: "PasskeyQuestion | None") -> None:
            devices.show_question(question)
            window.show_passkey(question)

        passkeys.on_question = ask
        window.devices_requested.connect(bridge.slot(enter))
        window.passkey_typed.connect(passkeys.answer)
        window.passkey_declined.connect(passkeys.give_up)
        pages = window.devices
        pages.left.connect(bridge.slot(leave))
        pages.list_requested.connect(bridge.slot(devices.show_list))
        pages.search_requested.connect(bridge.slot(devices.search))
        pages.device_chosen.connect(bridge.slot(devices.choose))
        pages.enrolment_requested.connect(bridge.slot(devices.enrol))
        pages.forget_requested.connect(bridge.slot(devices.forget))
        pages.passkey_typed.connect(passkeys.answer)
        pages.passkey_declined.connect(passkeys.give_up)
        return bridge.slot(leave)

    def _open_admin(
        self,
        stack: AsyncExitStack,
        place: "TrayPlace",
        workstation: "Workstation",
        desk: "TakeReading",
        bridge: Bridge,
    ) -> Callable[[], None]:
        """Join the administrator's pages with their services; return what leaves them."""
        from ohx_desktop.desk.states import FindPatient
        from ohx_desktop.ui.admin.admin_place import AdminPlace

        async def clear_desk() -> bool:
            if not isinstance(desk.state, FindPatient):
                return False
            # Whoever was found, or whatever waits in the tray, is no longer in view.
            place.leave()
            await desk.leave_patient()
            return True

        admin = AdminPlace(
            self._window,
            mapping=workstation.mapping,
            open_check=workstation.open_ehr_check,
            problems=lambda: workstation.setup_problems,
            clear_desk=clear_desk,
            on_failure=_log,
        )
        stack.push_async_callback(admin.close)
        admin.connect(bridge)
        return bridge.slot(admin.leave)

    def _dress(self, settings: "Settings") -> None:
        if settings.window.theme != "system":
            dress(self._application, Theme(settings.window.theme))

    async def _show_queue(
        self,
        workstation: "Workstation",
        desk: "TakeReading",
        queue: "StationQueue",
        changed: asyncio.Event,
    ) -> None:
        from ohx_desktop.desk.states import QueueSummary

        outbox = workstation.outbox
        while True:
            await changed.wait()
            changed.clear()
            summary = await outbox.summary()
            tray = await workstation.tray.summary(in_hand=desk.in_hand)
            problem = outbox.problem
            self._window.show_queue(
                QueueSummary(
                    waiting=summary.waiting,
                    needs_attention=summary.needs_attention,
                    last_error=str(problem) if problem else summary.last_error,
                    unassigned=tray.waiting,
                    overdue=tray.overdue,
                    differing=workstation.nightly.differing if workstation.nightly else 0,
                )
            )
            await queue.refresh()

    async def _accompany(self, companion: Companion, desk: "TakeReading") -> None:
        self._exit_code = _BUG
        try:
            self._exit_code = await companion(self._window, desk)
        finally:
            self._leaving.set()


async def _first(one: asyncio.Event, other: asyncio.Event) -> bool:
    """Wait for either; tell whether the first of the two came."""
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return one.is_set()


def _end_old_question(state: "DeskState", workstation: "Workstation") -> None:
    """Ask for no number any more once the device is not being paired."""
    from ohx_desktop.ble.events import LinkState
    from ohx_desktop.desk.states import Waiting

    if not (isinstance(state, Waiting) and state.link is LinkState.PAIRING):
        workstation.passkeys.give_up()


def _import_the_rest() -> None:
    """Import what the first frame did not wait for: the services, and the pages of the desk."""
    from ohx_desktop.app import import_services

    import_services()
    import_module("ohx_desktop.ui.staff.desk_pages")
    import_module("ohx_desktop.ui.devices.device_pages")
    import_module("ohx_desktop.ui.admin.admin_place")
    import_module("ohx_desktop.ui.admin.admin_pages")
    import_module("ohx_desktop.ui.tray.tray_place")
    import_module("ohx_desktop.ui.queue.queue_pages")


def _log(error: BaseException) -> None:
    from ohx_desktop.ops.logging import log_problem

    log_problem(error)
