"""Notice that a person is there: a key, a click, a touch, the mouse; not what they do."""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication

_SIGNS = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.TouchBegin,
        QEvent.Type.Wheel,
    }
)
# A moving mouse sends hundreds of events a second.
_ONCE_IN_MS = 1000


class ActivityWatch(QObject):
    """Signals `noticed` at most once a second. The first sign after a pause is told at once."""

    noticed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._told = QElapsedTimer()
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Tell, and let everything pass."""
        if event.type() in _SIGNS and event.spontaneous():
            self._tell()
        return False

    def _tell(self) -> None:
        if self._told.isValid() and not self._told.hasExpired(_ONCE_IN_MS):
            return
        self._told.start()
        self.noticed.emit()
