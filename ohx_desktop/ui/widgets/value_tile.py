"""A measured value: large tabular figures, the unit smaller beside them, in one run.

It is painted, not laid out, so that figures and unit keep one baseline and one left-to-right run in
every language. It is a QLabel, so that a screen reader finds a text with a name.
"""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from ohx_desktop.ui.models.parts import ValueView
from ohx_desktop.ui.theme.apply import tabular
from ohx_desktop.ui.theme.tokens import TYPE
from ohx_desktop.ui.widgets.ink import label

# Left-to-right isolate and its end.
_RUN, _END = "\u2066", "\u2069"
_GAP_SHARE = 0.12
# Room for the soft edge of the ink.
_SIDE = 1.0
# Large type wants to stand closer than text.
_TIGHT_PERCENT = 97


class ValueFigures(QLabel):
    """Figures and unit at one size; never smaller than its hint, so never cut."""

    def __init__(self, size_px: int = TYPE.value) -> None:
        super().__init__()
        self._size_px = size_px
        self._figures = self._unit = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def size_px(self) -> int:
        """The height of the figures' type, in px."""
        return self._size_px

    def show_figures(self, figures: str, unit: str) -> None:
        """Show a value; the text of the label is the same run."""
        self._figures, self._unit = figures, unit
        self.setText(f"{_RUN}{figures} {unit}{_END}" if figures else "")
        self._changed()

    def set_size(self, size_px: int) -> None:
        """Take another size."""
        if size_px != self._size_px:
            self._size_px = size_px
            self._changed()

    def width_at(self, size_px: int) -> int:
        """Return the width that the whole run needs at a size, in px."""
        figures, unit = self._fonts(size_px)
        unit_width = QFontMetricsF(unit).horizontalAdvance(self._unit)
        return math.ceil(self._unit_offset(figures, size_px) + unit_width + _SIDE)

    def sizeHint(self) -> QSize:
        """Return the room of the whole run."""
        figures, unit = self._fonts(self._size_px)
        ink = _upright(figures)
        below = max(ink.bottom(), QFontMetricsF(unit).descent())
        height = math.ceil(-ink.top() + below + 2 * _SIDE)
        return QSize(self.width_at(self._size_px), height)

    def minimumSizeHint(self) -> QSize:
        """Return the same: a value is never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw figures and unit on one baseline, the ink flush with the label above."""
        figures, unit = self._fonts(self._size_px)
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        left = self.width() - self.width_at(self._size_px) if self.isRightToLeft() else 0
        baseline = _SIDE - _upright(figures).top()
        bearing = QFontMetricsF(figures).tightBoundingRect(self._figures).left()
        painter.setFont(figures)
        painter.drawText(QPointF(left + _SIDE - bearing, baseline), self._figures)
        painter.setFont(unit)
        offset = left + self._unit_offset(figures, self._size_px)
        painter.drawText(QPointF(offset, baseline), self._unit)
        painter.end()

    def _fonts(self, size_px: int) -> tuple[QFont, QFont]:
        figures = tabular(self.font())
        figures.setPixelSize(size_px)
        figures.setWeight(QFont.Weight.DemiBold)
        figures.setLetterSpacing(QFont.SpacingType.PercentageSpacing, _TIGHT_PERCENT)
        unit = QFont(self.font())
        unit.setPixelSize(max(round(size_px * TYPE.unit_share), TYPE.title))
        return figures, unit

    def _unit_offset(self, figures: QFont, size_px: int) -> float:
        metrics = QFontMetricsF(figures)
        bearing = metrics.tightBoundingRect(self._figures).left()
        return _SIDE - bearing + metrics.horizontalAdvance(self._figures) + size_px * _GAP_SHARE

    def _changed(self) -> None:
        self.updateGeometry()
        self.update()


class ValueTile(QWidget):
    """A value under its label."""

    def __init__(self, view: ValueView, *, size_px: int = TYPE.value) -> None:
        super().__init__()
        self.caption = label(ink="muted")
        self.figures = ValueFigures(size_px)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(self.caption)
        column.addWidget(self.figures)
        self.show_view(view)

    def show_view(self, view: ValueView) -> None:
        """Show another value."""
        self.caption.setText(view.label)
        self.figures.show_figures(view.figures, view.unit)
        self.figures.setAccessibleName(view.spoken)


def _upright(figures: QFont) -> QRectF:
    """Return the ink of the tallest run, so that all values stand on one baseline."""
    return QFontMetricsF(figures).tightBoundingRect("0/")
