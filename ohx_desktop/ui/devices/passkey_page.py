"""The device shows six digits; a person types them here while it waits."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.passkey import PasskeyView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar

# Six digits with room between them; what is longer is no such number.
_LONGEST = 12
_FIELD = 320


class PasskeyPage(Page):
    """Shows a PasskeyView; `typed` carries what was typed, `declined` that there is no number."""

    typed = Signal(str)
    declined = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.heading = label(size="heading", wraps=True)
        self.help = label(size="body", wraps=True)
        self.help.setText(texts.PASSKEY_HELP)
        self.field = QLineEdit()
        self.field.setAccessibleName(texts.PASSKEY_FIELD)
        self.field.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.field.setMaxLength(_LONGEST)
        self.field.setFixedWidth(_FIELD)
        self.field.returnPressed.connect(self._send)
        self.none = ActionButton(texts.PASSKEY_NONE)
        self.none.clicked.connect(self.declined)
        self.send = ActionButton(texts.PASSKEY_SEND, primary=True)
        self.send.clicked.connect(self._send)
        self._lay_out()

    def show_view(self, view: PasskeyView) -> None:
        """Show the question; what is wrong stays in the field to be mended."""
        if view.heading != self.heading.text():
            announce(self.heading, f"{view.heading}. {texts.PASSKEY_HELP}", urgent=True)
            self.field.setText("")
        self.heading.setText(view.heading)
        self.message.show_message(view.message)
        self.take_focus()

    def take_focus(self) -> None:
        """Rest where the number is typed."""
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.heading.setText("")
        self.field.setText("")
        self.message.forget()

    def _send(self) -> None:
        self.typed.emit(self.field.text())

    def _lay_out(self) -> None:
        entry = QHBoxLayout()
        entry.setSpacing(SPACE.between_targets)
        entry.addWidget(self.field)
        entry.addWidget(self.send)
        entry.addStretch(1)
        card = Card()
        card.body.addWidget(self.message)
        card.body.addWidget(self.heading)
        card.body.addWidget(self.help)
        card.body.addLayout(entry)
        card.body.addStretch(1)
        card.action_row.addWidget(self.none)
        card.action_row.addStretch(1)
        QWidget.setTabOrder(self.field, self.send)
        QWidget.setTabOrder(self.send, self.none)
        self.column.addWidget(card, 1)
