"""The tray: readings nobody has confirmed, each to be given to the patient in view or discarded.

Nothing happens by one press: giving asks for two identifiers, discarding for a reason. The view
knows whose question it asked; when the patient goes, the page goes with them.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import MessageView
from ohx_desktop.ui.models.tray import TrayRowView, TrayView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.tray.tray_row import TrayRow
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.empty_state import EmptyState
from ohx_desktop.ui.widgets.flow_layout import FlowLayout
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar

if TYPE_CHECKING:
    from collections.abc import Callable


class TrayPage(Page):
    """Shows a TrayView. `assigned` carries id and patient reference, `discarded` id and reason."""

    assigned = Signal(object, str)
    discarded = Signal(object, str)
    left = Signal()
    hidden = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TrayRow] = []
        self._view: TrayView | None = None
        self._on_yes: Callable[[], None] | None = None
        self._asked: TrayRowView | None = None
        self.heading = label(size="heading", wraps=True)
        self.help = label(ink="muted", wraps=True)
        self.message = MessageBar()
        self.message.accepted.connect(self._accept)
        self.message.declined.connect(self.take_back)
        self.empty = EmptyState()
        self.back = ActionButton(texts.TRAY_BACK)
        self.back.clicked.connect(self.left)
        self.reasons = QWidget()
        self.keep = ActionButton(texts.TRAY_KEEP)
        self._card = Card()
        self._lay_out()

    @property
    def patient(self) -> str | None:
        """The reference of the patient in view, None for nobody."""
        return self._view.patient if self._view is not None else None

    def show_view(self, view: TrayView) -> None:
        """Show what waits now; a question about something that is gone is taken back."""
        if view == self._view:
            return
        self._clear_rows()
        self._view = view
        self.heading.setText(texts.TRAY_HEADING)
        self.help.setText(view.help)
        for place, row_view in enumerate(view.rows):
            row = TrayRow(row_view)
            row.assign_pressed.connect(self._ask_assign)
            row.discard_pressed.connect(self._ask_why)
            self._card.body.insertWidget(place, row)
            self.rows.append(row)
        self.empty.setVisible(not view.rows)
        self.empty.show_lines(*texts.TRAY_EMPTY)
        self.take_back()

    def tell(self, message: MessageView) -> None:
        """Say what came of something in its place."""
        self.take_back()
        self.message.show_message(message)

    def take_focus(self) -> None:
        """Rest where a second Enter does no harm."""
        self.back.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_back(self) -> None:
        """Take a question back."""
        self._on_yes = self._asked = None
        self.message.forget()
        self.reasons.hide()
        self.take_focus()

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._on_yes = self._view = self._asked = None
        self._clear_rows()
        self.message.forget()
        self.reasons.hide()
        self.help.setText("")

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that another page is seen; a window made small is not meant."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.hidden.emit()

    def event(self, event: QEvent) -> bool:
        """Have Escape for this page alone, not for the window around it."""
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._step_back()
                return True
        return super().event(event)

    def _step_back(self) -> None:
        if self._on_yes is not None or self._asked is not None:
            self.take_back()
        else:
            self.left.emit()

    def _ask_assign(self, row: TrayRowView) -> None:
        view = self._view
        if view is None or view.patient is None or row.assign is None:
            return
        patient = view.patient
        self.take_back()
        self._on_yes = lambda: self.assigned.emit(row.id, patient)
        self.message.ask(row.assign)

    def _ask_why(self, row: TrayRowView) -> None:
        self.take_back()
        self._asked = row
        self.message.show_message(row.why)
        self.reasons.show()
        self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    def _give(self, reason: str) -> None:
        row, self._asked = self._asked, None
        self.take_back()
        if row is not None:
            self.discarded.emit(row.id, reason)

    def _accept(self) -> None:
        on_yes = self._on_yes
        self.take_back()
        if on_yes is not None:
            on_yes()

    def _clear_rows(self) -> None:
        for row in self.rows:
            row.hide()
            row.setParent(None)
            row.deleteLater()
        self.rows = []

    def _lay_out(self) -> None:
        choices = FlowLayout(self.reasons)
        for code, words in texts.TRAY_REASONS.items():
            button = ActionButton(words)
            button.clicked.connect(lambda _=False, code=code: self._give(code))
            choices.addWidget(button)
        self.keep.clicked.connect(self.take_back)
        choices.addWidget(self.keep)
        self.reasons.hide()
        for part in (self.heading, self.help, self.message, self.reasons):
            self.column.addWidget(part)
        self._card.body.addWidget(self.empty)
        self._card.body.addStretch(1)
        self.column.addWidget(self._card, 1)
        foot = QHBoxLayout()
        foot.setSpacing(SPACE.between_targets)
        foot.addStretch(1)
        foot.addWidget(self.back)
        self._card.action_row.addLayout(foot)
