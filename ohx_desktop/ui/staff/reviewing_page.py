"""Reviewing: the values, large; what the cuff said of them; one likely action."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import MessageView, QuestionView
from ohx_desktop.ui.models.review import ReviewView, wrong_patient_question
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.check_row import CheckRow
from ohx_desktop.ui.widgets.flow_layout import FlowLayout
from ohx_desktop.ui.widgets.message_bar import MessageBar
from ohx_desktop.ui.widgets.state_chip import StateChip
from ohx_desktop.ui.widgets.value_row import ValueRow


class ReviewingPage(Page):
    """Shows a ReviewView; `ask` puts a question in the place of the message."""

    confirmed = Signal()
    display_check_changed = Signal(bool)
    measure_again_requested = Signal()
    wrong_patient_reported = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._on_yes: Callable[[], None] | None = None
        self._view: ReviewView | None = None
        self.message = MessageBar()
        self.message.accepted.connect(self._accept)
        self.message.declined.connect(self.keep_reading)
        self.values = ValueRow()
        self.chips = FlowLayout()
        self.check = CheckRow()
        self.check.clicked.connect(self.display_check_changed)
        self.again = ActionButton(texts.MEASURE_AGAIN)
        self.again.clicked.connect(self.measure_again_requested)
        self.wrong = ActionButton(texts.NOT_THIS_PATIENT)
        self.wrong.clicked.connect(self._ask_wrong_patient)
        self.confirm = ActionButton(texts.CONFIRM, primary=True)
        self.confirm.clicked.connect(self.confirmed)
        self._lay_out()

    @property
    def is_asking(self) -> bool:
        """True while a question stands."""
        return self.message.is_asking

    @property
    def is_here_only(self) -> bool:
        """True while leaving would lose the reading."""
        return self._view is not None and self._view.is_here_only

    def show_view(self, view: ReviewView) -> None:
        """Show a reading. Another reading takes back a question that stood."""
        before, self._view = self._view, view
        other = before is None or before.values != view.values
        if other:
            announce(self.values, ". ".join(value.spoken for value in view.values))
            self.confirm.arm_anew()
        self.values.show_values(view.values)
        if before is None or before.chips != view.chips:
            self.chips.clear()
            for chip in view.chips:
                self.chips.addWidget(StateChip(chip))
        self.check.setVisible(view.check is not None)
        self.check.setText(view.check or "")
        self.check.setChecked(view.checked)
        self.check.setEnabled(not view.saving)
        self.again.setEnabled(not view.saving)
        self.wrong.setEnabled(not view.saving)
        self._name_confirm(view)
        self.confirm.setEnabled(view.can_confirm)
        if other or not self.is_asking:
            self.message.show_message(view.message)
        if not self.is_asking and (before is None or _rests(before) != _rests(view)):
            self.take_focus()

    def take_focus(self) -> None:
        """Rest on the one likely action: first the comparison, then confirming."""
        target = self.confirm if self.confirm.isEnabled() else self.check
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def ask(self, question: QuestionView, on_yes: Callable[[], None]) -> None:
        """Ask in place; `on_yes` runs when the person goes on all the same."""
        self._on_yes = on_yes
        self.message.ask(question)

    def tell(self, message: MessageView) -> None:
        """Say something in the place of the message."""
        self.message.show_message(message)

    def keep_reading(self) -> None:
        """Take the question back."""
        self._on_yes = None
        self.message.show_message(self._view.message if self._view else None)
        self.take_focus()

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._on_yes = self._view = None
        self.message.forget()
        self.values.show_values(())
        self.chips.clear()
        self.check.setText("")
        self.check.setChecked(False)

    def _accept(self) -> None:
        on_yes, self._on_yes = self._on_yes, None
        self.message.forget()
        if on_yes is not None:
            on_yes()

    def _name_confirm(self, view: ReviewView) -> None:
        hint = "" if view.saving else f"   {texts.ENTER_KEY}"
        self.confirm.setText(view.confirm + hint)
        self.confirm.setAccessibleName(view.confirm)

    def _ask_wrong_patient(self) -> None:
        question = wrong_patient_question(is_here_only=self.is_here_only)
        self.ask(question, self.wrong_patient_reported.emit)

    def _lay_out(self) -> None:
        card = Card()
        card.body.addWidget(self.message)
        card.body.addStretch(1)
        card.body.addWidget(self.values)
        card.body.addLayout(self.chips)
        card.body.addWidget(self.check)
        card.body.addStretch(2)
        card.action_row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignBottom)
        card.action_row.addWidget(self.wrong, 0, Qt.AlignmentFlag.AlignBottom)
        card.action_row.addStretch(1)
        card.action_row.addWidget(self.confirm)
        self.column.addWidget(card, 1)


def _rests(view: ReviewView) -> tuple[bool, bool]:
    return view.can_confirm, view.saving
