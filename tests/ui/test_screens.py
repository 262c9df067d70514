"""Every scene in every theme and size: nothing cut, nothing without a name, nothing too small."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QFontMetricsF
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from ui_stage import Stage
from walk import controls

from ohx_desktop.ui import scenes
from ohx_desktop.ui.gallery import SIZES
from ohx_desktop.ui.shell import dress
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.tokens import COLOURS, SPACE, TYPE, Theme
from ohx_desktop.ui.widgets.fitted_label import FittedLabel
from ohx_desktop.ui.widgets.footer import ElidedLabel
from ohx_desktop.ui.widgets.value_tile import ValueFigures

_EDGE = 16


@pytest.fixture(params=list(Theme), scope="module")
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Theme]:
    dress(qapp, request.param)
    yield request.param
    dress(qapp, Theme.LIGHT)


@pytest.fixture(params=SIZES, ids=lambda size: f"{size.width()}x{size.height()}")
def size(request: pytest.FixtureRequest) -> QSize:
    chosen: QSize = request.param
    return chosen


@pytest.mark.parametrize("name", scenes.SCENES)
def test_a_screen_is_whole(theme: Theme, size: QSize, name: str, staged: Stage) -> None:
    window = staged(scenes.SCENES[name], size)
    assert window.size() == size
    _paints_its_ground(window, theme)
    _cuts_no_text(window)
    _cuts_no_value(window)
    _keeps_off_the_edges(window)
    _uses_few_sizes(window)
    _names_all_controls(window)


def _paints_its_ground(window: StaffWindow, theme: Theme) -> None:
    picture = window.grab().toImage()
    corner = picture.pixelColor(8, picture.height() // 2)
    assert corner == QColor(COLOURS[theme].surface)


def _cuts_no_text(window: StaffWindow) -> None:
    for label in window.findChildren(QLabel):
        if not label.isVisible() or isinstance(label, FittedLabel | ElidedLabel | ValueFigures):
            continue
        if label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
        else:
            assert label.width() >= label.sizeHint().width(), label.text()
            assert label.height() >= label.sizeHint().height(), label.text()


def _cuts_no_value(window: StaffWindow) -> None:
    for figures in window.findChildren(ValueFigures):
        if not figures.isVisible():
            continue
        assert figures.size_px >= TYPE.value_least
        assert figures.width() >= figures.width_at(figures.size_px)
        font = figures.font()
        font.setPixelSize(figures.size_px)
        assert figures.height() >= QFontMetricsF(font).capHeight()
        assert figures.visibleRegion().boundingRect() == figures.rect()


def _keeps_off_the_edges(window: StaffWindow) -> None:
    safe = window.rect().adjusted(_EDGE, 0, -_EDGE, 0)
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and (isinstance(widget, QLabel) or _is_target(widget)):
            place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
            assert safe.contains(place), widget.accessibleName() or type(widget).__name__


def _uses_few_sizes(window: StaffWindow) -> None:
    sizes = {
        label.font().pixelSize()
        for label in window.findChildren(QLabel)
        if label.isVisible() and label.text() and not isinstance(label, ValueFigures)
    }
    values = any(figures.isVisible() for figures in window.findChildren(ValueFigures))
    assert len(sizes) + values <= 3, sizes


def _names_all_controls(window: StaffWindow) -> None:
    found = list(controls(window))
    for control in found:
        assert control.text(QAccessible.Text.Name).strip(), control.role()
        # A check box tells the place of its sentence; what takes the press is the whole row.
        widget = control.object()
        place = widget.rect() if isinstance(widget, QWidget) else control.rect()
        assert min(place.width(), place.height()) >= SPACE.target_least
    assert found or not window.find_patient.isVisible()


def _is_target(widget: QWidget) -> bool:
    return widget.focusPolicy() != Qt.FocusPolicy.NoFocus
