"""How a box or a circle and its sentence are drawn: one large target, the mark before the words."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette, QPen
from PySide6.QtWidgets import QAbstractButton

from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.glyph import draw_tick

_MARK = 28
_PAD = SPACE.gap - 2
# Where the sentence begins.
_INDENT = _PAD + _MARK + SPACE.gap - 4


def row_size(button: QAbstractButton, height: int) -> QSize:
    """Return the room of mark and sentence."""
    width = button.fontMetrics().horizontalAdvance(button.text())
    return QSize(_INDENT + width + SPACE.gap + SPACE.step, height)


def paint_row(button: QAbstractButton, *, corner: float) -> None:
    """Draw frame, mark and sentence; `corner` is the radius of the mark in px."""
    painter = QPainter(button)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    palette = button.palette()
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Dark), 1))
    edge = QRectF(button.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
    painter.drawRoundedRect(edge, SPACE.radius, SPACE.radius)
    left = button.width() - _MARK - _PAD if button.isRightToLeft() else _PAD
    mark = QRectF(left, (button.height() - _MARK) / 2, _MARK, _MARK)
    _paint_mark(painter, mark, palette, corner, checked=button.isChecked())
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    start = 0 if button.isRightToLeft() else _INDENT
    room = QRect(start, 0, button.width() - _INDENT, button.height())
    aligned = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading
    painter.drawText(room, aligned, button.text())
    painter.end()


def _paint_mark(
    painter: QPainter, mark: QRectF, palette: QPalette, corner: float, *, checked: bool
) -> None:
    accent = palette.color(QPalette.ColorRole.Highlight)
    ink: QColor = accent if checked else palette.color(QPalette.ColorRole.Dark)
    painter.setPen(QPen(ink, 2))
    painter.setBrush(accent if checked else palette.color(QPalette.ColorRole.Base))
    painter.drawRoundedRect(mark, corner, corner)
    if checked:
        tick = QPen(palette.color(QPalette.ColorRole.HighlightedText), 3)
        tick.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(tick)
        draw_tick(painter, mark.adjusted(7, 7, -7, -7))
