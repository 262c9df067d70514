"""The first frame looks as the system does, says that it starts, and becomes the desk in place."""

from collections.abc import Iterator
from enum import StrEnum

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLabel

from ohx_desktop.desk.states import FindPatient
from ohx_desktop.domain.errors import RadioReason
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import QuantityKind, Unit
from ohx_desktop.ui import texts
from ohx_desktop.ui.shell import dress, open_window
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.preference import theme_of
from ohx_desktop.ui.theme.tokens import COLOURS, Theme


@pytest.fixture
def opened(qapp: QApplication) -> Iterator[StaffWindow]:
    window = open_window(qapp)
    yield window
    window.leave()
    window.deleteLater()
    dress(qapp, Theme.LIGHT)


def _palette(*, ground: str, ink: str) -> QPalette:
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Window, QColor(ground))
    palette.setColor(QPalette.ColorRole.WindowText, QColor(ink))
    return palette


@pytest.mark.parametrize(
    ("ground", "ink", "theme"),
    [
        ("#efefef", "#000000", Theme.LIGHT),
        ("#ffffff", "#1a1a1a", Theme.LIGHT),
        ("#202020", "#ffffff", Theme.DARK),
        ("#000000", "#ffffff", Theme.HIGH_CONTRAST),
        ("#ffffff", "#000000", Theme.HIGH_CONTRAST),
    ],
)
def test_the_first_frame_takes_the_theme_from_the_palette(
    ground: str, ink: str, theme: Theme
) -> None:
    assert theme_of(_palette(ground=ground, ink=ink)) is theme


@pytest.mark.parametrize("theme", Theme)
def test_the_palette_of_a_theme_is_taken_for_that_theme(qapp: QApplication, theme: Theme) -> None:
    dress(qapp, theme)
    assert theme_of(qapp.palette()) is theme
    dress(qapp, Theme.LIGHT)


def test_the_first_frame_says_that_it_starts(opened: StaffWindow) -> None:
    shown = [label.text() for label in opened.findChildren(QLabel) if label.isVisible()]
    assert shown == list(texts.STARTING)
    what = opened.notice.what
    picture = opened.grab(QRect(what.mapTo(opened, QPoint(0, 0)), what.size())).toImage()
    ground, ink = COLOURS[Theme.LIGHT].surface, COLOURS[Theme.LIGHT].text
    seen = {picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}
    assert {QColor(ground).rgb(), QColor(ink).rgb()} <= seen


def test_the_words_stay_where_they_are_when_the_pulse_comes(
    qapp: QApplication, opened: StaffWindow
) -> None:
    before = opened.notice.what.mapTo(opened, QPoint(0, 0))
    opened.show_starting()
    qapp.processEvents()
    assert opened.notice.pulse is not None
    assert opened.notice.pulse.isVisible()
    assert opened.notice.what.mapTo(opened, QPoint(0, 0)) == before


def test_the_desk_takes_the_place_of_the_first_frame(opened: StaffWindow) -> None:
    opened.show_starting()
    opened.show_state(FindPatient())
    assert opened.find_patient.isVisible()
    assert not opened.notice.isVisible()
    assert opened.notice.pulse is not None
    assert not opened.notice.pulse.is_moving


def test_closing_the_first_frame_is_asked_of_the_program(opened: StaffWindow) -> None:
    asked: list[bool] = []
    opened.close_requested.connect(lambda: asked.append(True))
    assert not opened.close()
    assert asked == [True]


def test_a_chosen_theme_outlives_a_change_of_the_system(qapp: QApplication) -> None:
    dress(qapp)
    dress(qapp, Theme.DARK)
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme_of(qapp.palette()) is Theme.DARK
    dress(qapp)
    assert theme_of(qapp.palette()) is Theme.LIGHT
    dress(qapp, Theme.LIGHT)


@pytest.mark.parametrize(
    ("table", "members"),
    [
        (texts.KINDS, QuantityKind),
        (texts.UNITS, Unit),
        (texts.SPOKEN_UNITS, Unit),
        (texts.FLAGS, Flag),
    ],
)
def test_every_member_has_its_words(table: dict[str, str], members: type[StrEnum]) -> None:
    assert set(table) == set(members)


def test_every_known_reason_of_the_radio_has_its_words() -> None:
    assert set(texts.RADIO_ERRORS) == set(RadioReason) - {RadioReason.UNKNOWN}
