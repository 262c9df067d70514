"""Tell a barcode scanner from a person: it types faster than fingers and ends with Enter.

The Enter of a scan must never press a button: a wristband scanned while values wait would confirm
them. So keys of a burst reach text fields only, and its Enter reaches nobody.
"""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

# Scanners send a key every 1 to 31 ms; people type at 80 ms and more.
_BURST_GAP_MS = 35
_LEAST_LENGTH = 6


class ScanFilter(QObject):
    """Watches the keys of a window; `scanned` carries the text of a whole scan."""

    scanned = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._burst = ""
        self._last_key = QElapsedTimer()
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Swallow what a scan must not press."""
        # Once for each key: only where it is meant to arrive, not on its way through the parents.
        if event.type() != QEvent.Type.KeyPress or watched is not QApplication.focusWidget():
            return False
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        return watched.window() is self._window and self._takes(watched, event)

    def _takes(self, watched: QWidget, event: QKeyEvent) -> bool:
        in_burst = self._last_key.isValid() and not self._last_key.hasExpired(_BURST_GAP_MS)
        self._last_key.start()
        if not in_burst:
            self._burst = ""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            scan, self._burst = self._burst, ""
            if len(scan) < _LEAST_LENGTH:
                return False
            self.scanned.emit(scan)
            return True
        if not event.text().isprintable() or not event.text():
            return False
        self._burst += event.text()
        return in_burst and not isinstance(watched, QLineEdit)
