"""The person types their PIN, by keyboard or by the digits on the screen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.staff import PinView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.key_pad import KeyPad
from ohx_desktop.ui.widgets.message_bar import MessageBar

_LONGEST = 12
_FIELD = 320


class PinPage(Page):
    """Shows a PinView; `typed` carries the PIN, `left` that it is somebody else."""

    typed = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.heading = label(size="heading", wraps=True)
        self.help = label(size="body", wraps=True)
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setAccessibleName(texts.PIN_FIELD)
        hints = Qt.InputMethodHint
        self.field.setInputMethodHints(hints.ImhDigitsOnly | hints.ImhHiddenText)
        self.field.setMaxLength(_LONGEST)
        self.field.setFixedWidth(_FIELD)
        self.field.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.pad = KeyPad()
        self.other = ActionButton(texts.PIN_OTHER)
        self.send = ActionButton(texts.PIN_SEND, primary=True)
        self._connect()
        self._lay_out()

    def show_view(self, view: PinView) -> None:
        """Show whose PIN is asked for; what was typed is gone once it was looked at."""
        if view.heading != self.heading.text():
            announce(self.heading, f"{view.heading}. {view.help}", urgent=True)
            self.field.setText("")
        if view.message is not None:
            self.field.setText("")
        self.heading.setText(view.heading)
        self.help.setText(view.help)
        self.send.setText(view.send)
        for part in (self.send, self.pad):
            part.setEnabled(not view.checking)
        self.field.setReadOnly(view.checking)
        self.message.show_message(view.message)
        self.take_focus()

    def take_focus(self) -> None:
        """Rest where the PIN is typed."""
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.heading.setText("")
        self.help.setText("")
        self.field.setText("")
        self.message.forget()

    def _send(self) -> None:
        if not self.field.isReadOnly():
            self.typed.emit(self.field.text())

    def _connect(self) -> None:
        self.field.returnPressed.connect(self._send)
        self.send.clicked.connect(self._send)
        self.other.clicked.connect(self.left)
        self.pad.typed.connect(self.field.insert)
        self.pad.deleted.connect(self.field.backspace)
        self.pad.cleared.connect(lambda: self.field.setText(""))

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(SPACE.gap)
        words.addWidget(self.heading)
        words.addWidget(self.help)
        words.addSpacing(SPACE.gap)
        words.addWidget(self.field)
        words.addWidget(self.send)
        words.addStretch(1)
        beside = QHBoxLayout()
        beside.setSpacing(SPACE.margin * 2)
        beside.addLayout(words)
        beside.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignTop)
        beside.addStretch(1)
        card = Card()
        card.body.addWidget(self.message)
        card.body.addLayout(beside)
        card.body.addStretch(1)
        card.action_row.addWidget(self.other)
        card.action_row.addStretch(1)
        QWidget.setTabOrder(self.field, self.send)
        QWidget.setTabOrder(self.send, self.other)
        self.column.addWidget(card, 1)
