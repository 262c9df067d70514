"""What happened, what it means, what to do: in its place on the screen, with or without answers."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from ohx_desktop.ui.models.parts import MessageView, QuestionView
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.glyph import Glyph
from ohx_desktop.ui.widgets.ink import label, restyle


class MessageBar(QFrame):
    """Hidden while there is nothing to say. Signals `accepted` and `declined` answer a question."""

    accepted = Signal()
    declined = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("message_bar")
        self.glyph = Glyph(24)
        self.what = label(size="strong", wraps=True)
        self.rest = label(wraps=True)
        self.no = ActionButton("")
        self.yes = ActionButton("")
        self.no.setProperty("answer", "true")
        self.no.clicked.connect(self.declined)
        self.yes.clicked.connect(self.accepted)
        self._lay_out()
        self.forget()

    @property
    def is_asking(self) -> bool:
        """True while a question stands."""
        return not self.isHidden() and not self.no.isHidden()

    def show_message(self, view: MessageView | None) -> None:
        """Show a message, or nothing."""
        if view is None:
            self.forget()
            return
        self._show(view, asking=False)

    def ask(self, view: QuestionView) -> None:
        """Ask, with the focus on the safe answer."""
        self.no.setText(view.no)
        self.yes.setText(view.yes)
        self._show(view.message, asking=True)
        self.no.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        for part in (self.what, self.rest, self.no, self.yes):
            part.setText("")
        self.hide()

    def _show(self, view: MessageView, *, asking: bool) -> None:
        news = self.isHidden() or self.what.text() != view.what
        self.what.setText(view.what)
        self.rest.setText(view.rest)
        self.no.setVisible(asking)
        self.yes.setVisible(asking)
        self.glyph.show_tone(view.tone)
        restyle(self, tone=view.tone.value)
        self.show()
        if news:
            announce(self, f"{view.what} {view.rest}", urgent=True)

    def _lay_out(self) -> None:
        sentences = QVBoxLayout()
        sentences.setSpacing(4)
        sentences.addWidget(self.what)
        sentences.addWidget(self.rest)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.gap, SPACE.gap, SPACE.gap, SPACE.gap)
        row.setSpacing(SPACE.gap)
        row.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(sentences, 1)
        row.addWidget(self.yes)
        row.addWidget(self.no)
