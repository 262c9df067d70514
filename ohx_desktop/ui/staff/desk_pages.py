"""Banner, four pages and footer: draws the state of the desk, and signals what the person did.

It keeps no state of its own but what is on the screen. When the patient goes, every page that knew
the patient forgets before the next frame is drawn.
"""

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ohx_desktop.desk.states import (
    DeskState,
    Filed,
    FindPatient,
    PasskeyQuestion,
    QueueSummary,
    Reviewing,
    Waiting,
)
from ohx_desktop.domain.clock import Now
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.reading import Reading
from ohx_desktop.domain.scan_format import ScanRefused
from ohx_desktop.ui.devices.passkey_page import PasskeyPage
from ohx_desktop.ui.models.banner import banner_of
from ohx_desktop.ui.models.context import context_view
from ohx_desktop.ui.models.filed import filed_view
from ohx_desktop.ui.models.finding import find_view
from ohx_desktop.ui.models.footer import footer_view
from ohx_desktop.ui.models.passkey import passkey_view
from ohx_desktop.ui.models.review import (
    close_question,
    closing_when_saved,
    leave_question,
    review_view,
)
from ohx_desktop.ui.models.setup import setup_message
from ohx_desktop.ui.models.staff import sign_out_question
from ohx_desktop.ui.models.waiting import waiting_view
from ohx_desktop.ui.staff.context_bar import ContextBar
from ohx_desktop.ui.staff.filed_page import FiledPage
from ohx_desktop.ui.staff.find_patient_page import FindPatientPage
from ohx_desktop.ui.staff.page import side_margin
from ohx_desktop.ui.staff.reviewing_page import ReviewingPage
from ohx_desktop.ui.staff.waiting_page import WaitingPage
from ohx_desktop.ui.widgets.footer import Footer
from ohx_desktop.ui.widgets.patient_banner import PatientBanner


