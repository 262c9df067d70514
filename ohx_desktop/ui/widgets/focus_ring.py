"""The focus ring: 3 px round whatever has the focus, on every theme, never cut off by a layout.

One overlay on the window instead of a style-sheet border: a border would move the text it surrounds
and vanish against a button of the same colour. Source: WCAG 2.2, 2.4.7 and 2.4.13.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from ohx_desktop.ui.theme.tokens import SPACE

_MOVES = frozenset(
    {
        QEvent.Type.Move,
        QEvent.Type.Resize,
        QEvent.Type.Show,
        QEvent.Type.Hide,
        QEvent.Type.ShowToParent,
        QEvent.Type.HideToParent,
        QEvent.Type.EnabledChange,
    }
)
_REACH = SPACE.focus_ring + SPACE.focus_gap


class FocusRing(QWidget):
    """Follows the focus inside `window`. A widget with its own mark sets `ownFocusMark`."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._watched: list[QWidget] = []
        self._target: QWidget | None = None
        self.setObjectName("focus_ring")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Stay round the target when it or anything it lies in moves."""
        if event.type() in _MOVES:
            self._settle()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), SPACE.focus_ring))
        half = SPACE.focus_ring / 2
        ring = QRectF(self.rect()).adjusted(half, half, -half, -half)
        radius = SPACE.radius + SPACE.focus_gap
        painter.drawRoundedRect(ring, radius, radius)
        painter.end()

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        for widget in self._watched:
            # The focus also moves because a widget is being deleted.
            if isValid(widget):
                widget.removeEventFilter(self)
        self._watched, self._target = [], None
        window = self._window
        if new is not None and window.isAncestorOf(new):
            self._target = new
            while new is not None and new is not window:
                new.installEventFilter(self)
                self._watched.append(new)
                new = new.parentWidget()
        self._settle()

    def _settle(self) -> None:
        target = self._target
        if (
            target is None
            or not isValid(target)
            or not target.isVisible()
            or not _is_marked(target)
        ):
            self.hide()
            return
        corner = target.mapTo(self._window, QPoint(0, 0))
        self.setGeometry(QRect(corner, target.size()).adjusted(-_REACH, -_REACH, _REACH, _REACH))
        self.raise_()
        self.show()


def _is_marked(widget: QWidget) -> bool:
    """Only what takes keys shows a ring: text that holds the focus for a reader does not."""
    return widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not widget.property("ownFocusMark")
