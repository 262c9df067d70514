"""Waiting for the cuff: a picture, a sentence, nothing to press."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from ohx_desktop.ui.models.waiting import WaitingView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.cuff_picture import CuffPicture
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar

_WORDS = 400


class WaitingPage(Page):
    """Shows a WaitingView."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = CuffPicture()
        self.heading = label(size="heading", wraps=True)
        self.steps = label(size="body", wraps=True)
        self.note = label(ink="muted", wraps=True)
        self.message = MessageBar()
        self._lay_out()

    def show_view(self, view: WaitingView) -> None:
        """Show where the conversation with the cuff is."""
        if view.heading != self.heading.text():
            announce(self.heading, f"{view.heading}. {view.steps}")
        self.heading.setText(view.heading)
        self.steps.setText(view.steps)
        self.note.setText(view.note)
        self.note.setVisible(bool(view.note))
        self.message.show_message(view.message)
        self.picture.set_pulsing(view.pulsing)

    def take_focus(self) -> None:
        """Rest on the heading: nothing here answers to Enter, so a second Enter does no harm."""
        self.heading.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        for part in (self.heading, self.steps, self.note):
            part.setText("")
        self.message.forget()
        self.picture.set_pulsing(False)

    def _lay_out(self) -> None:
        for text in (self.heading, self.steps, self.note):
            text.setFixedWidth(_WORDS)
        words = QVBoxLayout()
        words.setSpacing(SPACE.gap)
        words.addStretch(1)
        words.addWidget(self.heading)
        words.addWidget(self.steps)
        words.addWidget(self.note)
        words.addStretch(1)
        scene = QHBoxLayout()
        scene.setSpacing(SPACE.margin * 2)
        scene.addStretch(1)
        scene.addWidget(self.picture)
        scene.addLayout(words)
        scene.addStretch(1)
        card = Card()
        card.body.addWidget(self.message)
        card.body.addLayout(scene, 1)
        self.column.addWidget(card, 1)
