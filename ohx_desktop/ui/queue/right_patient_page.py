"""Whose reading it really is: the desk's own search, then a yes with two identifiers before it."""

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.finding import FindView
from ohx_desktop.ui.models.queue_entry import RightView
from ohx_desktop.ui.queue.seen_reading import SeenReading
from ohx_desktop.ui.staff.find_patient_page import FindPatientPage
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.message_bar import MessageBar


class RightPatientPage(FindPatientPage):
    """Shows a FindView and a RightView."""

    accepted = Signal()
    declined = Signal()
    unknown_reported = Signal()
    cancel_requested = Signal()
    left = Signal()

    def __init__(self, today: Callable[[], date]) -> None:
        super().__init__(today)
        self.seen = SeenReading()
        self.question = MessageBar()
        self.back = ActionButton(texts.GO_BACK)
        self.unknown = ActionButton(texts.RIGHT_UNKNOWN)
        self.cancel = ActionButton(texts.CANCEL)
        self.question.accepted.connect(self.accepted)
        self.question.declined.connect(self.declined)
        self.back.clicked.connect(self.left)
        self.unknown.clicked.connect(self.unknown_reported)
        self.cancel.clicked.connect(self.cancel_requested)
        for button in (self.devices_button, self.admin_button):
            button.hide()
        self._add_foot()

    @property
    def is_asking(self) -> bool:
        """True while a yes would carry it out."""
        return self.question.is_asking

    def show_state(self, find: FindView, view: RightView) -> None:
        """Show the search, or the question of whether it is the one who was chosen."""
        was_asking, was_busy = self.is_asking, self.cancel.isVisible()
        self.seen.show_view(view.seen)
        self.show_view(find)
        if view.question is None:
            self.question.show_message(view.message)
        elif not was_asking or self.question.what.text() != view.question.message.what:
            self.question.ask(view.question)
        may_search = view.question is None and not view.busy
        for part in (self.field, self.find_button, self.results, self.unknown, self.back):
            part.setEnabled(may_search)
        if view.question is not None:
            # Where the focus was is not there any more.
            self.question.no.setFocus(Qt.FocusReason.OtherFocusReason)
        self.cancel.setVisible(view.busy)
        if view.busy and not was_busy:
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        elif may_search and (was_asking or was_busy):
            self.take_focus()

    def take_focus(self) -> None:
        """Rest where typing and scanning go, on those who were found, or on the safe answer."""
        if self.is_asking:
            self.question.no.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.results.shown:
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.focus_field()

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        super().forget()
        self.seen.show_view(None)
        self.question.forget()
        self.cancel.hide()

    def _add_foot(self) -> None:
        self.cancel.hide()
        foot = QHBoxLayout()
        foot.setSpacing(SPACE.between_targets)
        foot.addWidget(self.back)
        foot.addStretch(1)
        foot.addWidget(self.unknown)
        foot.addWidget(self.cancel)
        # Between the title and the field; the question where messages of the search stand, too.
        self.column.insertWidget(2, self.seen)
        self.column.insertWidget(3, self.question)
        self.column.addLayout(foot)
        QWidget.setTabOrder(self.results, self.unknown)
        QWidget.setTabOrder(self.unknown, self.back)
