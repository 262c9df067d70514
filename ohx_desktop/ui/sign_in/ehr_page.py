"""One button: the EHR signs people in with its own page in the browser."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.staff import EhrView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar
from ohx_desktop.ui.widgets.pulse import ListeningPulse

_PULSE = 160


class EhrPage(Page):
    """Shows an EhrView; signals `requested` and `cancelled`."""

    requested = Signal()
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.heading = label(size="heading", wraps=True)
        self.help = label(size="body", wraps=True)
        self.pulse = ListeningPulse()
        self.pulse.setFixedSize(_PULSE, _PULSE)
        self.sign_in = ActionButton(texts.EHR_SIGN_IN, primary=True)
        self.sign_in.clicked.connect(self.requested)
        self.cancel = ActionButton(texts.EHR_CANCEL)
        self.cancel.clicked.connect(self.cancelled)
        self._lay_out()

    def show_view(self, view: EhrView) -> None:
        """Show that a person may sign in, or that the page is open in the browser."""
        if view.heading != self.heading.text():
            announce(self.heading, f"{view.heading}. {view.help}")
        self.heading.setText(view.heading)
        self.help.setText(view.help)
        self.message.show_message(view.message)
        self.sign_in.setVisible(not view.opened)
        self.cancel.setVisible(view.opened)
        self.pulse.setVisible(view.opened)
        self.pulse.set_pulsing(view.opened)
        self.take_focus()

    def take_focus(self) -> None:
        """Rest on the one thing there is to do."""
        target = self.cancel if self.sign_in.isHidden() else self.sign_in
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.heading.setText("")
        self.help.setText("")
        self.message.forget()
        self.pulse.set_pulsing(False)

    def _lay_out(self) -> None:
        card = Card()
        middle = Qt.AlignmentFlag.AlignHCenter
        for words in (self.heading, self.help):
            words.setAlignment(middle)
        card.body.addWidget(self.message)
        card.body.addStretch(2)
        card.body.addWidget(self.pulse, 0, middle)
        card.body.addWidget(self.heading)
        card.body.addWidget(self.help)
        card.body.addWidget(self.sign_in, 0, middle)
        card.body.addWidget(self.cancel, 0, middle)
        card.body.addStretch(3)
        QWidget.setTabOrder(self.sign_in, self.cancel)
        self.column.addWidget(card, 1)
