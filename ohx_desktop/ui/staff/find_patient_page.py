"""Finding the patient: one field, one list, keyboard all the way."""

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from ohx_desktop.domain.patient import Patient, PatientQuery
from ohx_desktop.domain.scan_format import ScanRefused
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.finding import FindView, ResultView, refused_scan
from ohx_desktop.ui.models.query import query_of
from ohx_desktop.ui.staff.page import Page
from ohx_desktop.ui.staff.results_list import ResultsList
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.empty_state import EmptyState
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar


class FindPatientPage(Page):
    """Shows a FindView; tells what is searched and who was chosen.

    `patient_chosen` carries the Patient, and whether what the choice asks was answered.
    """

    search_requested = Signal(object)
    patient_chosen = Signal(object, bool)
    devices_requested = Signal()
    admin_requested = Signal()

    def __init__(self, today: Callable[[], date]) -> None:
        super().__init__()
        self._today = today
        self._asked_about: Patient | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText(texts.FIND_PLACEHOLDER)
        self.field.setAccessibleName(texts.FIND_FIELD)
        self.field.returnPressed.connect(self._search)
        self.find_button = ActionButton(texts.FIND, primary=True)
        self.find_button.clicked.connect(self._search)
        self.devices_button = ActionButton(texts.DEVICES)
        self.devices_button.clicked.connect(self.devices_requested)
        self.admin_button = ActionButton(texts.ADMIN)
        self.admin_button.clicked.connect(self.admin_requested)
        # What an administrator has to mend: no patient's, so it outlives every search.
        self.setup = MessageBar()
        self.message = MessageBar()
        self.message.accepted.connect(self._choose_asked)
        self.message.declined.connect(self.go_back)
        self.status = label(ink="muted")
        self.empty = EmptyState()
        self.results = ResultsList()
        self.results.chosen.connect(self._choose)
        self._lay_out()

    def show_view(self, view: FindView) -> None:
        """Show the search; new results take the focus."""
        new_results = view.results != self.results.shown
        self._asked_about = None
        self.message.show_message(view.message)
        self._say(view.status)
        self.find_button.setEnabled(not view.searching)
        self.results.show_results(view.results)
        self.empty.show_lines(*(view.empty or ("", "")))
        self._room.setCurrentWidget(self.results if view.results else self.empty)
        if view.results and new_results:
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_field(self) -> None:
        """Rest where typing and scanning go."""
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def search_for(self, scan: str, is_identifier: bool) -> None:
        """Search for what was scanned, whatever stood in the field."""
        self.field.setText(scan)
        if not is_identifier:
            self._search()
            return
        self.message.forget()
        self.search_requested.emit(PatientQuery(identifier=scan))

    def refuse_scan(self, error: ScanRefused) -> None:
        """Say what was wrong with a scan; nothing of it stays in the field."""
        self.forget()
        self.message.show_message(refused_scan(error))
        self.focus_field()

    def go_back(self) -> None:
        """One step back: from the question to the list, from the list to the field, from text."""
        if self.message.is_asking:
            self._asked_about = None
            self.message.forget()
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.field.hasFocus():
            self.field.setText("")
        else:
            self.focus_field()

    def forget(self) -> None:
        """Show nothing and keep nothing, not even what undo would bring back."""
        self._asked_about = None
        # Unlike clear(), setText drops the undo history.
        self.field.setText("")
        self.message.forget()
        self.status.setText("")
        self.results.show_results(())
        self.empty.show_lines(*texts.NOBODY_YET)
        self._room.setCurrentWidget(self.empty)

    def _search(self) -> None:
        query = query_of(self.field.text(), self._today())
        if isinstance(query, PatientQuery):
            self.message.forget()
            self.search_requested.emit(query)
        else:
            self.message.show_message(query)
            self.focus_field()

    def _choose(self, result: ResultView) -> None:
        if result.refusal is not None:
            self._asked_about = None
            self.message.show_message(result.refusal)
        elif result.question is not None:
            self._asked_about = result.patient
            self.message.ask(result.question)
        else:
            self.patient_chosen.emit(result.patient, False)

    def _choose_asked(self) -> None:
        patient, self._asked_about = self._asked_about, None
        self.message.forget()
        if patient is not None:
            self.patient_chosen.emit(patient, True)

    def _say(self, status: str) -> None:
        if status and status != self.status.text():
            announce(self.status, status)
        self.status.setText(status)

    def _lay_out(self) -> None:
        heading = label(size="heading")
        heading.setText(texts.FIND_HEADING)
        help_text = label(ink="muted", wraps=True)
        help_text.setText(texts.FIND_HELP)
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(heading)
        titles.addWidget(help_text)
        entry = QHBoxLayout()
        entry.setSpacing(SPACE.between_targets)
        entry.addWidget(self.field, 1)
        entry.addWidget(self.find_button)
        head = QHBoxLayout()
        head.setSpacing(SPACE.margin)
        head.addLayout(titles, 1)
        for button in (self.devices_button, self.admin_button):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        room = QWidget()
        self._room = QStackedLayout(room)
        self._room.addWidget(self.empty)
        self._room.addWidget(self.results)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(head)
        self.column.addSpacing(SPACE.step)
        self.column.addLayout(entry)
        self.column.addWidget(self.setup)
        self.column.addWidget(self.message)
        self.column.addWidget(self.status)
        self.column.addWidget(room, 1)
        # The way to the devices comes last: it must not stand between the field and the list.
        QWidget.setTabOrder(self.field, self.find_button)
        QWidget.setTabOrder(self.find_button, self.results)
        QWidget.setTabOrder(self.results, self.devices_button)
        QWidget.setTabOrder(self.devices_button, self.admin_button)
