"""A label for a name: one large line, else two smaller ones, else shortened with a mark."""

from PySide6.QtCore import QRectF, QSize, Qt
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
        return len(self._lines(self._small())) > _LINES

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the room of one large line, in height of what is drawn."""
        width = QFontMetrics(self._large()).horizontalAdvance(self.text())
        return QSize(width + 2, self._height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the least room that two lines need for a usual name."""
        return QSize(_LEAST_WIDTH, self._height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Take another height when the lines change."""
        super().resizeEvent(event)
        self.updateGeometry()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw one line or two."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        font = self._font()
        metrics = QFontMetrics(font)
        painter.setFont(font)
        align = Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter
        lines = self._lines(font)
        shown = lines[:_LINES]
        if len(lines) > _LINES:
            rest = "".join(lines[_LINES - 1 :])
            shown[-1] = metrics.elidedText(rest, Qt.TextElideMode.ElideRight, self.width())
        option = QTextOption(align)
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        option.setTextDirection(self.layoutDirection())
        for index, line in enumerate(shown):
            room = QRectF(0, index * metrics.height(), self.width(), metrics.height())
            painter.drawText(room, line, option)
        painter.end()

    def _large(self) -> QFont:
        return QFont(self.font())

    def _small(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(TYPE.text)
        return font

    def _font(self) -> QFont:
        large = self._large()
        fits = QFontMetrics(large).horizontalAdvance(self.text()) <= self.width()
        return large if fits else self._small()

    def _height(self) -> int:
        font = self._font()
        lines = min(max(len(self._lines(font)), 1), _LINES)
        return QFontMetrics(font).height() * lines

    def _lines(self, font: QFont) -> list[str]:
        layout = QTextLayout(self.text(), font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        lines = []
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(self.width(), 1))
            lines.append(self.text()[line.textStart() : line.textStart() + line.textLength()])
        layout.endLayout()
        return lines
