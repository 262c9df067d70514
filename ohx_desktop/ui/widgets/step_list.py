"""The way of a reading in three steps, joined by a line: ✓ Saved, ✓ Sent, ✓ In the chart."""

from itertools import pairwise

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ohx_desktop.ui.models.parts import StepView, Tone
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.glyph import Glyph
from ohx_desktop.ui.widgets.ink import label, restyle

_GLYPH = 40


class Step(QWidget):
    """One step: a large shape, a word, a detail."""

    def __init__(self, view: StepView) -> None:
        super().__init__()
        self.glyph = Glyph(_GLYPH)
        self.word = label(size="title")
        self.detail = label(ink="muted", wraps=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.glyph)
        column.addSpacing(12)
        column.addWidget(self.word)
        column.addWidget(self.detail)
        column.addStretch(1)
        self.show_view(view)

    def show_view(self, view: StepView) -> None:
        """Show where the step is."""
        self.word.setText(view.label)
        self.detail.setText(view.detail)
        self.word.setAccessibleName(view.spoken)
        self.glyph.show_tone(view.tone)
        restyle(self.word, ink="muted" if view.tone is Tone.OPEN else "")


class StepList(QWidget):
    """Steps side by side in reading direction, each as wide as the next."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACE.gap)

    def show_steps(self, views: tuple[StepView, ...]) -> None:
        """Show the steps; widgets are kept where their number is the same."""
        if len(views) != len(self.steps):
            self.forget()
            self.steps = [Step(view) for view in views]
            for step in self.steps:
                self._row.addWidget(step, 1, Qt.AlignmentFlag.AlignTop)
        for step, view in zip(self.steps, views, strict=True):
            step.show_view(view)

    def forget(self) -> None:
        """Show nothing and keep nothing."""
        for step in self.steps:
            step.hide()
            step.setParent(None)
            step.deleteLater()
        self.steps = []

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Join the shapes by a quiet line."""
        painter = QPainter(self)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Mid), 2))
        edges = sorted(
            (glyph.mapTo(self, QPoint(0, glyph.height() // 2)) for glyph in self._glyphs()),
            key=QPoint.x,
        )
        for left, right in pairwise(edges):
            painter.drawLine(left + QPoint(_GLYPH + SPACE.step, 0), right - QPoint(SPACE.step, 0))
        painter.end()

    def _glyphs(self) -> list[Glyph]:
        return [step.glyph for step in self.steps]
