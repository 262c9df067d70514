"""A check box as large as its meaning: the comparison with the device's display."""

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy

from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.marked_row import paint_row, row_size

_CORNER = 6


class CheckRow(QCheckBox):
    """A box, a tick and a sentence; the whole row is the target. Enter ticks it, too."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Return the room of box and sentence."""
        return row_size(self, SPACE.target + SPACE.step)

    def minimumSizeHint(self) -> QSize:
        """Return the same: the sentence is never cut."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        """Take a press anywhere in the row."""
        return self.rect().contains(pos)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tick by Enter as by Space."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.isAutoRepeat():
            self.click()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw box, tick and sentence."""
        paint_row(self, corner=_CORNER)
