"""Filed: the reading on its way, in three steps, and the next patient."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.filed import FiledView
from ohx_desktop.ui.models.parts import MessageView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE, TYPE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.message_bar import MessageBar
from ohx_desktop.ui.widgets.step_list import StepList
from ohx_desktop.ui.widgets.value_row import ValueRow


class FiledPage(Page):
    """Shows a FiledView."""

    next_patient_requested = Signal()
    measure_again_requested = Signal()
    wrong_reported = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.values = ValueRow(TYPE.value_least)
        self.steps = StepList()
        self.again = ActionButton(texts.MEASURE_AGAIN)
        self.again.clicked.connect(self.measure_again_requested)
        self.wrong = ActionButton(texts.ENTRY_WRONG)
        self.wrong.clicked.connect(self.wrong_reported)
        self.next_patient = ActionButton(texts.NEXT_PATIENT, primary=True)
        self.next_patient.clicked.connect(self.next_patient_requested)
        self._card = Card()
        self._spoken = ""
        self._has_more = False
        self._lay_out()

    def show_view(self, view: FiledView) -> None:
        """Show how far the reading is."""
        self.values.show_values(view.values)
        self.steps.show_steps(view.steps)
        self.message.show_message(view.message)
        self.again.setText(view.again)
        if view.has_more != self._has_more:
            self._has_more = view.has_more
            self._rank()
            self.take_focus()
        spoken = ". ".join(step.spoken for step in view.steps)
        if spoken != self._spoken:
            self._spoken = spoken
            announce(self.steps, spoken)

    def take_focus(self) -> None:
        """Rest on the one likely action: the next patient, unless this one has another reading."""
        target = self.again if self._has_more else self.next_patient
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def tell(self, message: MessageView) -> None:
        """Say why something was not done."""
        self.message.show_message(message)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._spoken, self._has_more = "", False
        self._rank()
        self.values.show_values(())
        self.steps.forget()
        self.message.forget()

    def _rank(self) -> None:
        """Put the one likely action last and make it the biggest."""
        likely, other = self.next_patient, self.again
        if self._has_more:
            likely, other = other, likely
        likely.set_rank(primary=True)
        other.set_rank(primary=False)
        row = self._card.action_row
        for part in (likely, other):
            row.removeWidget(part)
        row.insertWidget(0, other, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(likely)
        QWidget.setTabOrder(likely, other)
        QWidget.setTabOrder(other, self.wrong)

    def _lay_out(self) -> None:
        body = self._card.body
        body.addWidget(self.message)
        body.addStretch(1)
        body.addWidget(self.values)
        body.addSpacing(SPACE.gap)
        body.addWidget(self.steps)
        body.addStretch(2)
        self._card.action_row.addWidget(self.wrong, 0, Qt.AlignmentFlag.AlignBottom)
        self._card.action_row.addStretch(1)
        self._rank()
        self.column.addWidget(self._card, 1)
