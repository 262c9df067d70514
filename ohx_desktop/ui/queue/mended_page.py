"""What was decided about a reading, and how far it is: it goes on by itself."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.queue_mended import MendedView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar
from ohx_desktop.ui.widgets.step_list import StepList


class MendedPage(Page):
    """Shows a MendedView."""

    next_patient_requested = Signal()
    queue_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.heading = label(size="heading", wraps=True)
        self.help = label(ink="muted", wraps=True)
        self.message = MessageBar()
        self.steps = StepList()
        self.to_queue = ActionButton(texts.MENDED_TO_QUEUE)
        self.to_queue.clicked.connect(self.queue_requested)
        self.next_patient = ActionButton(texts.NEXT_PATIENT, primary=True)
        self.next_patient.clicked.connect(self.next_patient_requested)
        self._card = Card()
        self._spoken = ""
        self._lay_out()

    def show_view(self, view: MendedView) -> None:
        """Show how far it is."""
        self.heading.setText(view.heading)
        self.help.setText(view.help)
        self.message.show_message(view.message)
        self.steps.show_steps(view.steps)
        spoken = ". ".join([view.heading, *(step.spoken for step in view.steps)])
        if spoken != self._spoken:
            self._spoken = spoken
            announce(self.steps, spoken)

    def take_focus(self) -> None:
        """Rest on the one likely action: people wait."""
        self.next_patient.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self._spoken = ""
        self.heading.setText("")
        self.help.setText("")
        self.message.forget()
        self.steps.forget()

    def _lay_out(self) -> None:
        titles = QVBoxLayout()
        titles.setSpacing(SPACE.step)
        titles.addWidget(self.heading)
        titles.addWidget(self.help)
        body = self._card.body
        body.addWidget(self.message)
        body.addStretch(1)
        body.addWidget(self.steps)
        body.addStretch(2)
        row = self._card.action_row
        row.addWidget(self.to_queue, 0, Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        row.addWidget(self.next_patient)
        self.column.addSpacing(SPACE.margin)
        self.column.addLayout(titles)
        self.column.addWidget(self._card, 1)
        QWidget.setTabOrder(self.next_patient, self.to_queue)
