"""The queue's first page: what needs a person, what waits, what arrived, what was given up."""

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.context import GroupView
from ohx_desktop.ui.models.queue import QueueView
from ohx_desktop.ui.queue.entry_list import EntryList
from ohx_desktop.ui.staff.page import Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.choice_row import ChoiceRow
from ohx_desktop.ui.widgets.empty_state import EmptyState
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar


class ListPage(Page):
    """Shows a QueueView. `group_chosen` carries a Group, None for all; `entry_chosen` an id."""

    group_chosen = Signal(object)
    entry_chosen = Signal(object)
    more_requested = Signal()
    compare_requested = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.filter: ChoiceRow | None = None
        self.status = label(ink="muted")
        self.entries = EntryList()
        self.entries.chosen.connect(self.entry_chosen)
        self.empty = EmptyState()
        self.back = ActionButton(texts.GO_BACK)
        self.back.clicked.connect(self.left)
        self.compare = ActionButton(texts.QUEUE_COMPARE)
        self.compare.clicked.connect(self.compare_requested)
        self.more = ActionButton(texts.QUEUE_MORE)
        self.more.clicked.connect(self.more_requested)
        self._filter_place = QVBoxLayout()
        self._lay_out()

    def show_view(self, view: QueueView) -> None:
        """Show the entries as they are now."""
        self._show_filter(view.groups)
        self.message.show_message(view.message)
        self.status.setText(view.status)
        self.status.setVisible(bool(view.status))
        had_focus = self.more.hasFocus() and not view.has_more
        had_focus |= self.back.hasFocus() and not self.entries.shown and bool(view.rows)
        self.entries.show_entries(view.ids, view.rows)
        self.empty.show_lines(*(view.empty or ("", "")))
        self._room.setCurrentWidget(self.entries if view.rows else self.empty)
        self.more.setVisible(view.has_more)
        if had_focus:
            self.take_focus()

    def take_focus(self) -> None:
        """Rest on the first entry; while there is none, on the way back."""
        target = self.entries if self.entries.shown else self.back
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.message.forget()
        self.status.setText("")
        self.entries.show_entries((), ())
        self.empty.show_lines("", "")
        self._room.setCurrentWidget(self.empty)
        self.more.hide()

    def _show_filter(self, view: GroupView) -> None:
        if self.filter is not None:
            self.filter.show_view(view)
            return
        self.filter = ChoiceRow(view)
        self.filter.chosen.connect(self.group_chosen)
        self._filter_place.addWidget(self.filter)
        for first, then in pairwise((self.compare, *self.filter.buttons, self.back)):
            QWidget.setTabOrder(first, then)

    def _lay_out(self) -> None:
        heading = label(size="heading")
        heading.setText(texts.QUEUE_HEADING)
        help_text = label(ink="muted", wraps=True)
        help_text.setText(texts.QUEUE_HELP)
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(heading)
        titles.addWidget(help_text)
        room = QWidget()
        self._room = QStackedLayout(room)
        self._room.addWidget(self.empty)
        self._room.addWidget(self.entries)
        actions = QHBoxLayout()
        actions.setSpacing(SPACE.between_targets)
        actions.addWidget(self.back)
        actions.addStretch(1)
        actions.addWidget(self.more)
        actions.addWidget(self.compare)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addLayout(self._filter_place)
        self.column.addWidget(self.message)
        self.column.addWidget(self.status)
        self.column.addWidget(room, 1)
        self.column.addLayout(actions)
        QWidget.setTabOrder(self.entries, self.more)
        QWidget.setTabOrder(self.more, self.compare)
