"""Waiting for the device: a picture, a sentence, and nothing to press while somebody listens."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.waiting import WaitingView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.device_picture import DevicePicture
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar

_WORDS = 400


class WaitingPage(Page):
    """Shows a WaitingView."""

    listen_again_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picture = DevicePicture()
        self.heading = label(size="heading", wraps=True)
        self.steps = label(size="body", wraps=True)
        self.note = label(ink="muted", wraps=True)
        self.message = MessageBar()
        self.again = ActionButton(texts.LISTEN_AGAIN, primary=True)
        self.again.clicked.connect(self.listen_again_requested)
        self._lay_out()

    def show_view(self, view: WaitingView) -> None:
        """Show where the conversation with the device is."""
        if view.heading != self.heading.text():
            announce(self.heading, f"{view.heading}. {view.steps}")
        self.heading.setText(view.heading)
        self.steps.setText(view.steps)
        self.note.setText(view.note)
        self.note.setVisible(bool(view.note))
        self.message.show_message(view.message)
        self.picture.show_kind(view.kind)
        self.picture.set_pulsing(view.pulsing)
        # The picture says "measure now", which helps nobody while Bluetooth is missing.
        self.picture.setVisible(view.can_measure)
        self.again.setVisible(view.can_listen_again)
        if view.can_listen_again:
            self.take_focus()

    def take_focus(self) -> None:
        """Rest on the heading, where a second Enter does no harm, or on the one thing to press."""
        target = self.heading if self.again.isHidden() else self.again
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        for part in (self.heading, self.steps, self.note):
            part.setText("")
        self.message.forget()
        self.picture.set_pulsing(False)
        self.again.hide()

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
        card.action_row.addStretch(1)
        card.action_row.addWidget(self.again)
        self.column.addWidget(card, 1)
