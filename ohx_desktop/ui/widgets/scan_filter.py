"""Tell a barcode scanner from a person: it types faster than fingers and ends with Enter.

The Enter of a scan must never press a button: a wristband scanned while values wait would confirm
them. So keys of a burst reach text fields only, and its Enter reaches nobody.
"""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from ohx_desktop.domain.scan_format import GROUP_SEPARATOR, ScanFormat, ScanRefused

# Scanners send a key every 1 to 31 ms; people type at 80 ms and more.
_BURST_GAP_MS = 35
_LEAST_LENGTH = 6


class ScanFilter(QObject):
    """Watches the keys of a window; `scanned` carries what is in a whole scan.

    Its second argument is true where a form is set, so that it is an identifier; without one it
    may be whatever could have been typed. `refused` carries the ScanRefused of another code.
    """

    scanned = Signal(str, bool)
    refused = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._format = ScanFormat()
        self._burst = ""
        self._last_key = QElapsedTimer()
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)

    def set_format(self, scan_format: ScanFormat) -> None:
        """Take scans of this form only."""
        self._format = scan_format

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
            self._tell(scan)
            return True
        if event.text() == GROUP_SEPARATOR and in_burst:
            self._burst += GROUP_SEPARATOR
            return True
        if not event.text().isprintable() or not event.text():
            return False
        self._burst += event.text()
        return in_burst and not isinstance(watched, QLineEdit)

    def _tell(self, scan: str) -> None:
        try:
            identifier = self._format.identifier_in(scan)
        except ScanRefused as error:
            self.refused.emit(error)
            return
        self.scanned.emit(identifier, self._format.is_set)
