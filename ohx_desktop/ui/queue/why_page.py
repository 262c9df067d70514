"""Why a reading is put right or given up: a reason, then a yes to what comes of it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from ohx_desktop.desk.queue_states import Reason
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.queue_entry import WhyView
from ohx_desktop.ui.queue.seen_reading import SeenReading
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.ink import label, restyle
from ohx_desktop.ui.widgets.message_bar import MessageBar

_BESIDE = 2


class WhyPage(Page):
    """Shows a WhyView. `reason_given` carries the Reason."""

    reason_given = Signal(object)
    accepted = Signal()
    declined = Signal()
    cancel_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heading = label(size="heading", wraps=True)
        self.entry = label(ink="muted", wraps=True)
        self.seen = SeenReading()
        self.message = MessageBar()
        self.message.accepted.connect(self.accepted)
        self.message.declined.connect(self.declined)
        self.reasons: list[ActionButton] = []
        self.back = ActionButton(texts.GO_BACK)
        self.back.clicked.connect(self.declined)
        self.cancel = ActionButton(texts.CANCEL)
        self.cancel.clicked.connect(self.cancel_requested)
        self._shown: tuple[tuple[Reason, str], ...] = ()
        self.help = label(ink="muted", wraps=True)
        self.help.setText(texts.WHY_HELP)
        self._place = QWidget()
        self._tiles = QGridLayout(self._place)
        self._card = Card()
        self._lay_out()

    @property
    def is_asking(self) -> bool:
        """True while a yes would carry it out."""
        return self.message.is_asking

    def show_view(self, view: WhyView) -> None:
        """Show the reasons, or the question after one of them."""
        was_asking, was_busy = self.is_asking, self.cancel.isVisible()
        self.heading.setText(view.heading)
        self.entry.setText(view.entry)
        self.seen.show_view(view.seen)
        self._show_reasons(view.reasons)
        # One thing a screen: what was chosen stands in the question.
        is_choosing = view.question is None and not view.busy
        for part in (self.help, self._place):
            part.setVisible(is_choosing)
        self.back.setVisible(is_choosing)
        self.cancel.setVisible(view.busy)
        if view.question is None:
            self.message.show_message(view.message)
        elif not was_asking or self.message.what.text() != view.question.message.what:
            self.message.ask(view.question)
        if view.busy and not was_busy:
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        elif view.question is None and not view.busy and (was_asking or was_busy):
            self.take_focus()

    def take_focus(self) -> None:
        """Rest on the first reason, by which alone nothing happens, or on the safe answer."""
        target = self.message.no if self.is_asking else (self.reasons or [self.back])[0]
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.heading.setText("")
        self.entry.setText("")
        self.seen.show_view(None)
        self.message.forget()
        self.cancel.hide()

    def _show_reasons(self, reasons: Sequence[tuple[Reason, str]]) -> None:
        if tuple(reasons) == self._shown:
            return
        self._shown = tuple(reasons)
        for button in self.reasons:
            button.hide()
            button.setParent(None)
            button.deleteLater()
        self.reasons = [self._tile(*choice, place) for place, choice in enumerate(reasons)]
        previous: QWidget | None = None
        for button in (*self.reasons, self.back):
            if previous is not None:
                QWidget.setTabOrder(previous, button)
            previous = button

    def _tile(self, reason: Reason, words: str, place: int) -> ActionButton:
        button = ActionButton(words)
        restyle(button, tile="true")
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setMinimumHeight(SPACE.target_primary)
        button.clicked.connect(lambda _=False, reason=reason: self.reason_given.emit(reason))
        self._tiles.addWidget(button, place // _BESIDE, place % _BESIDE)
        # Now, not with the next layout: it is to take the focus.
        button.show()
        return button

    def _lay_out(self) -> None:
        self._tiles.setContentsMargins(0, 0, 0, 0)
        self._tiles.setSpacing(SPACE.between_targets)
        for column in range(_BESIDE):
            self._tiles.setColumnStretch(column, 1)
        body = self._card.body
        for part in (self.seen, self.help, self._place):
            body.addWidget(part)
        body.addStretch(1)
        row = self._card.action_row
        row.addWidget(self.back, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        row.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignBottom)
        self.cancel.hide()
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(self.heading)
        titles.addWidget(self.entry)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addWidget(self.message)
        self.column.addWidget(self._card, 1)
