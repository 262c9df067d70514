"""A person types the PIN or passphrase of the workstation, by keyboard or by the digits shown."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ohx_desktop.desk.unlock_states import AskingKeyPin
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.unlock import unlock_view
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.key_pad import KeyPad
from ohx_desktop.ui.widgets.message_bar import MessageBar

_LONGEST = 128
_FIELD = 440


class UnlockPage(Page):
    """Shows an AskingKeyPin; `typed` carries what is in both fields."""

    typed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.heading = label(size="heading", wraps=True)
        self.help = label(size="body", wraps=True)
        self.field, self.again = _field(texts.UNLOCK_FIELD), _field(texts.UNLOCK_AGAIN)
        self.again_label = label(ink="muted")
        self.again_label.setText(texts.UNLOCK_AGAIN)
        self.pad = KeyPad()
        self.send = ActionButton(texts.UNLOCK[2], primary=True)
        self._connect()
        self._lay_out()

    def show_state(self, state: AskingKeyPin) -> None:
        """Show what is asked for; what was typed is gone once it was looked at."""
        view = unlock_view(state)
        if view.heading != self.heading.text():
            announce(self.heading, f"{view.heading}. {view.help}", urgent=True)
        if view.message is not None:
            self._clear()
        self.heading.setText(view.heading)
        self.help.setText(view.help)
        self.send.setText(view.send)
        for asked_again in (self.again, self.again_label):
            asked_again.setVisible(view.asks_twice)
        for pressed in (self.send, self.pad):
            pressed.setEnabled(not view.checking)
        for field in (self.field, self.again):
            field.setReadOnly(view.checking)
        self.message.show_message(view.message)
        if not view.checking:
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._clear()
        self.heading.setText("")
        self.help.setText("")
        self.message.forget()

    def _clear(self) -> None:
        for field in (self.field, self.again):
            field.setText("")

    def _send(self) -> None:
        if not self.field.isReadOnly():
            self.typed.emit(self.field.text(), self.again.text())

    def _enter(self) -> None:
        """Enter in the first field goes on to the second, where there is one."""
        if self.again.isVisible() and not self.again.text():
            self.again.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._send()

    def _in_hand(self) -> QLineEdit:
        return self.again if self.again.hasFocus() else self.field

    def _connect(self) -> None:
        self.field.returnPressed.connect(self._enter)
        self.again.returnPressed.connect(self._send)
        self.send.clicked.connect(self._send)
        self.pad.typed.connect(lambda digit: self._in_hand().insert(digit))
        self.pad.deleted.connect(lambda: self._in_hand().backspace())
        self.pad.cleared.connect(lambda: self._in_hand().setText(""))

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(SPACE.gap)
        words.addWidget(self.heading)
        words.addWidget(self.help)
        words.addSpacing(SPACE.gap)
        words.addWidget(self.field)
        words.addWidget(self.again_label)
        words.addWidget(self.again)
        words.addWidget(self.send)
        words.addStretch(1)
        beside = QHBoxLayout()
        beside.setSpacing(SPACE.margin * 2)
        beside.addLayout(words, 1)
        beside.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignTop)
        card = Card()
        card.body.addWidget(self.message)
        card.body.addLayout(beside)
        card.body.addStretch(1)
        QWidget.setTabOrder(self.field, self.again)
        QWidget.setTabOrder(self.again, self.send)
        self.column.addWidget(card, 1)


def _field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    field.setInputMethodHints(Qt.InputMethodHint.ImhHiddenText)
    field.setMaxLength(_LONGEST)
    field.setFixedWidth(_FIELD)
    field.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
    return field
