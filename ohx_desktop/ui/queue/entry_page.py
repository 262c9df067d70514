"""One entry of the queue: why it is where it is, and what can be done about it."""

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ohx_desktop.desk.queue_states import Act
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.queue_entry import EntryView
from ohx_desktop.ui.queue.seen_reading import SeenReading
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.glyph import Glyph
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar

_GLYPH = 32


class EntryPage(Page):
    """Shows an EntryView."""

    retry_requested = Signal()
    correct_requested = Signal()
    discard_requested = Signal()
    look_requested = Signal()
    hide_requested = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.glyph = Glyph(_GLYPH)
        self.title = label(size="heading", wraps=True)
        self.message = MessageBar()
        self.facts = label(wraps=True)
        self.seen = SeenReading()
        self.back = ActionButton(texts.GO_BACK)
        self.back.clicked.connect(self.left)
        self.look = ActionButton(texts.ENTRY_LOOK)
        self.look.clicked.connect(self._look)
        self.discard = ActionButton(texts.ENTRY_DISCARD)
        self.discard.clicked.connect(self.discard_requested)
        self.correct = ActionButton(texts.ENTRY_WRONG)
        self.correct.clicked.connect(self.correct_requested)
        self.retry = ActionButton(texts.ENTRY_RETRY)
        self.retry.clicked.connect(self.retry_requested)
        self._card = Card()
        self._likely: Act | None = None
        self._is_seen = False
        self._lay_out()

    def show_view(self, view: EntryView) -> None:
        """Show the entry as it is now; the focus stays where it is while that is there."""
        self.title.setText(view.title)
        self.glyph.show_tone(view.tone)
        self.message.show_message(view.message)
        self.facts.setText("\n".join(view.lines))
        self.facts.setAccessibleName(f"{texts.ENTRY_FACTS}: {' '.join(view.lines)}")
        self._is_seen = view.seen is not None
        self.seen.show_view(view.seen)
        self.look.setText(texts.ENTRY_HIDE if self._is_seen else texts.ENTRY_LOOK)
        self.retry.setText(view.retry)
        self.discard.setText(view.discard)
        self._rank(view.likely)
        had_focus = any(button.hasFocus() for button in self._buttons())
        for act, button in self._acts():
            button.setVisible(act in view.acts)
            button.setEnabled(not view.busy)
        if had_focus and not any(button.hasFocus() for button in self._buttons()):
            self.take_focus()

    def take_focus(self) -> None:
        """Rest on the one likely action; it does nothing that is not asked about once more."""
        buttons = dict(self._acts())
        likely = buttons[self._likely] if self._likely is not None else self.back
        target = likely if likely.isEnabled() else self.back
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._is_seen = False
        for part in (self.title, self.facts):
            part.setText("")
        self.facts.setAccessibleName("")
        self.message.forget()
        self.seen.show_view(None)

    def _acts(self) -> tuple[tuple[Act, ActionButton], ...]:
        return (
            (Act.LOOK, self.look),
            (Act.DISCARD, self.discard),
            (Act.CORRECT, self.correct),
            (Act.RETRY, self.retry),
        )

    def _buttons(self) -> tuple[ActionButton, ...]:
        return (self.back, *(button for _, button in self._acts()))

    def _rank(self, likely: Act | None) -> None:
        """Make the one likely action the biggest."""
        if likely is self._likely:
            return
        self._likely = likely
        for act, button in self._acts():
            button.set_rank(primary=act is likely)

    def _look(self) -> None:
        if self._is_seen:
            self.hide_requested.emit()
        else:
            self.look_requested.emit()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(SPACE.gap)
        head.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.title, 1)
        body = self._card.body
        for part in (self.message, self.facts, self.seen, self.look):
            body.addWidget(part)
        body.addStretch(1)
        row = self._card.action_row
        row.addWidget(self.back, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        for button in (self.discard, self.correct, self.retry):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(head)
        self.column.addWidget(self._card, 1)
        order = (self.retry, self.correct, self.discard, self.look, self.back)
        for first, then in pairwise(order):
            QWidget.setTabOrder(first, then)
