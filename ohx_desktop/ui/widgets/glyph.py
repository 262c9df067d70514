"""The shapes that say a state before its colour does: tick, ring, dot, triangle, octagon."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ohx_desktop.ui.models.parts import Tone
from ohx_desktop.ui.widgets.ink import ink_of, restyle

_OCTAGON = 8


class Glyph(QWidget):
    """A shape of `size_px`. Decoration: the words beside it say the same."""

    def __init__(self, size_px: int = 20, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size_px = size_px
        self._tone = Tone.NEUTRAL
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_tone(self, tone: Tone) -> None:
        """Take the shape and the colour of a tone."""
        self._tone = tone
        restyle(self, ink=ink_of(tone))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the square of the shape."""
        return QSize(self._size_px, self._size_px)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the shape in the widget's ink."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        ground = self.palette().color(QPalette.ColorRole.Base)
        draw_tone(painter, self._tone, QRectF(self.rect()), ink, ground)
        painter.end()


def draw_tone(painter: QPainter, tone: Tone, box: QRectF, ink: QColor, ground: QColor) -> None:
    """Draw the shape of a tone into a square box; `ground` is the colour of what is cut out."""
    unit = box.width() / 20
    body = box.adjusted(unit, unit, -unit, -unit)
    pen = QPen(ink, 2 * unit)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match tone:
        case Tone.OPEN:
            painter.drawEllipse(body.adjusted(unit, unit, -unit, -unit))
        case Tone.NEUTRAL:
            painter.setBrush(ink)
            painter.drawEllipse(body.adjusted(5 * unit, 5 * unit, -5 * unit, -5 * unit))
        case Tone.GOOD:
            painter.setBrush(ink)
            painter.drawEllipse(body.adjusted(unit, unit, -unit, -unit))
            painter.setPen(_cut(pen, ground))
            draw_tick(painter, body.adjusted(4 * unit, 4 * unit, -4 * unit, -4 * unit))
        case Tone.ATTENTION:
            painter.setBrush(ink)
            painter.drawPolygon(_triangle(body, unit))
            painter.setPen(_cut(pen, ground))
            _exclamation(
                painter, body.center().x(), body.top() + 7 * unit, body.bottom() - 4 * unit
            )
        case Tone.STOP:
            painter.setBrush(ink)
            painter.drawPolygon(_octagon(body.adjusted(unit, unit, -unit, -unit)))
            painter.setPen(_cut(pen, ground))
            top, bottom = body.top() + 5 * unit, body.bottom() - 5 * unit
            _exclamation(painter, body.center().x(), top, bottom)


def draw_tick(painter: QPainter, box: QRectF) -> None:
    """Draw a tick with the painter's pen."""
    points = [(0.0, 0.55), (0.35, 0.9), (1.0, 0.15)]
    painter.drawPolyline(
        QPolygonF(
            [QPointF(box.left() + x * box.width(), box.top() + y * box.height()) for x, y in points]
        )
    )


def _cut(pen: QPen, ground: QColor) -> QPen:
    cut = QPen(pen)
    cut.setColor(ground)
    return cut


def _triangle(box: QRectF, unit: float) -> QPolygonF:
    top = QPointF(box.center().x(), box.top() + 1.5 * unit)
    right = QPointF(box.right() - 0.5 * unit, box.bottom() - 1.5 * unit)
    left = QPointF(box.left() + 0.5 * unit, box.bottom() - 1.5 * unit)
    return QPolygonF([top, right, left])


def _octagon(box: QRectF) -> QPolygonF:
    turns = (math.tau * (corner + 0.5) / _OCTAGON for corner in range(_OCTAGON))
    radius = box.width() / 2
    return QPolygonF(
        [box.center() + QPointF(math.cos(turn), math.sin(turn)) * radius for turn in turns]
    )


def _exclamation(painter: QPainter, x: float, top: float, bottom: float) -> None:
    painter.drawLine(QPointF(x, top), QPointF(x, top + (bottom - top) * 0.5))
    painter.drawPoint(QPointF(x, bottom))
