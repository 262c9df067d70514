"""Where the administrator begins: what has to be mended, and the two things to look at."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ohx_desktop.desk.admin_states import AdminHome
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.setup import setup_message
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar

# The EHR's set-up and the mapping: no more can be wrong at once.
_PROBLEMS = 2


class HomePage(Page):
    """Shows an AdminHome."""

    check_requested = Signal()
    mapping_requested = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.messages = [MessageBar() for _ in range(_PROBLEMS)]
        self.check = ActionButton(texts.ADMIN_CHECK)
        self.check.clicked.connect(self.check_requested)
        self.mapping = ActionButton(texts.ADMIN_MAPPING)
        self.mapping.clicked.connect(self.mapping_requested)
        self.done = ActionButton(texts.DONE)
        self.done.clicked.connect(self.left)
        self._lay_out()

    def show_state(self, state: AdminHome) -> None:
        """Show what has to be mended."""
        for place, message in enumerate(self.messages):
            message.show_message(setup_message(state.problems[place:], where=False))

    def take_focus(self) -> None:
        """Rest on the first thing to do."""
        self.check.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        for message in self.messages:
            message.forget()

    def _lay_out(self) -> None:
        heading = label(size="heading")
        heading.setText(texts.ADMIN)
        help_text = label(ink="muted", wraps=True)
        help_text.setText(texts.ADMIN_HELP)
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(heading)
        titles.addWidget(help_text)
        card = Card()
        for message in self.messages:
            card.body.addWidget(message)
        for button, words in (
            (self.check, texts.ADMIN_CHECK_HELP),
            (self.mapping, texts.ADMIN_MAPPING_HELP),
        ):
            button.setMinimumWidth(SPACE.column // 4)
            help_line = label(ink="muted", wraps=True)
            help_line.setText(words)
            part = QVBoxLayout()
            part.setSpacing(SPACE.step)
            part.addWidget(button)
            part.addWidget(help_line)
            card.body.addLayout(part)
        card.body.addStretch(1)
        card.action_row.addWidget(self.done)
        card.action_row.addStretch(1)
        QWidget.setTabOrder(self.check, self.mapping)
        QWidget.setTabOrder(self.mapping, self.done)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addWidget(card, 1)
