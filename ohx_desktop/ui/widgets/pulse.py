"""A calm pulse while somebody is listened to: rings that come from the middle and fade."""

from PySide6.QtCore import QBasicTimer, QElapsedTimer, QPointF, Qt, QTimerEvent
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPalette, QPen, QShowEvent
from PySide6.QtWidgets import QStyle, QWidget

from ohx_desktop.ui.theme.motion import is_motion_reduced
from ohx_desktop.ui.theme.tokens import PULSE_PERIOD_MS

_FRAME_MS = 40
_RINGS = 3
_INNER, _OUTER = 0.42, 0.98
_STRONGEST = 0.55
# Where the rings stand without motion.
_STILL = 0.35


class ListeningPulse(QWidget):
    """Rings in the accent colour. They stand still where the system asks for less motion."""

    def __init__(self, *, centre: QPointF | None = None) -> None:
        super().__init__()
        self._centre = centre or QPointF(0.5, 0.5)
        self._timer, self._clock = QBasicTimer(), QElapsedTimer()
        self._wanted = False
        self._moving: bool | None = None

    @property
    def is_moving(self) -> bool:
        """True while rings move."""
        return self._timer.isActive()

    def set_motion(self, *, moving: bool | None) -> None:
        """Overrule the system's preference; None follows it."""
        self._moving = moving
        self._settle()

    def set_pulsing(self, pulsing: bool) -> None:
        """Start or end the pulse."""
        if pulsing != self._wanted:
            self._wanted = pulsing
            self._settle()

    def showEvent(self, event: QShowEvent) -> None:
        """Move only while seen."""
        super().showEvent(event)
        self._settle()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while unseen."""
        super().hideEvent(event)
        self._timer.stop()

    def timerEvent(self, event: QTimerEvent) -> None:
        """Draw the next frame."""
        if event.timerId() == self._timer.timerId():
            self.update()
        else:
            super().timerEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the rings."""
        if not self._wanted:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        phase = (self._clock.elapsed() % PULSE_PERIOD_MS) / PULSE_PERIOD_MS
        phase = phase if self.is_moving else _STILL
        middle = QPointF(self._centre.x() * self.width(), self._centre.y() * self.height())
        reach = min(middle.x(), middle.y(), self.width() - middle.x(), self.height() - middle.y())
        for ring in range(_RINGS):
            share = (phase + ring / _RINGS) % 1.0
            ink = self.palette().color(QPalette.ColorRole.Highlight)
            ink.setAlphaF(_STRONGEST * (1 - share) * min(share * 6, 1))
            painter.setPen(QPen(ink, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            radius = reach * (_INNER + (_OUTER - _INNER) * share)
            painter.drawEllipse(middle, radius, radius)
        painter.end()

    def _settle(self) -> None:
        if self._wanted and self.isVisible() and self._may_move():
            if not self._timer.isActive():
                self._clock.start()
                self._timer.start(_FRAME_MS, self)
        else:
            self._timer.stop()
        self.update()

    def _may_move(self) -> bool:
        if self._moving is not None:
            return self._moving
        hint = QStyle.StyleHint.SH_Widget_Animation_Duration
        return not is_motion_reduced() and self.style().styleHint(hint, None, self) > 0
