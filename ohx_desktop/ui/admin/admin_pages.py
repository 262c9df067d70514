"""The administrator's pages: draws the state, and signals what the person did.

No patient is in view here; the pages are left before one is chosen.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget

from ohx_desktop.desk.admin_states import AdminHome, AdminState, EhrCheck
from ohx_desktop.domain.clock import Now
from ohx_desktop.ui.admin.check_page import CheckPage
from ohx_desktop.ui.admin.home_page import HomePage
from ohx_desktop.ui.admin.mapping_page import MappingPage


class AdminPages(QStackedWidget):
    """Where to go, the check of the EHR, and the preview of a mapping."""

    left = Signal()
    home_requested = Signal()
    check_requested = Signal()
    mapping_requested = Signal()

    def __init__(self, now: Now) -> None:
        super().__init__()
        self.home = HomePage()
        self.check = CheckPage(now)
        self.mapping = MappingPage()
        self._is_drawn = False
        for page in (self.home, self.check, self.mapping):
            self.addWidget(page)
        self._connect()

    def show_state(self, state: AdminState) -> None:
        """Draw a state; the other pages keep nothing of the one before."""
        match state:
            case AdminHome():
                self._turn_to(self.home)
                self.home.show_state(state)
            case EhrCheck():
                self._turn_to(self.check)
                self.check.show_state(state)
            case _:
                self._turn_to(self.mapping)
                self.mapping.show_state(state)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._is_drawn = False
        for page in (self.home, self.check, self.mapping):
            page.forget()

    def _turn_to(self, shown: HomePage | CheckPage | MappingPage) -> None:
        if self._is_drawn and self.currentWidget() is shown:
            return
        self._is_drawn = True
        self.setCurrentWidget(shown)
        for page in (self.home, self.check, self.mapping):
            if page is not shown:
                page.forget()
        shown.take_focus()

    def _go_back(self) -> None:
        """Escape: one step back."""
        page = self.currentWidget()
        if page is self.home:
            self.left.emit()
        elif isinstance(page, CheckPage | MappingPage) and page.is_asking:
            page.take_back()
        else:
            self.home_requested.emit()

    def _connect(self) -> None:
        self.home.left.connect(self.left)
        self.home.check_requested.connect(self.check_requested)
        self.home.mapping_requested.connect(self.mapping_requested)
        self.check.left.connect(self.home_requested)
        self.mapping.left.connect(self.home_requested)
        # A child of this widget: while the desk is shown instead of it, it hears nothing.
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._go_back)
