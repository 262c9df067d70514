"""From nothing to the first frame: the application, the theme, the window that says "Starting".

Only Qt's widgets, the theme and a few words are needed for it. Everything else is imported after
it: the desk's pages, Bluetooth, HTTP, FHIR, the keyring.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication, QWidget

from ohx_desktop.ui import texts
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.apply import apply_theme
from ohx_desktop.ui.theme.motion import does_system_reduce_motion, reduce_motion
from ohx_desktop.ui.theme.preference import system_theme, theme_of
from ohx_desktop.ui.theme.tokens import Theme

_NAME = "ohx-desktop"
# The theme somebody chose, kept on the application; empty: the system's.
_CHOSEN = "chosenTheme"


def create_application(argv: Sequence[str] | None = None) -> QApplication:
    """Return the one application of this process, made now if there is none."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        app = existing
    else:
        program, *arguments = (sys.argv if argv is None else argv) or [_NAME]
        # Named at birth: setting it later makes a style for nothing.
        app = QApplication([program, *arguments, "-style", "Fusion"])
    app.setApplicationName(_NAME)
    app.setApplicationDisplayName(texts.APPLICATION)
    app.setQuitOnLastWindowClosed(False)
    return app


def open_window(app: QApplication, theme: Theme | None = None) -> StaffWindow:
    """Return the window with its first frame already painted, saying that it starts.

    Without a theme it looks as the system does. `dress` then asks exactly, and keeps asking.
    """
    apply_theme(app, theme or theme_of(app.palette()))
    window = StaffWindow()
    window.show()
    app.processEvents(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    return window


def dress(app: QApplication, theme: Theme | None = None) -> None:
    """Apply a theme; without one, the system's preference, now and whenever it changes."""
    reduce_motion(reduced=does_system_reduce_motion())
    is_following = app.property(_CHOSEN) is not None
    app.setProperty(_CHOSEN, theme.value if theme else "")
    if not is_following:
        _follow_system(app)
    apply_theme(app, theme or system_theme(app))


def _follow_system(app: QApplication) -> None:
    def follow() -> None:
        if not app.property(_CHOSEN):
            apply_theme(app, system_theme(app))

    hints = app.styleHints()
    accessibility = hints.accessibility()
    hints.colorSchemeChanged.connect(follow)
    accessibility.contrastPreferenceChanged.connect(follow)


def grab(window: QWidget, path: Path) -> None:
    """Write what the window shows as a PNG file. Raises OSError when it cannot be written."""
    if not window.grab().save(str(path), "PNG"):
        raise OSError("the picture could not be written")
