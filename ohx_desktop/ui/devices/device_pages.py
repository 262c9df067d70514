"""The devices of the workstation, page by page: draws the state, and signals what the person did.

No patient is in view here; the pages are left before one is chosen.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget

from ohx_desktop.desk.enrolling_states import (
    DeviceList,
    Enrolling,
    EnrolState,
    Searching,
)
from ohx_desktop.ui.devices.list_page import RegisteredPage, SearchPage
from ohx_desktop.ui.devices.passkey_page import PasskeyPage
from ohx_desktop.ui.devices.stage_page import StagePage
from ohx_desktop.ui.models.devices import (
    EnrolAction,
    found_name,
    list_view,
    search_view,
    stage_view,
)
from ohx_desktop.ui.models.passkey import passkey_view


class DevicePages(QStackedWidget):
    """Registered devices, devices in range, the stages of registering, and the number asked for."""

    left = Signal()
    list_requested = Signal()
    search_requested = Signal()
    device_chosen = Signal(object)
    enrolment_requested = Signal()
    forget_requested = Signal(str)
    passkey_typed = Signal(str)
    passkey_declined = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.registered = RegisteredPage()
        self.search = SearchPage()
        self.stage = StagePage()
        self.passkey = PasskeyPage()
        self._pages = (self.registered, self.search, self.stage, self.passkey)
        for page in self._pages:
            self.addWidget(page)
        self._connect()

    def show_state(self, state: EnrolState) -> None:
        """Draw a state; the other pages keep nothing of the one before."""
        before = self.currentWidget() if self._is_drawn else None
        match state:
            case DeviceList():
                self._turn_to(self.registered)
                self.registered.show_view(list_view(state))
            case Searching():
                self._turn_to(self.search)
                self.search.show_view(search_view(state))
            case Enrolling(question=question) if question is not None:
                self._turn_to(self.passkey)
                self.passkey.show_view(passkey_view(question, found_name(state.device)))
                return
            case _:
                self._turn_to(self.stage)
                self.stage.show_view(stage_view(state))
        if self.currentWidget() is not before:
            self._take_focus()

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._is_drawn = False
        for page in self._pages:
            page.forget()

    # ── private ──────────────────────────────────────────────────────────────────────────────

    _is_drawn = False

    def _turn_to(self, shown: RegisteredPage | SearchPage | StagePage | PasskeyPage) -> None:
        self._is_drawn = True
        self.setCurrentWidget(shown)
        for page in self._pages:
            if page is not shown:
                page.forget()

    def _take_focus(self) -> None:
        page = self.currentWidget()
        if isinstance(page, RegisteredPage | SearchPage | StagePage):
            page.take_focus()

    def _go_back(self) -> None:
        """Escape: one step back."""
        page = self.currentWidget()
        if page is self.passkey:
            self.passkey_declined.emit()
        elif page is not self.registered:
            self.list_requested.emit()
        elif self.registered.is_asking:
            self.registered.keep_device()
        else:
            self.left.emit()

    def _request(self, action: EnrolAction) -> None:
        match action:
            case EnrolAction.LIST:
                self.list_requested.emit()
            case EnrolAction.SEARCH:
                self.search_requested.emit()
            case EnrolAction.ENROL:
                self.enrolment_requested.emit()

    def _connect(self) -> None:
        self.registered.left.connect(self.left)
        self.registered.add_requested.connect(self.search_requested)
        self.registered.forget_requested.connect(self.forget_requested)
        self.search.left.connect(self.list_requested)
        self.search.search_requested.connect(self.search_requested)
        self.search.device_chosen.connect(self.device_chosen)
        self.stage.requested.connect(self._request)
        self.passkey.typed.connect(self.passkey_typed)
        self.passkey.declined.connect(self.passkey_declined)
        # A child of this widget: while the desk is shown instead of it, it hears nothing.
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._go_back)