class DeskPages(QWidget):
    """One screen in four states. `close_requested` answers `ask_to_close`."""

    search_requested = Signal(object)
    patient_chosen = Signal(object, bool)
    context_chosen = Signal(object)
    patient_left = Signal()
    confirmed = Signal()
    display_check_changed = Signal(bool)
    listen_again_requested = Signal()
    measure_again_requested = Signal()
    wrong_patient_reported = Signal()
    next_patient_requested = Signal()
    close_requested = Signal()
    devices_requested = Signal()
    admin_requested = Signal()
    queue_requested = Signal()
    wrong_reading_reported = Signal()
    lock_requested = Signal()
    sign_out_requested = Signal()
    passkey_typed = Signal(str)
    passkey_declined = Signal()

    def __init__(self, now: Now) -> None:
        super().__init__()
        self._now = now
        self._state: DeskState | None = None
        self._summary = QueueSummary()
        self._signed_in: str | None = None
        self._may_sign_out = False
        self._close_when_saved = False
        self._question: PasskeyQuestion | None = None
        self.banner = PatientBanner()
        self.context = ContextBar()
        self.find_patient = FindPatientPage(self._today)
        self.waiting = WaitingPage()
        self.passkey = PasskeyPage()
        self.reviewing = ReviewingPage()
        self.filed = FiledPage()
        self.pages = QStackedWidget()
        self.footer = Footer()
        self._lay_out()
        self._connect()

    @property
    def shown_reading(self) -> Reading | None:
        """The reading a person sees and can confirm now."""
        return self._state.reading if isinstance(self._state, Reviewing) else None

    # ── what the desk tells ──────────────────────────────────────────────────────────────────

    def show_state(self, state: DeskState) -> None:
        """Draw a state of the desk; whatever belongs to another patient is gone with it."""
        before, self._state = self._state, state
        same_page = type(before) is type(state)
        if _patient_of(before) != _patient_of(state):
            self._forget_other_pages(None)
        self._forget_other_pages(state)
        self._show_patient(state)
        self._show_context(state)
        self.footer.counts.set_open(may_open=isinstance(state, FindPatient))
        match state:
            case FindPatient():
                self.pages.setCurrentWidget(self.find_patient)
                if not same_page:
                    self.find_patient.focus_field()
                self.find_patient.show_view(find_view(state, self._today()))
            case Waiting():
                self._show_waiting(state, take_focus=not same_page)
            case Reviewing():
                self.pages.setCurrentWidget(self.reviewing)
                self.reviewing.show_view(review_view(state, self._now()))
            case Filed():
                self.pages.setCurrentWidget(self.filed)
                self.filed.show_view(filed_view(state))
                if not same_page:
                    self.filed.take_focus()
        self._close_if_saved(state)

    def show_passkey(self, question: PasskeyQuestion | None) -> None:
        """Draw that the device shows a number, or that it no longer asks for it."""
        was_asking, self._question = self._question is not None, question
        if isinstance(self._state, Waiting):
            self._show_waiting(self._state, take_focus=was_asking and question is None)

    def show_queue(self, summary: QueueSummary) -> None:
        """Draw how much waits for the EHR and for a person."""
        self._summary = summary
        self._show_footer()

    def show_setup(self, problems: Sequence[OhxError]) -> None:
        """Draw what an administrator has to mend, where the search begins."""
        self.find_patient.setup.show_message(setup_message(problems))

    def show_signed_in(self, name: str | None, *, may_sign_out: bool = False) -> None:
        """Draw who is signed in."""
        self._signed_in, self._may_sign_out = name, may_sign_out
        self._show_footer()

    def forget(self) -> None:
        """Show nothing of the desk and keep nothing of a patient."""
        self._state = None
        self._forget_other_pages(None)
        self.banner.forget()
        self.context.forget()

    # ── what the person does ─────────────────────────────────────────────────────────────────

    def ask_to_close(self) -> None:
        """Request closing: at once, or after a question where a reading would be lost."""
        state = self._state
        if not isinstance(state, Reviewing):
            self.close_requested.emit()
        elif state.saving:
            self._close_when_saved = True
            self.reviewing.tell(closing_when_saved())
        else:
            question = close_question(is_here_only=self.reviewing.is_here_only)
            self.reviewing.ask(question, self.close_requested.emit)

    def ask_to_sign_out(self) -> None:
        """Request signing out: at once, or after a question where a reading is on the screen."""
        match self._state:
            case Reviewing(saving=False):
                question = sign_out_question(is_here_only=self.reviewing.is_here_only)
                self.reviewing.ask(question, self.sign_out_requested.emit)
            case _:
                self.sign_out_requested.emit()

    def search_scan(self, scan: str, is_identifier: bool) -> None:
        """Search by a scan where patients are searched; elsewhere it does nothing."""
        if isinstance(self._state, FindPatient):
            self.find_patient.search_for(scan, is_identifier)

    def refuse_scan(self, error: ScanRefused) -> None:
        """Say that a scan was no wristband, where patients are searched."""
        if isinstance(self._state, FindPatient):
            self.find_patient.refuse_scan(error)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep banner and footer in the column of the pages."""
        super().resizeEvent(event)
        margin = side_margin(event.size().width())
        self.banner.set_margin(margin)
        self.context.set_margin(margin)
        self.footer.set_margin(margin)

    # ── private ──────────────────────────────────────────────────────────────────────────────

    def _today(self) -> date:
        return self._now().date()

    def _go_back(self) -> None:
        """Escape: one step back, never a reading lost without a question."""
        if isinstance(self._state, FindPatient):
            self.find_patient.go_back()
        elif self.pages.currentWidget() is self.passkey:
            self.passkey_declined.emit()
        elif self.reviewing.is_asking:
            self.reviewing.keep_reading()
        else:
            self._leave_patient()

    def _find_patient(self) -> None:
        """F2: to the search field, from everywhere."""
        if isinstance(self._state, FindPatient):
            self.find_patient.focus_field()
        else:
            self._leave_patient()

    def _show_devices(self) -> None:
        """F4: to the devices, only while no patient is in view."""
        if isinstance(self._state, FindPatient):
            self.devices_requested.emit()

    def _show_admin(self) -> None:
        """F10: to the administrator's pages, only while no patient is in view."""
        if isinstance(self._state, FindPatient):
            self.admin_requested.emit()

    def _show_queue_page(self) -> None:
        """F8: to the queue, only while no patient is in view."""
        if isinstance(self._state, FindPatient):
            self.queue_requested.emit()

    def _leave_patient(self) -> None:
        match self._state:
            case Waiting():
                self.patient_left.emit()
            case Reviewing(saving=False):
                question = leave_question(is_here_only=self.reviewing.is_here_only)
                self.reviewing.ask(question, self.patient_left.emit)
            case Filed():
                self.next_patient_requested.emit()

    def _show_waiting(self, state: Waiting, *, take_focus: bool) -> None:
        if self._question is not None:
            # The waiting goes on behind it; nobody else's number is asked for.
            self.pages.setCurrentWidget(self.passkey)
            self.passkey.show_view(passkey_view(self._question, state.device_name))
            return
        self.passkey.forget()
        self.pages.setCurrentWidget(self.waiting)
        self.waiting.show_view(waiting_view(state))
        if take_focus:
            self.waiting.take_focus()

    def _close_if_saved(self, state: DeskState) -> None:
        if self._close_when_saved and not (isinstance(state, Reviewing) and state.saving):
            self._close_when_saved = False
            if isinstance(state, Filed):
                self.close_requested.emit()

    def _forget_other_pages(self, state: DeskState | None) -> None:
        pages = (
            (FindPatient, self.find_patient),
            (Waiting, self.waiting),
            (Waiting, self.passkey),
            (Reviewing, self.reviewing),
            (Filed, self.filed),
        )
        for kind, page in pages:
            if not isinstance(state, kind):
                page.forget()

    def _show_patient(self, state: DeskState) -> None:
        patient = _patient_of(state)
        if patient is None:
            self.banner.forget()
        else:
            view = banner_of(patient, self._today())
            self.banner.show_patient(view, may_change=isinstance(state, Waiting))

    def _show_context(self, state: DeskState) -> None:
        view = context_view(state, self._now())
        if view != self.context.shown:
            # What confirming means has changed; it must be seen first.
            self.reviewing.confirm.arm_anew()
        self.context.show_view(view)

    def _show_footer(self) -> None:
        may_sign_out = self._may_sign_out
        view = footer_view(self._summary, self._signed_in, may_sign_out=may_sign_out)
        self.footer.show_view(view)

    def _connect(self) -> None:
        self.banner.change_requested.connect(self.patient_left)
        self.footer.counts.clicked.connect(self._show_queue_page)
        self.footer.lock.clicked.connect(self.lock_requested)
        self.footer.sign_out.clicked.connect(self.ask_to_sign_out)
        self.context.context_chosen.connect(self.context_chosen)
        self.find_patient.search_requested.connect(self.search_requested)
        self.find_patient.patient_chosen.connect(self.patient_chosen)
        self.find_patient.devices_requested.connect(self.devices_requested)
        self.find_patient.admin_requested.connect(self.admin_requested)
        self.passkey.typed.connect(self.passkey_typed)
        self.passkey.declined.connect(self.passkey_declined)
        self.reviewing.confirmed.connect(self.confirmed)
        self.reviewing.display_check_changed.connect(self.display_check_changed)
        self.waiting.listen_again_requested.connect(self.listen_again_requested)
        self.reviewing.measure_again_requested.connect(self.measure_again_requested)
        self.reviewing.wrong_patient_reported.connect(self.wrong_patient_reported)
        self.filed.measure_again_requested.connect(self.measure_again_requested)
        self.filed.next_patient_requested.connect(self.next_patient_requested)
        self.filed.wrong_reported.connect(self.wrong_reading_reported)
        # Children of this widget: while a notice is shown instead of it, they hear nothing.
        keys = (
            (Qt.Key.Key_Escape, self._go_back),
            (Qt.Key.Key_F2, self._find_patient),
            (Qt.Key.Key_F4, self._show_devices),
            (Qt.Key.Key_F8, self._show_queue_page),
            (Qt.Key.Key_F10, self._show_admin),
        )
        for key, act in keys:
            QShortcut(QKeySequence(key), self).activated.connect(act)

    def _lay_out(self) -> None:
        pages = (self.find_patient, self.waiting, self.passkey, self.reviewing, self.filed)
        for page in pages:
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self.context)
        column.addWidget(self.pages, 1)
        column.addWidget(self.footer)
        self._show_footer()


def _patient_of(state: DeskState | None) -> Patient | None:
    return None if state is None or isinstance(state, FindPatient) else state.patient
