"""Put a theme on the application: palette, fonts, style sheet.

The fonts are shipped, so that a screen looks the same on every workstation: Inter for Latin, Greek
and Cyrillic, Noto Sans Arabic beside it. Where they are missing the system's own font stands in.
"""

import logging
from functools import cache

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from ohx_desktop.resource_files import resources
from ohx_desktop.ui.theme.stylesheet import style_sheet
from ohx_desktop.ui.theme.tokens import COLOURS, TYPE, Colours, Theme

_LOG = logging.getLogger(__name__)
_FAMILIES = ("Inter", "Noto Sans Arabic")


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Dress the whole application; may be called again when the system's preference changes."""
    colours = COLOURS[theme]
    app.setFont(_font())
    app.setPalette(_palette(colours))
    app.setStyleSheet(style_sheet(colours))


def tabular(font: QFont) -> QFont:
    """Return the font with figures of equal width, so that numbers do not dance."""
    figures = QFont(font)
    figures.setFeature(QFont.Tag.fromString("tnum"), 1)
    return figures


def _font() -> QFont:
    font = QFont()
    font.setFamilies([*_shipped_families(), font.family()])
    font.setPixelSize(TYPE.text)
    return tabular(font)


@cache
def _shipped_families() -> tuple[str, ...]:
    loaded: set[str] = set()
    for path in sorted((resources() / "fonts").glob("*.[ot]tf")):
        font = QFontDatabase.addApplicationFont(str(path))
        if font < 0:
            _LOG.info("font_not_loaded", extra={"file": path.name})
        loaded.update(QFontDatabase.applicationFontFamilies(font))
    return tuple(family for family in _FAMILIES if family in loaded)


def _palette(c: Colours) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: c.surface,
        role.Base: c.raised,
        role.AlternateBase: c.primary_tint,
        role.Button: c.raised,
        role.ToolTipBase: c.raised,
        role.WindowText: c.text,
        role.Text: c.text,
        role.ButtonText: c.text,
        role.ToolTipText: c.text,
        role.PlaceholderText: c.muted,
        role.Highlight: c.primary,
        role.HighlightedText: c.on_primary,
        role.Accent: c.primary,
        role.Link: c.primary,
        role.Mid: c.line,
        role.Dark: c.border,
    }
    palette = QPalette()
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    return palette
