"""The staff window: the frame that is there from the first moment, and the desk's pages in it.

The first frame is a notice that says "Starting". The pages are imported and built when the desk
first has something to show: they take longer than everything before them together.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMainWindow, QStackedWidget

from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.ui import texts
from ohx_desktop.ui.staff.notice_page import NoticePage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QCloseEvent

    from ohx_desktop.desk.admin_states import AdminState
    from ohx_desktop.desk.enrolling_states import EnrolState
    from ohx_desktop.desk.queue_states import QueueState
    from ohx_desktop.desk.staff_states import StaffState
    from ohx_desktop.desk.states import DeskState, PasskeyQuestion, QueueSummary
    from ohx_desktop.desk.unlock_states import AskingKeyPin
    from ohx_desktop.domain.errors import OhxError
    from ohx_desktop.domain.reading import Reading
    from ohx_desktop.domain.scan_format import ScanFormat, ScanRefused
    from ohx_desktop.ui.admin.admin_pages import AdminPages
    from ohx_desktop.ui.devices.device_pages import DevicePages
    from ohx_desktop.ui.queue.queue_pages import QueuePages
    from ohx_desktop.ui.sign_in.sign_in_pages import SignInPages
    from ohx_desktop.ui.staff.context_bar import ContextBar
    from ohx_desktop.ui.staff.desk_pages import DeskPages
    from ohx_desktop.ui.staff.filed_page import FiledPage
    from ohx_desktop.ui.staff.find_patient_page import FindPatientPage
    from ohx_desktop.ui.staff.reviewing_page import ReviewingPage
    from ohx_desktop.ui.staff.waiting_page import WaitingPage
    from ohx_desktop.ui.unlock.unlock_page import UnlockPage
    from ohx_desktop.ui.widgets.focus_ring import FocusRing
    from ohx_desktop.ui.widgets.footer import Footer
    from ohx_desktop.ui.widgets.patient_banner import PatientBanner
    from ohx_desktop.ui.widgets.scan_filter import ScanFilter

# The least window that holds every page; screens of 1024x768 have room for it and a task bar.
_LEAST = (960, 680)
_FIRST = (1280, 800)


class StaffWindow(QMainWindow):
    """The desk, and starting, closing and cannot-start around it.

    Banner, pages, footer and focus ring are there once anything of the desk was shown.
    """

    search_requested = Signal(object)
    patient_chosen = Signal(object, bool)
    context_chosen = Signal(object)
    scan_refused = Signal(object)
    patient_left = Signal()
    confirmed = Signal()
    display_check_changed = Signal(bool)
    listen_again_requested = Signal()
    measure_again_requested = Signal()
    wrong_patient_reported = Signal()
    next_patient_requested = Signal()
    close_requested = Signal()
    salvage_requested = Signal()
    devices_requested = Signal()
    admin_requested = Signal()
    queue_requested = Signal()
    wrong_reading_reported = Signal()
    lock_requested = Signal()
    sign_out_requested = Signal()
    activity_noticed = Signal()
    passkey_typed = Signal(str)
    passkey_declined = Signal()

    banner: "PatientBanner"
    pages: QStackedWidget
    find_patient: "FindPatientPage"
    waiting: "WaitingPage"
    reviewing: "ReviewingPage"
    filed: "FiledPage"
    footer: "Footer"
    focus_ring: "FocusRing"
    context: "ContextBar"
    scans: "ScanFilter"

    def __init__(self, now: Now = system_now) -> None:
        super().__init__()
        self._now = now
        self._desk: DeskPages | None = None
        self._devices: DevicePages | None = None
        self._admin: AdminPages | None = None
        self._queue: QueuePages | None = None
        self._sign_in: SignInPages | None = None
        self._unlock: UnlockPage | None = None
        self._is_ending = False
        # True where the desk has a reading that is nowhere else.
        self.holds_only_copy = False
        self._may_close = False
        self.setWindowTitle(texts.APPLICATION)
        self.setMinimumSize(*_LEAST)
        self.resize(*_FIRST)
        self.notice = NoticePage()
        self.notice.show_words(*texts.STARTING)
        self.notice.close_requested.connect(self.close_requested)
        self.notice.salvage_requested.connect(self.salvage_requested)
        self._room = QStackedWidget()
        self._room.addWidget(self.notice)
        self.setCentralWidget(self._room)

    @property
    def shown_reading(self) -> "Reading | None":
        """The reading a person sees and can confirm now."""
        return self._desk.shown_reading if self._desk is not None else None

    @property
    def is_covered(self) -> bool:
        """True while somebody must sign in before anything of the desk is shown."""
        return self._sign_in is not None and self._room.currentWidget() is self._sign_in

    # ── who works here ───────────────────────────────────────────────────────────────────────

    def show_staff(self, state: "StaffState") -> None:
        """Draw who works here, or cover everything else until somebody has signed in.

        What was covered is not drawn again by this: the desk shows its state anew.
        """
        from ohx_desktop.desk.staff_states import SignedIn, is_asking, present

        desk = self._furnished()
        person = present(state)
        name = None if person is None else person.name
        desk.show_signed_in(name, may_sign_out=isinstance(state, SignedIn))
        if self._is_ending:
            return
        if is_asking(state):
            if not self.is_covered:
                self._forget_desk()
            self._room.setCurrentWidget(self.sign_in)
            self.sign_in.show_state(state)
        elif self.is_covered:
            self.sign_in.forget()
            self._room.setCurrentWidget(desk)

    @property
    def sign_in(self) -> "SignInPages":
        """The pages of signing in, built when they are first asked for."""
        if self._sign_in is None:
            from PySide6.QtGui import QKeySequence, QShortcut

            from ohx_desktop.ui.sign_in.sign_in_pages import SignInPages
            from ohx_desktop.ui.widgets.activity import ActivityWatch

            self._furnished()
            self._sign_in = SignInPages()
            self._room.addWidget(self._sign_in)
            ActivityWatch(self).noticed.connect(self.activity_noticed)
            for keys, act in (
                ("Ctrl+L", self.lock_requested.emit),
                ("Ctrl+Shift+L", self._ask_to_sign_out),
            ):
                QShortcut(QKeySequence(keys), self).activated.connect(act)
        return self._sign_in

    def _ask_to_sign_out(self) -> None:
        if self._desk is not None and self._room.currentWidget() is self._desk:
            self._desk.ask_to_sign_out()
        else:
            self.sign_out_requested.emit()

    # ── before anything else ─────────────────────────────────────────────────────────────────

    def show_unlock(self, state: "AskingKeyPin") -> None:
        """Draw that the key of the queue waits for its PIN."""
        if self._is_ending:
            return
        unlock = self.unlock
        self._room.setCurrentWidget(unlock)
        unlock.show_state(state)

    @property
    def unlock(self) -> "UnlockPage":
        """The page that asks for the PIN of the queue, built when it is first asked for."""
        if self._unlock is None:
            from ohx_desktop.ui.unlock.unlock_page import UnlockPage

            # For the focus ring, which this page needs, too.
            self._furnished()
            self._unlock = UnlockPage()
            self._room.addWidget(self._unlock)
        return self._unlock

    # ── what the desk tells ──────────────────────────────────────────────────────────────────

    def show_state(self, state: "DeskState") -> None:
        """Draw a state of the desk; whatever belongs to another patient is gone with it."""
        from ohx_desktop.desk.states import FindPatient

        if self.is_covered:
            return
        desk = self._furnished()
        self.notice.forget()
        # Nobody but a person ends the work on devices, on the queue, or the administrator's; the
        # desk has no patient meanwhile.
        is_elsewhere = self._room.currentWidget() in {self._devices, self._admin, self._queue}
        if not (is_elsewhere and isinstance(state, FindPatient)):
            self._room.setCurrentWidget(desk)
        desk.show_state(state)

    def show_passkey(self, question: "PasskeyQuestion | None") -> None:
        """Draw that the device that is being read shows a number, or that it no longer asks."""
        self._furnished().show_passkey(question)

    def show_devices(self, state: "EnrolState") -> None:
        """Draw a state of the devices page in place of the desk."""
        if self.is_covered:
            return
        devices = self.devices
        if self._room.currentWidget() is not self.notice:
            self._room.setCurrentWidget(devices)
        devices.show_state(state)

    def leave_devices(self) -> None:
        """Draw the desk again, with the focus where a patient is searched."""
        self.devices.forget()
        if self._room.currentWidget() is self._devices:
            self._room.setCurrentWidget(self._furnished())
            self.find_patient.focus_field()

    @property
    def devices(self) -> "DevicePages":
        """The devices page, built when it is first asked for."""
        if self._devices is None:
            from ohx_desktop.ui.devices.device_pages import DevicePages

            # For the focus ring, which these pages need, too.
            self._furnished()
            self._devices = DevicePages()
            self._room.addWidget(self._devices)
        return self._devices

    def show_setup(self, problems: "Sequence[OhxError]") -> None:
        """Draw what an administrator has to mend, or that there is nothing."""
        self._furnished().show_setup(problems)

    def show_admin(self, state: "AdminState") -> None:
        """Draw a state of the administrator's pages in place of the desk."""
        if self.is_covered:
            return
        admin = self.admin
        if self._room.currentWidget() is not self.notice:
            self._room.setCurrentWidget(admin)
        admin.show_state(state)

    def leave_admin(self) -> None:
        """Draw the desk again, with the focus where a patient is searched."""
        self.admin.forget()
        if self._room.currentWidget() is self._admin:
            self._room.setCurrentWidget(self._furnished())
            self.find_patient.focus_field()

    @property
    def admin(self) -> "AdminPages":
        """The administrator's pages, built when they are first asked for."""
        if self._admin is None:
            from ohx_desktop.ui.admin.admin_pages import AdminPages

            # For the focus ring, which these pages need, too.
            self._furnished()
            self._admin = AdminPages(self._now)
            self._room.addWidget(self._admin)
        return self._admin

    def show_queue_page(self, state: "QueueState") -> None:
        """Draw a state of the queue's pages in place of the desk."""
        if self.is_covered:
            return
        queue = self.queue
        if self._room.currentWidget() is not self.notice:
            self._room.setCurrentWidget(queue)
        queue.show_state(state)

    def leave_queue(self) -> None:
        """Draw the desk again, with the focus where a patient is searched."""
        self.queue.forget()
        if self._room.currentWidget() is self._queue:
            self._room.setCurrentWidget(self._furnished())
            self.find_patient.focus_field()

    @property
    def queue(self) -> "QueuePages":
        """The queue's pages, built when they are first asked for."""
        if self._queue is None:
            from ohx_desktop.ui.queue.queue_pages import QueuePages

            # For the focus ring, which these pages need, too.
            self._furnished()
            self._queue = QueuePages(self._now)
            self._room.addWidget(self._queue)
        return self._queue

    def show_queue(self, summary: "QueueSummary") -> None:
        """Draw how much waits for the EHR and for a person."""
        self._furnished().show_queue(summary)

    def set_scan_format(self, scan_format: "ScanFormat") -> None:
        """Take scans of this form only."""
        self._furnished()
        self.scans.set_format(scan_format)

    # ── what the program tells ───────────────────────────────────────────────────────────────

    def show_starting(self) -> None:
        """Draw that it starts and is alive."""
        self._show_notice()
        self.notice.show_busy(*texts.STARTING)

    def show_closing(self) -> None:
        """Draw that what was begun is being finished."""
        self._is_ending = True
        self._show_notice()
        self.notice.show_busy(*texts.CLOSING)

    def show_fatal(self, error: "OhxError", *, offer_salvage: bool = False) -> None:
        """Draw why the program cannot work: what, so what, now what."""
        from ohx_desktop.ui.models.message import message_of
        from ohx_desktop.ui.models.parts import Tone

        # For the focus ring, which the button of this notice needs, too.
        self._furnished()
        self._is_ending = True
        self._show_notice()
        self.notice.show_end(message_of(error, Tone.STOP), offer_salvage=offer_salvage)

    def show_salvaging(self) -> None:
        """Draw that what is whole of a damaged queue is being saved."""
        self.notice.show_busy(*texts.SALVAGING)

    def show_salvaged(self, told: "Sequence[str]") -> None:
        """Draw what came of it, a sentence a line; none where the queue turned out to be whole."""
        from ohx_desktop.ui.models.message import sentence
        from ohx_desktop.ui.models.parts import MessageView, Tone

        lines = [*map(sentence, told)] if told else [texts.SALVAGED_ALL]
        rest = "\n".join([*lines, texts.START_AGAIN])
        self.notice.show_end(MessageView(what=texts.SALVAGED, rest=rest, tone=Tone.ATTENTION))

    # ── leaving ──────────────────────────────────────────────────────────────────────────────

    def leave(self) -> None:
        """Close for good, without a question. A refusing window would hold the program up."""
        self._may_close = True
        self.close()

    def closeEvent(self, event: "QCloseEvent") -> None:
        """Refuse, and ask where a reading would be lost; the program closes the window by leave."""
        if self._may_close:
            event.accept()
            return
        event.ignore()
        if self.is_covered and self.holds_only_copy:
            from ohx_desktop.ui.models.staff import only_copy_behind

            self.sign_in.tell(only_copy_behind())
        elif self._desk is None:
            self.close_requested.emit()
        else:
            self._desk.ask_to_close()

    # ── private ──────────────────────────────────────────────────────────────────────────────

    def _forget_desk(self) -> None:
        for pages in (
            *(self._desk, self._devices, self._admin, self._queue),
            *(self._sign_in, self._unlock),
        ):
            if pages is not None:
                pages.forget()

    def _show_notice(self) -> None:
        self._forget_desk()
        self._room.setCurrentWidget(self.notice)

    def _furnished(self) -> "DeskPages":
        """Return the desk's pages, built now if they are not there yet."""
        if self._desk is None:
            self._desk = self._furnish()
        return self._desk

    def _furnish(self) -> "DeskPages":
        from ohx_desktop.ui.staff.desk_pages import DeskPages
        from ohx_desktop.ui.widgets.focus_ring import FocusRing
        from ohx_desktop.ui.widgets.scan_filter import ScanFilter

        desk = DeskPages(self._now)
        self.banner, self.pages, self.footer = desk.banner, desk.pages, desk.footer
        self.context = desk.context
        self.find_patient, self.waiting = desk.find_patient, desk.waiting
        self.reviewing, self.filed = desk.reviewing, desk.filed
        self._room.addWidget(desk)
        self.focus_ring = FocusRing(self)
        self.scans = ScanFilter(self)
        self.scans.scanned.connect(self._search_scan)
        self.scans.refused.connect(self._refuse_scan)
        self._pass_on(desk)
        return desk

    def _search_scan(self, scan: str, is_identifier: bool) -> None:
        desk = self._furnished()
        if self._room.currentWidget() is desk:
            desk.search_scan(scan, is_identifier)
        elif self._queue is not None and self._room.currentWidget() is self._queue:
            self._queue.search_scan(scan, is_identifier)

    def _refuse_scan(self, error: "ScanRefused") -> None:
        desk = self._furnished()
        if self._room.currentWidget() is desk:
            desk.refuse_scan(error)
        elif self._queue is not None and self._room.currentWidget() is self._queue:
            self._queue.refuse_scan(error)
        self.scan_refused.emit(error)

    def _pass_on(self, desk: "DeskPages") -> None:
        desk.search_requested.connect(self.search_requested)
        desk.patient_chosen.connect(self.patient_chosen)
        desk.context_chosen.connect(self.context_chosen)
        desk.patient_left.connect(self.patient_left)
        desk.confirmed.connect(self.confirmed)
        desk.display_check_changed.connect(self.display_check_changed)
        desk.listen_again_requested.connect(self.listen_again_requested)
        desk.measure_again_requested.connect(self.measure_again_requested)
        desk.wrong_patient_reported.connect(self.wrong_patient_reported)
        desk.next_patient_requested.connect(self.next_patient_requested)
        desk.close_requested.connect(self.close_requested)
        desk.devices_requested.connect(self.devices_requested)
        desk.admin_requested.connect(self.admin_requested)
        desk.queue_requested.connect(self.queue_requested)
        desk.wrong_reading_reported.connect(self.wrong_reading_reported)
        desk.lock_requested.connect(self.lock_requested)
        desk.sign_out_requested.connect(self.sign_out_requested)
        desk.passkey_typed.connect(self.passkey_typed)
        desk.passkey_declined.connect(self.passkey_declined)
