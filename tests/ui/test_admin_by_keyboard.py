"""The EHR is checked and a mapping put in force without a mouse. The test plays the services."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from ui_stage import Stage
from walk import every_text

from ohx_desktop.desk.admin_states import AdminHome, EhrCheck, MappingPreview, Run
from ohx_desktop.desk.states import FindPatient, Waiting
from ohx_desktop.ui import scenes
from ohx_desktop.ui.admin_scenes import ADMIN_SCENES
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.staff_scenes import STAFF_SCENES
from ohx_desktop.ui.widgets.action_button import ActionButton

_ENTER, _TAB, _ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape
# Faster is a scanner.
_TYPING_MS = 45
_CHECKED, _PREVIEW = ADMIN_SCENES["114-checked"], ADMIN_SCENES["121-mapping-preview"]
assert isinstance(_CHECKED, EhrCheck)
assert isinstance(_PREVIEW, MappingPreview)


def _press(qtbot: QtBot, key: Qt.Key) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key)


def _push(qtbot: QtBot, button: ActionButton) -> None:
    """Press Enter on the button that has the focus, once it hears a press."""
    assert QApplication.focusWidget() is button
    qtbot.waitUntil(lambda: button.is_armed)
    _press(qtbot, _ENTER)


def _tab_to(qtbot: QtBot, target: QWidget) -> None:
    for _ in range(12):
        if QApplication.focusWidget() is target:
            return
        _press(qtbot, _TAB)
    pytest.fail("it is not reached by Tab")


@pytest.fixture
def window(staged: Stage) -> StaffWindow:
    return staged(AdminHome())


def test_administration_is_reached_from_the_search_by_key_and_by_tab(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(FindPatient())
    with qtbot.waitSignal(window.admin_requested):
        _press(qtbot, Qt.Key.Key_F10)
    _tab_to(qtbot, window.find_patient.admin_button)
    with qtbot.waitSignal(window.admin_requested):
        _press(qtbot, _ENTER)


def test_administration_is_out_of_reach_while_a_patient_is_in_view(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    with qtbot.assertNotEmitted(window.admin_requested):
        _press(qtbot, Qt.Key.Key_F10)
    assert not window.find_patient.admin_button.isVisible()


def test_a_patient_in_view_takes_the_place_of_administration(window: StaffWindow) -> None:
    window.show_state(FindPatient(searching=False))
    assert window.admin.isVisible(), "nobody but a person ends the work here"
    window.show_state(Waiting(patient=scenes.JANE))
    assert not window.admin.isVisible()


def test_the_check_is_run_cancelled_and_run_again_by_keyboard(
    qtbot: QtBot, window: StaffWindow
) -> None:
    pages = window.admin
    with qtbot.waitSignal(pages.check_requested):
        _push(qtbot, pages.home.check)
    window.show_admin(EhrCheck())
    with qtbot.waitSignal(pages.check.run_requested) as run:
        _push(qtbot, pages.check.run)
    assert run.args == [None]
    window.show_admin(EhrCheck(run=Run.RUNNING, lines=_CHECKED.lines[:1]))
    with qtbot.waitSignal(pages.check.cancel_requested):
        _push(qtbot, pages.check.cancel)
    window.show_admin(EhrCheck(run=Run.CANCELLED, lines=_CHECKED.lines[:1]))
    with qtbot.waitSignal(pages.check.run_requested):
        _push(qtbot, pages.check.run)


def test_a_test_reading_is_stored_only_after_a_second_deliberate_answer(
    qtbot: QtBot, window: StaffWindow
) -> None:
    window.show_admin(EhrCheck())
    page = window.admin.check
    _tab_to(qtbot, page.patient)
    qtbot.keyClicks(page.patient, "Patient/test-1", delay=_TYPING_MS)
    with qtbot.assertNotEmitted(page.run_requested):
        _press(qtbot, _ENTER)
        assert page.is_asking
        assert "Patient/test-1" in page.message.what.text()
        assert QApplication.focusWidget() is page.message.no, "Enter again must store nothing"
        _press(qtbot, _ENTER)
    assert not page.is_asking
    _press(qtbot, _ENTER)
    _press(qtbot, _ESCAPE)
    assert not page.is_asking
    assert page.isVisible(), "Escape answers the question first"
    _press(qtbot, _ENTER)
    _tab_to(qtbot, page.message.yes)
    with qtbot.waitSignal(page.run_requested) as run:
        _press(qtbot, _ENTER)
    assert run.args == ["Patient/test-1"]


def test_the_reference_that_was_asked_about_is_the_one_that_is_used(
    qtbot: QtBot, window: StaffWindow
) -> None:
    window.show_admin(EhrCheck())
    page = window.admin.check
    page.patient.setText("Patient/test-1")
    page.write.click()
    page.patient.setText("Patient/other")
    with qtbot.waitSignal(page.run_requested) as run:
        page.message.yes.click()
    assert run.args == ["Patient/test-1"]


def test_no_test_reading_is_asked_for_without_a_patient(qtbot: QtBot, window: StaffWindow) -> None:
    window.show_admin(EhrCheck())
    page = window.admin.check
    with qtbot.assertNotEmitted(page.run_requested):
        page.write.click()
    assert not page.is_asking
    assert page.message.isVisible()


def test_the_report_is_copied_without_the_test_patient(qtbot: QtBot, window: StaffWindow) -> None:
    window.show_admin(EhrCheck())
    page = window.admin.check
    page.patient.setText("Patient/test-1")
    page.write.click()
    page.message.yes.click()
    window.show_admin(_CHECKED)
    _tab_to(qtbot, page.copy)
    _press(qtbot, _ENTER)
    copied = QGuiApplication.clipboard().text()
    assert "reachable" in copied
    assert "test-1" not in copied


def test_nothing_of_the_test_patient_stays_on_a_page_that_was_left(
    qtbot: QtBot, window: StaffWindow
) -> None:
    window.show_admin(EhrCheck())
    page = window.admin.check
    page.patient.setText("Patient/test-1")
    page.write.click()
    with qtbot.waitSignal(window.admin.home_requested):
        page.back.click()
    window.show_admin(AdminHome())
    assert "test-1" not in " ".join(every_text(window))


def test_a_mapping_is_chosen_read_and_put_in_force_by_keyboard(
    qtbot: QtBot, window: StaffWindow
) -> None:
    window.show_admin(MappingPreview())
    page = window.admin.mapping
    assert QApplication.focusWidget() is page.path
    qtbot.keyClicks(page.path, "/usb/new.toml", delay=_TYPING_MS)
    with qtbot.waitSignal(page.file_chosen) as chosen:
        _press(qtbot, _ENTER)
    assert chosen.args == [Path("/usb/new.toml")]
    window.show_admin(_PREVIEW)
    assert QApplication.focusWidget() is page.rows
    first = page.json.toPlainText()
    _press(qtbot, Qt.Key.Key_Down)
    assert "74.93" in page.json.toPlainText()
    assert page.json.toPlainText() != first
    _tab_to(qtbot, page.put)
    with qtbot.assertNotEmitted(page.put_requested):
        _push(qtbot, page.put)
        assert QApplication.focusWidget() is page.message.no
    _tab_to(qtbot, page.message.yes)
    with qtbot.waitSignal(page.put_requested):
        _press(qtbot, _ENTER)


def test_a_mapping_in_force_or_broken_cannot_be_put_in_force(window: StaffWindow) -> None:
    for name in ("120-mapping-in-force", "122-mapping-broken", "123-mapping-put"):
        scene = ADMIN_SCENES[name]
        assert isinstance(scene, MappingPreview)
        window.show_admin(scene)
        assert not window.admin.mapping.put.isVisible(), name


def test_escape_leads_back_to_the_search(qtbot: QtBot, window: StaffWindow) -> None:
    window.show_admin(_CHECKED)
    with qtbot.waitSignal(window.admin.home_requested):
        _press(qtbot, _ESCAPE)
    window.show_admin(AdminHome())
    with qtbot.waitSignal(window.admin.left):
        _press(qtbot, _ESCAPE)
    window.leave_admin()
    assert QApplication.focusWidget() is window.find_patient.field


def test_what_is_to_mend_stays_in_view_through_a_search(staged: Stage) -> None:
    window = staged(ADMIN_SCENES["16-to-mend"])
    window.show_state(FindPatient(results=()))
    assert window.find_patient.setup.isVisible()
    window.show_setup(())
    assert not window.find_patient.setup.isVisible()


def test_a_locked_window_shows_nothing_of_administration(window: StaffWindow) -> None:
    window.show_admin(EhrCheck())
    window.admin.check.patient.setText("Patient/test-1")
    window.show_staff(STAFF_SCENES["82-who-locked"])
    window.show_admin(_CHECKED)
    assert window.is_covered
    assert not window.admin.isVisible()
    assert "test-1" not in " ".join(every_text(window))
