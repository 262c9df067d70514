"""Comparing what was filed lately with the EHR: how far it is, and what differs there."""

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.queue_mended import CompareView
from ohx_desktop.ui.staff.page import Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.empty_state import EmptyState
from ohx_desktop.ui.widgets.fact_list import FactList
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar


class ComparePage(Page):
    """Shows a CompareView."""

    run_requested = Signal()
    cancel_requested = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.help = label(ink="muted", wraps=True)
        self.message = MessageBar()
        self.status = label(size="strong", wraps=True)
        self.lines = FactList(texts.COMPARE_ROWS)
        self.empty = EmptyState()
        self.back = ActionButton(texts.GO_BACK)
        self.back.clicked.connect(self.left)
        self.cancel = ActionButton(texts.CANCEL)
        self.cancel.clicked.connect(self.cancel_requested)
        self.run = ActionButton(texts.COMPARE_RUN, primary=True)
        self.run.clicked.connect(self.run_requested)
        self._is_running = False
        self._lay_out()

    def show_view(self, view: CompareView) -> None:
        """Show how far it is; the likely action keeps the focus."""
        was_running, self._is_running = self._is_running, view.is_running
        self.help.setText(view.help)
        self.message.show_message(view.message)
        if view.status and view.status != self.status.text():
            announce(self.status, view.status)
        self.status.setText(view.status)
        self.status.setVisible(bool(view.status))
        self.lines.show_rows(view.rows)
        self.empty.show_lines(*view.empty)
        self._room.setCurrentWidget(self.lines if view.rows else self.empty)
        self.run.setText(view.likely)
        going, coming = (self.run, self.cancel) if view.is_running else (self.cancel, self.run)
        coming.show()
        if was_running != view.is_running:
            coming.setFocus(Qt.FocusReason.OtherFocusReason)
        going.hide()

    def take_focus(self) -> None:
        """Rest on the one likely action."""
        target = self.cancel if self._is_running else self.run
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._is_running = False
        self.message.forget()
        self.status.setText("")
        self.lines.show_rows(())
        self.empty.show_lines("", "")

    def _lay_out(self) -> None:
        heading = label(size="heading")
        heading.setText(texts.COMPARE_HEADING)
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(heading)
        titles.addWidget(self.help)
        room = QWidget()
        self._room = QStackedLayout(room)
        self._room.addWidget(self.empty)
        self._room.addWidget(self.lines)
        actions = QHBoxLayout()
        actions.setSpacing(SPACE.between_targets)
        actions.addWidget(self.back, 0, Qt.AlignmentFlag.AlignBottom)
        actions.addStretch(1)
        actions.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignBottom)
        actions.addWidget(self.run)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addWidget(self.message)
        self.column.addWidget(self.status)
        self.column.addWidget(room, 1)
        self.column.addLayout(actions)
        for first, then in pairwise((self.run, self.cancel, self.lines, self.back)):
            QWidget.setTabOrder(first, then)
