"""Names that the style sheet selects by: set on a widget, and taken up at once when they change."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from ohx_desktop.ui.models.parts import Tone

# The colour of a tone. Text keeps the normal ink; only the shape beside it is coloured.
_INKS = {
    Tone.NEUTRAL: "muted",
    Tone.GOOD: "good",
    Tone.OPEN: "muted",
    Tone.ATTENTION: "attention",
    Tone.STOP: "stop",
}


def restyle(widget: QWidget, **names: str) -> None:
    """Set style-sheet properties; the style is worked out again only where one changed."""
    changed = False
    for name, value in names.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            changed = True
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def ink_of(tone: Tone) -> str:
    """Return the style-sheet name of a tone's colour."""
    return _INKS[tone]


def label(*, size: str = "", ink: str = "", wraps: bool = False) -> QLabel:
    """Return a label for plain text; its text comes from outside and is never taken for markup."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    if size:
        made.setProperty("type", size)
    if ink:
        made.setProperty("ink", ink)
    return made
