"""The theme a person asked the whole system for.

Asking exactly makes PySide build every enumeration of the `Qt` namespace, a fifth of the time a
bare window takes to open. So the first frame is dressed by the palette, which follows the system.
"""

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from ohx_desktop.ui.theme.tokens import Theme

_EXTREMES = {"#000000", "#ffffff"}


def theme_of(palette: QPalette) -> Theme:
    """Return the theme that is most like a palette."""
    ground, ink = palette.window().color(), palette.windowText().color()
    if {ground.name(), ink.name()} == _EXTREMES:
        return Theme.HIGH_CONTRAST
    return Theme.DARK if ground.lightness() < ink.lightness() else Theme.LIGHT


def system_theme(app: QApplication) -> Theme:
    """Return the theme that the system's own preferences ask for."""
    from PySide6.QtCore import Qt

    hints = app.styleHints()
    # Held in a variable: the chained form raises "C++ object already deleted".
    accessibility = hints.accessibility()
    if accessibility.contrastPreference() is Qt.ContrastPreference.HighContrast:
        return Theme.HIGH_CONTRAST
    return Theme.DARK if hints.colorScheme() is Qt.ColorScheme.Dark else Theme.LIGHT
