"""The buttons. The one likely action is the biggest thing on the screen and has the focus.

A primary button does not hear a press in the first moment it is there: a second Enter meant for the
screen before must not confirm values that nobody has seen yet.
"""

from PySide6.QtCore import QElapsedTimer, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy

from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.ink import restyle

# Shorter than reading a value takes, longer than a double click or a bouncing key.
ARMED_AFTER_MS = 500


class ActionButton(QPushButton):
    """A button with `primary` rank or the quiet one. Enter presses it, too."""

    def __init__(self, text: str, *, primary: bool = False) -> None:
        super().__init__(text)
        self._shown = QElapsedTimer()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_rank(primary=primary)

    def set_rank(self, *, primary: bool) -> None:
        """Make it the one likely action, or a quiet one."""
        self._guarded = primary
        restyle(self, primary="true" if primary else "false")
        self.setMinimumWidth(SPACE.column // 4 if primary else 0)
        self.updateGeometry()

    @property
    def is_armed(self) -> bool:
        """True when a press counts."""
        return not self._guarded or (
            self._shown.isValid() and self._shown.hasExpired(ARMED_AFTER_MS)
        )

    def arm_anew(self) -> None:
        """Start the moment of deafness again: what the button acts on has changed."""
        self._shown.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Start the moment of deafness."""
        super().showEvent(event)
        self.arm_anew()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a press only when armed."""
        if self.is_armed:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Enter like Space; a held key presses once."""
        enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if enter or event.key() == Qt.Key.Key_Space:
            event.accept()
            if self.is_armed and not event.isAutoRepeat():
                self.click()
            return
        super().keyPressEvent(event)
