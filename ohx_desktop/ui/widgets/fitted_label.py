"""A label for a name: one large line, else two smaller ones, else shortened with a mark.

There is room for what the scripts in it need: with the height of the Latin font alone an Arabic yeh
would lose its dots and become another letter.
"""

import math

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy

from ohx_desktop.ui.theme.tokens import TYPE

_LINES = 2
_LEAST_WIDTH = 176


class FittedLabel(QLabel):
    """Draws its text itself; the text stays whole for readers and in the tool tip."""

    # Room above the first line for scripts that rise higher than Latin, in px.
    HEADROOM = 4

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("type", "title")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        """Show another text."""
        self.setText(text)
        self.setToolTip(text)
        self.updateGeometry()

    @property
    def is_shortened(self) -> bool:
        """True where not even two lines hold the text."""
        return self._laid_out(self.text(), self._small()).lineCount() > _LINES

    def sizeHint(self) -> QSize:
        """Return the room of one large line, in the height of what is drawn."""
        width = QFontMetrics(self.font()).horizontalAdvance(self.text())
        return QSize(width + 2, self._height())

    def minimumSizeHint(self) -> QSize:
        """Return the least room that two lines need for a usual name."""
        return QSize(_LEAST_WIDTH, self._height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take another height when the lines change."""
        super().resizeEvent(event)
        self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw one line or two."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        self._shown().draw(painter, QPointF(0, 0))
        painter.end()

    def _shown(self) -> QTextLayout:
        large = self._laid_out(self.text(), self.font())
        if large.lineCount() <= 1:
            return large
        small = self._laid_out(self.text(), self._small())
        if small.lineCount() <= _LINES:
            return small
        last = small.lineAt(_LINES - 1).textStart()
        metrics, mode = QFontMetrics(self._small()), Qt.TextElideMode.ElideRight
        end = metrics.elidedText(self.text()[last:], mode, self.width())
        return self._laid_out(self.text()[:last] + end, self._small())

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(TYPE.text)
        return font

    def _height(self) -> int:
        shown = self._shown()
        lines = range(min(shown.lineCount(), _LINES))
        bottoms = (shown.lineAt(line).y() + shown.lineAt(line).height() for line in lines)
        return math.ceil(max(bottoms, default=QFontMetrics(self.font()).height()))

    def _laid_out(self, text: str, font: QFont) -> QTextLayout:
        layout = QTextLayout(text, font)
        side = Qt.AlignmentFlag.AlignRight if self.isRightToLeft() else Qt.AlignmentFlag.AlignLeft
        option = QTextOption(side | Qt.AlignmentFlag.AlignAbsolute)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        metrics = QFontMetrics(font)
        baseline = self.HEADROOM + metrics.ascent()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(self.width(), 1))
            # One baseline for every script, so that the name stands level with its neighbours.
            line.setPosition(QPointF(0, baseline - line.ascent()))
            baseline += metrics.height()
        layout.endLayout()
        return layout
