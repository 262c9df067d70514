"""What the reading belongs to: visit and order, under the patient, wherever a reading is awaited.

Hidden while there is nothing to choose. A touch, or Tab and the arrow keys, chooses another. While
values are on the screen they have the room, and here is one line with what was chosen.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.context import NO_CONTEXT_VIEW, ContextView, GroupView
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.choice_row import ChoiceRow
from ohx_desktop.ui.widgets.footer import ElidedLabel
from ohx_desktop.ui.widgets.ink import label


class ContextBar(QFrame):
    """Shows a ContextView; `context_chosen` carries the CareContext."""

    context_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("context_bar")
        self.shown = NO_CONTEXT_VIEW
        self.rows: list[ChoiceRow] = []
        self.note = label(ink="muted", wraps=True)
        self.summary = ElidedLabel()
        # What is filed is no side remark.
        self.summary.setProperty("ink", "")
        self.change = ActionButton(texts.CHANGE_CONTEXT)
        self.change.clicked.connect(self._unfold)
        self._folded = QWidget()
        self._offered: tuple[object, ...] = ()
        self._unfolded = False
        self._column = QVBoxLayout(self)
        self._column.setSpacing(SPACE.step)
        self._lay_out()
        self.show_view(NO_CONTEXT_VIEW)

    def show_view(self, view: ContextView) -> None:
        """Show what can be chosen and what is; the focus stays where it is."""
        if not view.compact:
            self._unfolded = False
        self.shown = view
        offered = tuple(map(_choices, view.groups))
        if offered != self._offered:
            self._offered = offered
            self._rebuild(view)
        folded = view.compact and not self._unfolded and bool(view.groups)
        for row, group in zip(self.rows, view.groups, strict=True):
            row.show_view(group)
            row.setEnabled(view.enabled)
            row.setVisible(not folded)
        parts = (f"{group.label}: {group.summary}" for group in view.groups)
        self.summary.show_text("   ·   ".join(parts) if folded else "")
        self.change.setEnabled(view.enabled)
        self._folded.setVisible(folded)
        self.note.setText("" if view.compact else view.note)
        self.note.setVisible(bool(self.note.text()))
        self.setVisible(bool(view.groups or self.note.text()))

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.show_view(NO_CONTEXT_VIEW)

    def set_margin(self, margin: int) -> None:
        """Begin and end where the column of the page does."""
        self._column.setContentsMargins(margin, SPACE.step, margin, SPACE.step)

    def _unfold(self) -> None:
        self._unfolded = True
        self.show_view(self.shown)
        chosen = [button for button in self.rows[0].buttons if button.isChecked()]
        (chosen or self.rows[0].buttons)[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _rebuild(self, view: ContextView) -> None:
        for row in self.rows:
            # Gone in this very frame, not when Qt finds the time.
            row.hide()
            row.setParent(None)
            row.deleteLater()
        self.rows = [ChoiceRow(group) for group in view.groups]
        for position, row in enumerate(self.rows):
            row.chosen.connect(self.context_chosen)
            self._column.insertWidget(position, row)

    def _lay_out(self) -> None:
        line = QHBoxLayout(self._folded)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE.between_targets)
        line.addWidget(self.summary, 1)
        line.addWidget(self.change)
        self._column.addWidget(self._folded)
        self._column.addWidget(self.note)


def _choices(group: GroupView) -> tuple[str, tuple[str, ...]]:
    return group.label, tuple(option.text for option in group.options)
