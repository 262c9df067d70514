"""The queue's pages: draws the state, and signals what the person did.

No patient is in view here but one who is being looked for, and no value but one that was asked for.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget

from ohx_desktop.desk.queue_states import (
    AskingWhy,
    FindingRight,
    Mended,
    OneEntry,
    QueueList,
    QueueState,
)
from ohx_desktop.domain.clock import Now
from ohx_desktop.domain.scan_format import ScanRefused
from ohx_desktop.ui.models.finding import find_view
from ohx_desktop.ui.models.queue import queue_view
from ohx_desktop.ui.models.queue_entry import entry_view, right_view, why_view
from ohx_desktop.ui.models.queue_mended import compare_view, mended_view
from ohx_desktop.ui.queue.compare_page import ComparePage
from ohx_desktop.ui.queue.entry_page import EntryPage
from ohx_desktop.ui.queue.list_page import ListPage
from ohx_desktop.ui.queue.mended_page import MendedPage
from ohx_desktop.ui.queue.right_patient_page import RightPatientPage
from ohx_desktop.ui.queue.why_page import WhyPage

QueuePage = ListPage | EntryPage | WhyPage | RightPatientPage | MendedPage | ComparePage


class QueuePages(QStackedWidget):
    """List, entry, why, whose, what came of it, and the comparison with the EHR.

    `step_back_requested` asks to take the last answer back, or for the page before this one.
    """

    left = Signal()
    step_back_requested = Signal()

    def __init__(self, now: Now) -> None:
        super().__init__()
        self._now = now
        self.entries = ListPage()
        self.entry = EntryPage()
        self.why = WhyPage()
        self.right = RightPatientPage(lambda: now().date())
        self.mended = MendedPage()
        self.compare = ComparePage()
        self._is_drawn = False
        for page in self._pages():
            self.addWidget(page)
        self._connect()

    def show_state(self, state: QueueState) -> None:
        """Draw a state; the other pages keep nothing of the one before."""
        now, page = self._now(), self._page_of(state)
        turns = not (self._is_drawn and self.currentWidget() is page)
        if turns:
            self._is_drawn = True
            self.setCurrentWidget(page)
            for other in self._pages():
                if other is not page:
                    other.forget()
        match state:
            case QueueList():
                self.entries.show_view(queue_view(state, now))
            case OneEntry():
                self.entry.show_view(entry_view(state, now))
            case AskingWhy():
                self.why.show_view(why_view(state, now))
            case FindingRight():
                found = find_view(state.find, now.date())
                self.right.show_state(found, right_view(state, now))
            case Mended():
                self.mended.show_view(mended_view(state))
            case _:
                self.compare.show_view(compare_view(state, now))
        if turns:
            page.take_focus()

    def search_scan(self, scan: str, is_identifier: bool) -> None:
        """Search by a scan while the right patient is looked for; elsewhere it does nothing."""
        if self._may_scan:
            self.right.search_for(scan, is_identifier)

    def refuse_scan(self, error: ScanRefused) -> None:
        """Say that a scan was no wristband, where a patient is looked for."""
        if self._may_scan:
            self.right.refuse_scan(error)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._is_drawn = False
        for page in self._pages():
            page.forget()

    @property
    def _may_scan(self) -> bool:
        return self.currentWidget() is self.right and self.right.field.isEnabled()

    def _pages(self) -> tuple[QueuePage, ...]:
        return (self.entries, self.entry, self.why, self.right, self.mended, self.compare)

    def _page_of(self, state: QueueState) -> QueuePage:
        match state:
            case QueueList():
                return self.entries
            case OneEntry():
                return self.entry
            case AskingWhy():
                return self.why
            case FindingRight():
                return self.right
            case Mended():
                return self.mended
        return self.compare

    def _go_back(self) -> None:
        """Escape: one step back."""
        page = self.currentWidget()
        if page is self.entries or page is self.mended:
            self.left.emit()
        elif page is self.right and not self.right.is_asking and self._is_in_search:
            self.right.go_back()
        else:
            self.step_back_requested.emit()

    @property
    def _is_in_search(self) -> bool:
        """True where one step back is one within the search."""
        search = self.right
        return search.message.is_asking or bool(search.field.text()) or search.results.hasFocus()

    def _connect(self) -> None:
        self.entries.left.connect(self.left)
        self.mended.next_patient_requested.connect(self.left)
        for page in (self.entry, self.compare, self.right):
            page.left.connect(self.step_back_requested)
        for asking in (self.why, self.right):
            asking.declined.connect(self.step_back_requested)
        # A child of this widget: while the desk is shown instead of it, it hears nothing.
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self._go_back)
