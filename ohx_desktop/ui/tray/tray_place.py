"""Where the tray is in the staff window: a button in the footer, and a page among the desk's.

The page stays over a search and over the waiting for its own patient. Any other state that the
desk draws takes its place, so that what was asked about one patient never stands before another;
and once it is not seen any more it keeps nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from ohx_desktop.desk.states import DeskState, FindPatient, Waiting
from ohx_desktop.desk.tray_items import TrayItem
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.patient import Patient
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import message_of
from ohx_desktop.ui.models.parts import MessageView, Tone
from ohx_desktop.ui.models.tray import tray_view
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.tray.tray_page import TrayPage
from ohx_desktop.ui.widgets.action_button import ActionButton

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class TrayPlace(QObject):
    """Joins the tray to a furnished window. `asked_for` is answered by `show_items`."""

    asked_for = Signal()

    def __init__(self, window: StaffWindow) -> None:
        super().__init__(window)
        self._window = window
        self._under: QWidget | None = None
        self._is_staying = False
        self.page = TrayPage()
        self.page.left.connect(self.leave)
        self.page.hidden.connect(self._hidden)
        window.pages.addWidget(self.page)
        window.pages.currentChanged.connect(self._show_button)
        self.button = ActionButton(texts.TRAY)
        self.button.setFixedHeight(SPACE.target_least)
        self.button.clicked.connect(self.asked_for)
        window.footer.row.insertWidget(window.footer.row.count() - 1, self.button)
        self._show_button()

    @property
    def is_open(self) -> bool:
        """True while the tray is what a person sees."""
        window = self._window
        return window.pages.currentWidget() is self.page and not window.is_covered

    def show_state(self, state: DeskState) -> None:
        """Draw a state of the desk, under the tray where that may stay."""
        self._is_staying = self.is_open and self._may_stay(state)
        focus = QApplication.focusWidget()
        try:
            self._window.show_state(state)
            if self._is_staying:
                self._window.pages.setCurrentWidget(self.page)
                if focus is not None:
                    focus.setFocus()
        finally:
            self._is_staying = False

    def show_items(self, items: Sequence[TrayItem], patient: Patient | None, now: datetime) -> None:
        """Draw what waits, and open the page where it may be opened."""
        if not (self.is_open or self._may_open):
            return
        self.page.show_view(tray_view(items, patient, now))
        if not self.is_open:
            self._under = self._window.pages.currentWidget()
            self._window.pages.setCurrentWidget(self.page)
            self.page.take_focus()

    def show_failure(self, error: OhxError) -> None:
        """Draw why something was not done."""
        self.page.tell(message_of(error, Tone.STOP))

    def show_saved(self) -> None:
        """Draw that a reading is in the queue now."""
        what, rest = texts.TRAY_DONE
        self.page.tell(MessageView(what=what, rest=rest, tone=Tone.GOOD))

    def leave(self) -> None:
        """Go back to where the person came from."""
        window, under = self._window, self._under
        if not self.is_open or under is None:
            return
        self.page.take_back()
        window.pages.setCurrentWidget(under)
        if under is window.find_patient:
            window.find_patient.focus_field()
        else:
            window.waiting.take_focus()

    @property
    def _may_open(self) -> bool:
        """Over a search and over the waiting; a reading on the screen comes first."""
        window = self._window
        if window.is_covered:
            return False
        return window.pages.currentWidget() in {window.find_patient, window.waiting}

    def _may_stay(self, state: DeskState) -> bool:
        """Tell whether the state is the one that was left for the tray: of the same patient."""
        match state:
            case FindPatient():
                return self._under is self._window.find_patient
            case Waiting(patient=patient):
                return self.page.patient == patient.reference
        return False

    def _show_button(self, _place: int = 0) -> None:
        self.button.setVisible(self._may_open)

    def _hidden(self) -> None:
        if not self._is_staying:
            self._under = None
            self.page.forget()
