"""From nothing to the first frame: the application, the theme, the window that says "Starting".

Only Qt and the theme are needed for it. Everything heavy (Bluetooth, HTTP, FHIR, the keyring) is
imported after the first frame, off the loop.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.apply import apply_theme, system_theme
from ohx_desktop.ui.theme.motion import does_system_reduce_motion, reduce_motion
from ohx_desktop.ui.theme.tokens import Theme


def create_application(argv: Sequence[str] | None = None) -> QApplication:
    """Return the one application of this process, made now if there is none."""
    existing = QApplication.instance()
    app = (
        existing
        if isinstance(existing, QApplication)
        else QApplication(list(sys.argv if argv is None else argv))
    )
    app.setApplicationName("ohx-desktop")
    app.setApplicationDisplayName(texts.APPLICATION)
    app.setQuitOnLastWindowClosed(False)
    return app


def dress(app: QApplication, theme: Theme | None = None) -> None:
    """Apply a theme; without one, the system's preference, now and whenever it changes."""
    reduce_motion(reduced=does_system_reduce_motion())
    if theme is not None:
        apply_theme(app, theme)
        return
    hints = app.styleHints()
    accessibility = hints.accessibility()

    def follow() -> None:
        apply_theme(app, system_theme(app))

    hints.colorSchemeChanged.connect(follow)
    accessibility.contrastPreferenceChanged.connect(follow)
    follow()


def open_window(app: QApplication, theme: Theme | None = None) -> StaffWindow:
    """Return the window with its first frame already painted, saying that it starts."""
    dress(app, theme)
    window = StaffWindow()
    window.show()
    app.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    return window


def grab(window: QWidget, path: Path) -> None:
    """Write what the window shows as a PNG file. Raises OSError when it cannot be written."""
    if not window.grab().save(str(path), "PNG"):
        raise OSError("the picture could not be written")
