"""A check box as large as its meaning: the comparison with the device's display."""

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox, QSizePolicy

from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.glyph import draw_tick

_BOX = 28
_PAD = SPACE.gap - 2
# Where the sentence begins.
_INDENT = _PAD + _BOX + SPACE.gap - 4


class CheckRow(QCheckBox):
    """A box, a tick and a sentence; the whole row is the target. Enter ticks it, too."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Return the room of box and sentence."""
        width = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(_INDENT + width + SPACE.gap + SPACE.step, SPACE.target + SPACE.step)

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
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        top = (self.height() - _BOX) / 2
        left = self.width() - _BOX - _PAD if self.isRightToLeft() else _PAD
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Dark), 1))
        edge = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(edge, SPACE.radius, SPACE.radius)
        box = QRectF(left, top, _BOX, _BOX)
        accent = palette.color(QPalette.ColorRole.Highlight)
        painter.setPen(
            QPen(accent if self.isChecked() else palette.color(QPalette.ColorRole.Dark), 2)
        )
        painter.setBrush(accent if self.isChecked() else palette.color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(box, 6, 6)
        if self.isChecked():
            tick = QPen(palette.color(QPalette.ColorRole.HighlightedText), 3)
            tick.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(tick)
            draw_tick(painter, box.adjusted(7, 7, -7, -7))
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        start = 0 if self.isRightToLeft() else _INDENT
        room = QRect(start, 0, self.width() - _INDENT, self.height())
        painter.drawText(
            room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading, self.text()
        )
        painter.end()
