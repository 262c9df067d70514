"""One stage of registering a device: what to do, how far it is, and the ways on."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ohx_desktop.ui.models.devices import EnrolAction, StageView
from ohx_desktop.ui.staff.page import Card, Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.message_bar import MessageBar
from ohx_desktop.ui.widgets.numbered_lines import NumberedLines
from ohx_desktop.ui.widgets.step_list import StepList


class StagePage(Page):
    """Shows a StageView; `requested` carries the EnrolAction of the button pressed."""

    requested = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.message = MessageBar()
        self.heading = label(size="heading", wraps=True)
        self.lines = NumberedLines()
        self.steps = StepList()
        self.other = ActionButton("")
        self.likely = ActionButton("", primary=True)
        self._actions: dict[ActionButton, EnrolAction] = {}
        for button in (self.other, self.likely):
            button.clicked.connect(self._press)
        self._lay_out()

    def show_view(self, view: StageView) -> None:
        """Show a stage; another one takes the focus to its likely action."""
        is_news = view.heading != self.heading.text()
        if is_news:
            announce(self.heading, f"{view.heading}. {' '.join(view.lines)}")
        self.heading.setText(view.heading)
        self.lines.show_lines(view.lines)
        self.steps.show_steps(view.steps)
        self.steps.setVisible(bool(view.steps))
        self.message.show_message(view.message)
        self._offer(self.other, view.other)
        self.likely.setVisible(view.likely is not None)
        if view.likely is not None:
            if is_news:
                self.likely.arm_anew()
            self._offer(self.likely, view.likely)
        if is_news:
            self.take_focus()

    def take_focus(self) -> None:
        """Rest on the one likely action; while there is none, on the heading, not on Cancel."""
        target = self.heading if self.likely.isHidden() else self.likely
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        self.heading.setText("")
        self.lines.show_lines(())
        self.steps.forget()
        self.message.forget()

    def _offer(self, button: ActionButton, offered: tuple[str, EnrolAction]) -> None:
        words, self._actions[button] = offered
        button.setText(words)

    def _press(self) -> None:
        button = self.sender()
        if isinstance(button, ActionButton):
            self.requested.emit(self._actions[button])

    def _lay_out(self) -> None:
        card = Card()
        words = QVBoxLayout()
        words.setSpacing(SPACE.margin)
        words.addWidget(self.heading)
        words.addWidget(self.lines)
        words.addSpacing(SPACE.gap)
        words.addWidget(self.steps)
        card.body.addWidget(self.message)
        card.body.addLayout(words)
        card.body.addStretch(1)
        card.action_row.addWidget(self.other, 0, Qt.AlignmentFlag.AlignBottom)
        card.action_row.addStretch(1)
        card.action_row.addWidget(self.likely)
        QWidget.setTabOrder(self.likely, self.other)
        self.column.addWidget(card, 1)
