"""Checking the EHR: line by line, with a test reading if that is asked for."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from ohx_desktop import __version__
from ohx_desktop.desk.admin_states import EhrCheck
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.ehr_check import CheckView, check_view, report, write_question
from ohx_desktop.ui.models.parts import MessageView, Tone
from ohx_desktop.ui.staff.page import Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.empty_state import EmptyState
from ohx_desktop.ui.widgets.fact_list import FactList
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar


class CheckPage(Page):
    """Shows an EhrCheck. `run_requested` carries a test patient's reference, or nothing."""

    run_requested = Signal(object)
    cancel_requested = Signal()
    left = Signal()

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._now = now
        self._state = EhrCheck()
        self._patient = ""
        self.message = MessageBar()
        self.message.accepted.connect(self._write)
        self.message.declined.connect(self.take_back)
        self.status = label(size="strong", wraps=True)
        self.lines = FactList(texts.CHECK_LINES)
        self.empty = EmptyState()
        self.empty.show_lines(*texts.CHECK_EMPTY)
        self.patient = QLineEdit()
        self.patient.setPlaceholderText(texts.CHECK_PATIENT_HINT)
        self.patient.setAccessibleName(texts.CHECK_PATIENT)
        self.patient.returnPressed.connect(self._ask)
        self.write = ActionButton(texts.CHECK_WRITE)
        self.write.clicked.connect(self._ask)
        self.back = ActionButton(texts.GO_BACK)
        self.back.clicked.connect(self.left)
        self.copy = ActionButton(texts.CHECK_COPY)
        self.copy.clicked.connect(self._copy)
        self.cancel = ActionButton(texts.CHECK_CANCEL)
        self.cancel.clicked.connect(self.cancel_requested)
        self.run = ActionButton(texts.CHECK_RUN, primary=True)
        self.run.clicked.connect(lambda: self.run_requested.emit(None))
        self._lay_out()

    @property
    def is_asking(self) -> bool:
        """True while the question before a test reading stands."""
        return self.message.is_asking

    def show_state(self, state: EhrCheck) -> None:
        """Show how far the check is; when it ends, the likely action takes the focus."""
        had_ended, self._state = not self._state.is_running, state
        view = check_view(state)
        self.message.show_message(view.message)
        if view.status and view.status != self.status.text():
            announce(self.status, view.status)
        self.status.setText(view.status)
        self.status.setVisible(bool(view.status))
        self.lines.show_rows(view.rows, follow=view.is_running)
        self._room.setCurrentWidget(self.lines if view.rows else self.empty)
        self.run.setText(view.likely)
        for part in (self.patient, self.write):
            part.setEnabled(not view.is_running)
        self.copy.setVisible(view.can_copy)
        ends = not (view.is_running or had_ended)
        if ends and view.rows:
            self.lines.go_to(view.first_to_see)
        self._offer(view, begins=view.is_running and had_ended, ends=ends)
        if state.wrong_patient is not None:
            self.patient.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_focus(self) -> None:
        """Rest on the one likely action."""
        target = self.cancel if self._state.is_running else self.run
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_back(self) -> None:
        """Leave the question without storing anything."""
        self.message.forget()
        self.patient.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing, not even what undo would bring back."""
        self._patient = ""
        self.patient.setText("")
        self.show_state(EhrCheck())
        self.message.forget()

    def _offer(self, view: CheckView, *, begins: bool, ends: bool) -> None:
        """Offer to cancel, or to run; the focus moves before the button that has it goes."""
        going, coming = (self.run, self.cancel) if view.is_running else (self.cancel, self.run)
        self.cancel.setEnabled(view.can_cancel)
        coming.show()
        if begins or ends:
            coming.setFocus(Qt.FocusReason.OtherFocusReason)
        going.hide()

    def _ask(self) -> None:
        self._patient = self.patient.text().strip()
        if self._patient:
            self.message.ask(write_question(self._patient))
        else:
            self.message.show_message(_not_a_patient())
            self.patient.setFocus(Qt.FocusReason.OtherFocusReason)

    def _write(self) -> None:
        self.message.forget()
        self.run_requested.emit(self._patient)

    def _copy(self) -> None:
        text = report(self._state, patient=self._patient, version=__version__, now=self._now())
        QGuiApplication.clipboard().setText(text)
        self.message.show_message(MessageView(what=texts.CHECK_COPIED, rest="", tone=Tone.GOOD))

    def _lay_out(self) -> None:
        heading = label(size="heading")
        heading.setText(texts.CHECK_HEADING)
        help_text = label(ink="muted", wraps=True)
        help_text.setText(texts.CHECK_HELP)
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(heading)
        titles.addWidget(help_text)
        room = QWidget()
        self._room = QStackedLayout(room)
        self._room.addWidget(self.empty)
        self._room.addWidget(self.lines)
        test = QHBoxLayout()
        test.setSpacing(SPACE.between_targets)
        test.addWidget(self.patient, 1)
        test.addWidget(self.write)
        actions = QHBoxLayout()
        actions.setSpacing(SPACE.between_targets)
        actions.addWidget(self.back, 0, Qt.AlignmentFlag.AlignBottom)
        actions.addStretch(1)
        for button in (self.copy, self.cancel):
            actions.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        actions.addWidget(self.run)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addWidget(self.message)
        self.column.addWidget(self.status)
        self.column.addWidget(room, 1)
        self.column.addLayout(test)
        self.column.addLayout(actions)
        order = (self.run, self.cancel, self.copy, self.lines, self.patient, self.write, self.back)
        for first, then in pairwise(order):
            QWidget.setTabOrder(first, then)


def _not_a_patient() -> MessageView:
    what, rest = texts.CHECK_WRONG_PATIENT
    return MessageView(what=what, rest=rest)
