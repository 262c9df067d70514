"""The page without a patient and without a search: starting, closing, and cannot start.

Its words are the first frame. So nothing here touches the `Qt` namespace before that (see
theme/preference.py): the style sheet centres the words, and what only a later notice has (pulse,
shape, button) is imported and built when one needs it.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.theme.tokens import SPACE

if TYPE_CHECKING:
    from ohx_desktop.ui.models.parts import MessageView
    from ohx_desktop.ui.widgets.action_button import ActionButton
    from ohx_desktop.ui.widgets.pulse import ListeningPulse

_WIDTH = 640
_SHAPE = 96
_GLYPH = 48


class NoticePage(QFrame):
    """One statement in the middle: with a pulse while it is under way, with a button at its end."""

    close_requested = Signal()
    salvage_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("page")
        self.what, self.rest = _words("heading"), _words("body")
        self.pulse: ListeningPulse | None = None
        self.close_button: ActionButton | None = None
        self.salvage_button: ActionButton | None = None
        self._shape, self._action = _Middle(), _Middle()
        # The pulse comes after the first frame; the words do not move for it.
        self._shape.setFixedHeight(_SHAPE)
        self._lay_out()

    def show_words(self, what: str, rest: str) -> None:
        """Say something, and nothing moves."""
        self.what.setText(what)
        self.rest.setText(rest)

    def show_busy(self, what: str, rest: str) -> None:
        """Say what is under way."""
        self._announce(what, rest)
        self._action.release()
        if self.pulse is None:
            from ohx_desktop.ui.widgets.pulse import ListeningPulse

            self.pulse = ListeningPulse()
            self.pulse.setFixedSize(_SHAPE, _SHAPE)
            self._shape.hold(self.pulse)
        self.pulse.set_pulsing(True)

    def show_end(self, view: "MessageView", *, offer_salvage: bool = False) -> None:
        """Say why it cannot go on, and offer to save what is whole of a damaged queue."""
        from PySide6.QtCore import Qt

        from ohx_desktop.ui.widgets.action_button import ActionButton
        from ohx_desktop.ui.widgets.glyph import Glyph

        for part in (self.what, self.rest):
            # These words may come from outside; they are never taken for markup.
            part.setTextFormat(Qt.TextFormat.PlainText)
        self._announce(view.what, view.rest)
        glyph = Glyph(_GLYPH)
        glyph.show_tone(view.tone)
        self._shape.hold(glyph)
        self.pulse = None
        self.close_button = ActionButton(texts.CLOSE, primary=not offer_salvage)
        self.close_button.clicked.connect(self.close_requested)
        buttons = [self.close_button]
        if offer_salvage:
            self.salvage_button = ActionButton(texts.SALVAGE, primary=True)
            self.salvage_button.clicked.connect(self.salvage_requested)
            buttons.append(self.salvage_button)
        self._action.hold(*buttons)
        buttons[-1].setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Rest."""
        if self.pulse is not None:
            self.pulse.set_pulsing(False)

    def _announce(self, what: str, rest: str) -> None:
        from ohx_desktop.ui.widgets.announce import announce

        self.show_words(what, rest)
        announce(self.what, f"{what} {rest}", urgent=True)

    def _lay_out(self) -> None:
        # A widget of fixed width, not aligned labels: those would not grow with their lines.
        frame = QWidget()
        frame.setObjectName("notice")
        frame.setFixedWidth(_WIDTH)
        block = QVBoxLayout(frame)
        block.setContentsMargins(0, 0, 0, 0)
        block.setSpacing(SPACE.gap)
        block.addStretch(2)
        for part in (self._shape, self.what, self.rest):
            block.addWidget(part)
        block.addSpacing(SPACE.gap)
        block.addWidget(self._action)
        block.addStretch(3)
        row = QHBoxLayout(self)
        row.addStretch(1)
        row.addWidget(frame)
        row.addStretch(1)


class _Middle(QWidget):
    """Holds widgets side by side in the middle of its width."""

    def __init__(self) -> None:
        super().__init__()
        self._held: tuple[QWidget, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE.gap)
        self._row.addStretch(1)
        self._row.addStretch(1)

    def hold(self, *widgets: QWidget) -> None:
        """Hold others in the place of those before."""
        self.release()
        self._held = widgets
        for position, widget in enumerate(widgets, 1):
            self._row.insertWidget(position, widget)

    def release(self) -> None:
        """Hold nothing."""
        for widget in self._held:
            widget.hide()
            widget.deleteLater()
        self._held = ()


def _words(size: str) -> QLabel:
    words = QLabel()
    words.setWordWrap(True)
    words.setProperty("type", size)
    return words
