"""Signing in, page by page: draws the state, and signals what the person did.

It stands in place of the whole desk: while it is shown, nothing of a patient is on the screen.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget

from ohx_desktop.desk.staff_states import Asking, AskingEhr, AskingPin, ChoosingPerson
from ohx_desktop.ui.models.parts import MessageView
from ohx_desktop.ui.models.staff import ehr_view, people_view, pin_view
from ohx_desktop.ui.sign_in.ehr_page import EhrPage
from ohx_desktop.ui.sign_in.people_page import PeoplePage
from ohx_desktop.ui.sign_in.pin_page import PinPage


class SignInPages(QStackedWidget):
    """People, PIN, and the EHR's own sign-in."""

    person_chosen = Signal(object)
    pin_typed = Signal(str)
    people_requested = Signal()
    ehr_requested = Signal()
    ehr_cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.people = PeoplePage()
        self.pin = PinPage()
        self.ehr = EhrPage()
        self._pages = (self.people, self.pin, self.ehr)
        for page in self._pages:
            self.addWidget(page)
        self.people.chosen.connect(self.person_chosen)
        self.pin.typed.connect(self.pin_typed)
        self.pin.left.connect(self.people_requested)
        self.ehr.requested.connect(self.ehr_requested)
        self.ehr.cancelled.connect(self.ehr_cancelled)
        # A child of this widget: while the desk is shown instead of it, it hears nothing.
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._go_back)

    def show_state(self, state: Asking) -> None:
        """Draw a state; the other pages keep nothing of the one before."""
        match state:
            case ChoosingPerson():
                self._turn_to(self.people)
                self.people.show_view(people_view(state))
            case AskingPin():
                self._turn_to(self.pin)
                self.pin.show_view(pin_view(state))
            case AskingEhr():
                self._turn_to(self.ehr)
                self.ehr.show_view(ehr_view(state))

    def tell(self, message: MessageView) -> None:
        """Say something on the page that is shown."""
        page = self.currentWidget()
        if isinstance(page, PeoplePage | PinPage | EhrPage):
            page.message.show_message(message)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        for page in self._pages:
            page.forget()

    def _turn_to(self, shown: PeoplePage | PinPage | EhrPage) -> None:
        self.setCurrentWidget(shown)
        for page in self._pages:
            if page is not shown:
                page.forget()

    def _go_back(self) -> None:
        """Escape: from the PIN to the people, from the browser's page to the button."""
        if self.currentWidget() is self.pin:
            self.people_requested.emit()
        elif self.currentWidget() is self.ehr:
            self.ehr_cancelled.emit()
