"""Closing, errors in place, names of every script, both directions of writing."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QSize, Qt
from pytestqt.qtbot import QtBot
from ui_stage import Stage

from ohx_desktop.desk.states import Filed, FindPatient, QueueSummary, Reviewing, Waiting
from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.domain.patient import Patient
from ohx_desktop.ui import scenes
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.tokens import SPACE
from ohx_desktop.ui.widgets.value_tile import ValueFigures


def _values(window: StaffWindow) -> list[ValueFigures]:
    return [tile.figures for tile in window.reviewing.values.tiles]


def test_closing_is_refused_while_a_reading_is_unconfirmed(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    with qtbot.assertNotEmitted(window.close_requested):
        assert not window.close()
    assert window.isVisible()
    assert window.reviewing.is_asking
    window.reviewing.message.no.click()
    assert not window.reviewing.is_asking
    window.close()
    with qtbot.waitSignal(window.close_requested):
        window.reviewing.message.yes.click()


def test_closing_without_a_reading_is_asked_of_the_program(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    with qtbot.waitSignal(window.close_requested):
        assert not window.close()
    assert window.isVisible()


def test_closing_while_saving_waits_for_the_saving(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING, saving=True))
    with qtbot.assertNotEmitted(window.close_requested):
        window.close()
    saved = scenes.SCENES["40-saved"]
    assert isinstance(saved, Filed)
    with qtbot.waitSignal(window.close_requested):
        window.show_state(saved)


def test_a_failed_save_keeps_a_closing_window_open(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING, saving=True))
    window.close()
    error = StoreEnvironment("the disk is full")
    with qtbot.assertNotEmitted(window.close_requested):
        window.show_state(Reviewing(patient=scenes.JANE, reading=scenes.READING, error=error))
    assert "NOT saved" in window.reviewing.message.rest.text()


def test_leaving_on_purpose_is_never_refused(staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    window.leave()
    assert not window.isVisible()


def test_a_failed_save_leaves_the_values_on_the_screen(staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING, saving=True))
    error = StoreEnvironment("the disk is full")
    window.show_state(Reviewing(patient=scenes.JANE, reading=scenes.READING, error=error))
    assert window.reviewing.message.what.text() == "The disk is full."
    assert window.reviewing.confirm.isEnabled()
    assert "128/82" in _values(window)[0].text()


@pytest.mark.parametrize("patient", [scenes.JUERGEN, scenes.FATIMA, scenes.PARTLY])
@pytest.mark.parametrize("width", [1024, 1440])
def test_a_name_of_any_length_and_script_stays_whole(
    staged: Stage, patient: Patient, width: int
) -> None:
    window = staged(Reviewing(patient=patient, reading=scenes.READING), QSize(width, 768))
    assert not window.banner.name.is_shortened
    assert patient.given in window.banner.name.text()


def test_an_arabic_name_keeps_the_dots_below_its_letters(staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.FATIMA))
    name = window.banner.name
    dotted = name.grab().toImage()
    # The same name with alef maksura: the same letter without its two dots.
    window.banner.name.show_text(name.text().replace("ي", "ى"))
    assert name.grab().toImage() != dotted


def test_a_name_that_no_banner_holds_is_whole_in_its_tool_tip(staged: Stage) -> None:
    patient = replace(scenes.JUERGEN, given="Jürgen Maximilian " * 12)
    window = staged(Waiting(patient=patient))
    assert window.banner.name.is_shortened
    assert window.banner.height() == SPACE.banner
    assert patient.given in window.banner.name.toolTip()
    assert patient.given in window.banner.accessibleName()


def test_the_unit_stays_right_of_the_figures_in_arabic(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.FATIMA, reading=scenes.READING))
    window.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    figures = _values(window)[0]
    assert figures.text() == "\u2066128/82 mmHg\u2069"
    first, second = window.reviewing.values.tiles
    qtbot.waitUntil(lambda: first.x() > second.x())


def test_values_too_wide_for_one_line_stand_under_each_other(qtbot: QtBot, staged: Stage) -> None:
    long = "1234.5678/1234.5678"
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.IN_KPA))
    row = window.reviewing.values
    views = tuple(replace(tile, figures=long) for tile in row._shown)
    row.show_values(views)
    qtbot.waitUntil(lambda: row.tiles[0].y() < row.tiles[1].y())
    for figures in _values(window):
        assert figures.width() >= figures.width_at(figures.size_px)


def test_the_footer_counts_what_waits(staged: Stage) -> None:
    window = staged(FindPatient())
    window.show_queue(QueueSummary(waiting=3))
    assert [chip.text.text() for chip in window.footer.counts.chips] == ["3 waiting for the EHR"]
    window.show_queue(QueueSummary())
    assert [chip.text.text() for chip in window.footer.counts.chips] == ["Everything is sent"]


def test_the_pulse_rests_when_less_motion_is_asked_for(staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    picture = window.waiting.picture
    picture.set_motion(moving=True)
    assert picture.is_moving
    picture.set_motion(moving=False)
    assert not picture.is_moving


def test_the_pulse_costs_nothing_while_nobody_sees_it(staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    window.waiting.picture.set_motion(moving=True)
    window.show_state(FindPatient())
    assert not window.waiting.picture.is_moving
