"""The pages without a patient and without a search: starting, closing, and cannot start."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import MessageView, Tone
from ohx_desktop.ui.staff.page import Page
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.action_button import ActionButton
from ohx_desktop.ui.widgets.announce import announce
from ohx_desktop.ui.widgets.glyph import Glyph
from ohx_desktop.ui.widgets.ink import label
from ohx_desktop.ui.widgets.pulse import ListeningPulse

_WIDTH = 640


class NoticePage(Page):
    """One statement in the middle: with a pulse while it is under way, with a button at its end."""

    close_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pulse = ListeningPulse()
        self.pulse.setFixedSize(96, 96)
        self.glyph = Glyph(48)
        self.what = label(size="heading", wraps=True)
        self.rest = label(size="body", wraps=True)
        self.close_button = ActionButton(texts.CLOSE, primary=True)
        self.close_button.clicked.connect(self.close_requested)
        self._lay_out()

    def show_busy(self, what: str, rest: str) -> None:
        """Say what is under way."""
        self._say(what, rest)
        self.pulse.show()
        self.pulse.set_pulsing(True)
        self.glyph.hide()
        self.close_button.hide()

    def show_end(self, view: MessageView) -> None:
        """Say why it cannot go on."""
        self._say(view.what, view.rest)
        self.pulse.set_pulsing(False)
        self.pulse.hide()
        self.glyph.show_tone(Tone.STOP)
        self.glyph.show()
        self.close_button.show()
        self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Rest."""
        self.pulse.set_pulsing(False)

    def _say(self, what: str, rest: str) -> None:
        self.what.setText(what)
        self.rest.setText(rest)
        announce(self.what, f"{what} {rest}", urgent=True)

    def _lay_out(self) -> None:
        middle = Qt.AlignmentFlag.AlignHCenter
        # A widget of fixed width, not aligned labels: those would not grow with their lines.
        frame = QWidget()
        frame.setFixedWidth(_WIDTH)
        block = QVBoxLayout(frame)
        block.setContentsMargins(0, 0, 0, 0)
        block.setSpacing(SPACE.gap)
        block.addStretch(2)
        for shape in (self.pulse, self.glyph):
            block.addWidget(shape, 0, middle)
        for text in (self.what, self.rest):
            text.setAlignment(middle)
            block.addWidget(text)
        block.addSpacing(SPACE.gap)
        block.addWidget(self.close_button, 0, middle)
        block.addStretch(3)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(frame)
        row.addStretch(1)
        self.column.addLayout(row, 1)
