"""A whole reading without a mouse: find, choose, confirm, next. The test plays the desk."""

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from ui_stage import Stage

from ohx_desktop.desk.states import Filed, FindPatient, Reviewing, Waiting
from ohx_desktop.domain.patient import PatientQuery
from ohx_desktop.ui import scenes
from ohx_desktop.ui.staff.window import StaffWindow

_ENTER = Qt.Key.Key_Return


def _press(qtbot: QtBot, key: Qt.Key) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key)


def _focus(window: StaffWindow) -> QWidget | None:
    return window.focusWidget()


def _saved() -> Filed:
    scene = scenes.SCENES["40-saved"]
    assert isinstance(scene, Filed)
    return scene


def _armed(qtbot: QtBot, window: StaffWindow) -> None:
    qtbot.waitUntil(lambda: window.reviewing.confirm.is_armed)


def test_a_reading_is_taken_by_keyboard_alone(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient())
    assert _focus(window) is window.find_patient.field
    qtbot.keyClicks(window.find_patient.field, "Smith, Jane, 23-Nov-1951")
    with qtbot.waitSignal(window.search_requested) as searched:
        _press(qtbot, _ENTER)
    assert searched.args == [
        PatientQuery(family="Smith", given="Jane", birth_date=date(1951, 11, 23))
    ]

    window.show_state(FindPatient(results=(scenes.INFANT, scenes.JANE)))
    assert _focus(window) is window.find_patient.results
    _press(qtbot, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: window.find_patient.results.is_armed)
    with qtbot.waitSignal(window.patient_chosen) as chosen:
        _press(qtbot, _ENTER)
    assert chosen.args == [scenes.JANE, False]

    window.show_state(Waiting(patient=scenes.JANE))
    window.show_state(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    assert _focus(window) is window.reviewing.confirm
    _armed(qtbot, window)
    with qtbot.waitSignal(window.confirmed):
        _press(qtbot, _ENTER)

    window.show_state(_saved())
    assert _focus(window) is window.filed.next_patient
    qtbot.waitUntil(lambda: window.filed.next_patient.is_armed)
    with qtbot.waitSignal(window.next_patient_requested):
        _press(qtbot, _ENTER)


def test_an_enter_meant_for_the_screen_before_confirms_nothing(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    window.show_state(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    with qtbot.assertNotEmitted(window.confirmed):
        _press(qtbot, _ENTER)
        qtbot.mouseClick(window.reviewing.confirm, Qt.MouseButton.LeftButton)
    _armed(qtbot, window)
    with qtbot.waitSignal(window.confirmed):
        _press(qtbot, _ENTER)


def test_another_reading_on_the_screen_must_be_looked_at_anew(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    _armed(qtbot, window)
    window.show_state(Reviewing(patient=scenes.JANE, reading=scenes.IN_KPA))
    assert not window.reviewing.confirm.is_armed


def test_enter_while_waiting_leaves_nobody(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    with qtbot.assertNotEmitted(window.patient_left):
        _press(qtbot, _ENTER)


def test_a_reading_without_a_time_needs_a_look_at_the_display(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.UNDATED))
    assert not window.reviewing.confirm.isEnabled()
    assert _focus(window) is window.reviewing.check
    assert window.reviewing.check.text() == "The device’s display shows 128/82 now"  # noqa: RUF001
    with qtbot.waitSignal(window.display_check_changed) as changed:
        _press(qtbot, Qt.Key.Key_Space)
    assert changed.args == [True]
    window.show_state(Reviewing(patient=scenes.JANE, reading=scenes.UNDATED, display_checked=True))
    assert window.reviewing.confirm.isEnabled()
    assert _focus(window) is window.reviewing.confirm


def test_an_unregistered_cuff_needs_the_same_look(staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING, device_registered=False))
    assert window.reviewing.check.isVisible()
    assert not window.reviewing.confirm.isEnabled()


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F2])
def test_leaving_an_unsaved_reading_asks_and_the_safe_answer_has_the_focus(
    qtbot: QtBot, staged: Stage, key: Qt.Key
) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    with qtbot.assertNotEmitted(window.patient_left):
        _press(qtbot, key)
        assert window.reviewing.is_asking
        assert _focus(window) is window.reviewing.message.no
        _press(qtbot, _ENTER)
    assert not window.reviewing.is_asking
    assert _focus(window) is window.reviewing.confirm
    _press(qtbot, key)
    with qtbot.waitSignal(window.patient_left):
        window.reviewing.message.yes.click()


def test_escape_leaves_a_patient_without_a_reading(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    with qtbot.waitSignal(window.patient_left):
        _press(qtbot, Qt.Key.Key_Escape)


def test_nothing_is_left_while_the_reading_is_being_saved(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING, saving=True))
    with qtbot.assertNotEmitted(window.patient_left):
        qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.reviewing.is_asking


def test_not_this_patient_asks_once_in_place(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    with qtbot.assertNotEmitted(window.wrong_patient_reported):
        window.reviewing.wrong.click()
    with qtbot.waitSignal(window.wrong_patient_reported):
        window.reviewing.message.yes.click()


def test_a_patient_who_has_died_is_chosen_only_after_a_question(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(FindPatient(results=(scenes.LATE,)))
    qtbot.waitUntil(lambda: window.find_patient.results.is_armed)
    with qtbot.assertNotEmitted(window.patient_chosen):
        _press(qtbot, _ENTER)
        assert window.find_patient.message.is_asking
        _press(qtbot, Qt.Key.Key_Escape)
    assert _focus(window) is window.find_patient.results
    _press(qtbot, _ENTER)
    with qtbot.waitSignal(window.patient_chosen) as chosen:
        window.find_patient.message.yes.click()
    assert chosen.args == [scenes.LATE, True]


def test_a_further_reading_of_the_patient_comes_before_the_next_patient(
    qtbot: QtBot, staged: Stage
) -> None:
    scene = scenes.SCENES["45-one-more"]
    assert isinstance(scene, Filed)
    window = staged(scene)
    assert _focus(window) is window.filed.again
    qtbot.waitUntil(lambda: window.filed.again.is_armed)
    with qtbot.waitSignal(window.measure_again_requested):
        _press(qtbot, _ENTER)


def test_a_query_that_is_none_is_answered_in_place(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient())
    with qtbot.assertNotEmitted(window.search_requested):
        qtbot.keyClicks(window.find_patient.field, "Smith")
        _press(qtbot, _ENTER)
    assert "comma" in window.find_patient.message.rest.text()
    assert window.find_patient.field.text() == "Smith"


def test_the_ring_is_round_whatever_has_the_focus(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    qtbot.waitUntil(window.focus_ring.isVisible)
    for _ in range(4):
        focused = window.focusWidget()
        assert focused is not None
        place = focused.rect().translated(focused.mapTo(window, focused.rect().topLeft()))
        assert window.focus_ring.geometry().contains(place, True)
        _press(qtbot, Qt.Key.Key_Tab)


def _scan(qtbot: QtBot, code: str) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClicks(focused, code)
    qtbot.keyClick(focused, _ENTER)


def test_a_scan_finds_a_patient_from_the_list_as_well(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient(results=(scenes.JANE, scenes.INFANT)))
    assert _focus(window) is window.find_patient.results
    with (
        qtbot.assertNotEmitted(window.patient_chosen),
        qtbot.waitSignal(window.search_requested) as searched,
    ):
        _scan(qtbot, "9434765922")
    assert searched.args == [PatientQuery(identifier="9434765922")]


def test_a_scan_replaces_what_stood_in_the_field(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient())
    window.find_patient.field.setText("Smi")
    with qtbot.waitSignal(window.search_requested) as searched:
        _scan(qtbot, "9434765922")
    assert searched.args == [PatientQuery(identifier="9434765922")]


@pytest.mark.parametrize("code", ["9434765922", "943 476 5922"])
def test_a_scan_never_confirms_a_reading(qtbot: QtBot, staged: Stage, code: str) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    _armed(qtbot, window)
    with qtbot.assertNotEmitted(window.confirmed):
        _scan(qtbot, code)
    assert _focus(window) is window.reviewing.confirm
