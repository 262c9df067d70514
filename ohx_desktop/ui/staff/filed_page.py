"""Filed: the reading on its way, in three steps, and the next patient."""

from PySide6.QtCore import Qt, Signal

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.filed import FiledView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import TYPE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.ink import restyle
from ohx_desktop.ui.widgets.message_bar import MessageBar
from ohx_desktop.ui.widgets.step_list import StepList
from ohx_desktop.ui.widgets.value_row import ValueRow


class FiledPage(Page):
    """Shows a FiledView."""

    next_patient_requested = Signal()
    measure_again_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.values = ValueRow(TYPE.value_least)
        self.steps = StepList()
        self.again = ActionButton(texts.MEASURE_AGAIN)
        self.again.clicked.connect(self.measure_again_requested)
        self.next_patient = ActionButton(texts.NEXT_PATIENT, primary=True)
        self.next_patient.clicked.connect(self.next_patient_requested)
        self._spoken = ""
        self._has_more = False
        self._lay_out()

    def show_view(self, view: FiledView) -> None:
        """Show how far the reading is."""
        self.values.show_values(view.values)
        self.steps.show_steps(view.steps)
        self.message.show_message(view.message)
        self.again.setText(view.again)
        restyle(self.again, answer="true" if view.has_more else "false")
        if view.has_more != self._has_more:
            self._has_more = view.has_more
            self.take_focus()
        spoken = ". ".join(step.spoken for step in view.steps)
        if spoken != self._spoken:
            self._spoken = spoken
            announce(self.steps, spoken)

    def take_focus(self) -> None:
        """Rest on the one likely action: the next patient, unless this one has another reading."""
        target = self.again if self._has_more else self.next_patient
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._spoken, self._has_more = "", False
        self.values.show_values(())
        self.steps.forget()
        self.message.forget()

    def _lay_out(self) -> None:
        card = Card()
        card.body.addWidget(self.message)
        card.body.addStretch(1)
        card.body.addWidget(self.values)
        card.body.addSpacing(16)
        card.body.addWidget(self.steps)
        card.body.addStretch(2)
        card.action_row.addWidget(self.again, 0, Qt.AlignmentFlag.AlignBottom)
        card.action_row.addStretch(1)
        card.action_row.addWidget(self.next_patient)
        self.column.addWidget(card, 1)
