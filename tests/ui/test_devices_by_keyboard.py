"""A device is found, registered and forgotten without a mouse. The test plays the service."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from ui_stage import Stage

from ohx_desktop.desk.enrolling_states import Chosen, DeviceList, Enrolling, Registered, Searching
from ohx_desktop.desk.states import FindPatient, PasskeyQuestion, Waiting
from ohx_desktop.ui import scenes
from ohx_desktop.ui.device_scenes import BEURER_FOUND, DEVICES, OMRON_FOUND, UNREAD_FOUND
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.widgets.action_button import ActionButton

_ENTER, _TAB, _ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape


def _press(qtbot: QtBot, key: Qt.Key) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key)


def _push(qtbot: QtBot, button: ActionButton) -> None:
    """Press Enter on the button that has the focus, once it hears a press."""
    assert QApplication.focusWidget() is button
    qtbot.waitUntil(lambda: button.is_armed)
    _press(qtbot, _ENTER)


def _tab_to(qtbot: QtBot, button: ActionButton) -> None:
    for _ in range(8):
        if QApplication.focusWidget() is button:
            return
        _press(qtbot, _TAB)
    pytest.fail(f"{button.text()} is not reached by Tab")


@pytest.fixture
def window(staged: Stage) -> StaffWindow:
    made = staged(FindPatient())
    made.show_devices(DeviceList(devices=DEVICES))
    return made


def test_the_devices_are_reached_from_the_search_by_key_and_by_tab(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(FindPatient())
    with qtbot.waitSignal(window.devices_requested):
        _press(qtbot, Qt.Key.Key_F4)
    _tab_to(qtbot, window.find_patient.devices_button)
    with qtbot.waitSignal(window.devices_requested):
        _press(qtbot, _ENTER)


def test_the_devices_are_out_of_reach_while_a_patient_is_in_view(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    with qtbot.assertNotEmitted(window.devices_requested):
        _press(qtbot, Qt.Key.Key_F4)
    assert not window.find_patient.devices_button.isVisible()


def test_a_device_is_registered_by_keyboard_alone(qtbot: QtBot, window: StaffWindow) -> None:
    pages = window.devices
    with qtbot.waitSignal(pages.search_requested):
        _push(qtbot, pages.registered.add)

    window.show_devices(Searching())
    window.show_devices(Searching(found=(OMRON_FOUND,)))
    window.show_devices(Searching(found=(BEURER_FOUND, OMRON_FOUND)))
    assert pages.search.rows.current is not None
    assert pages.search.rows.current.device == OMRON_FOUND, "the row left its device"
    _press(qtbot, Qt.Key.Key_Up)
    with qtbot.waitSignal(pages.device_chosen) as chosen:
        _press(qtbot, _ENTER)
    assert chosen.args == [BEURER_FOUND]

    window.show_devices(Chosen(device=BEURER_FOUND, steps=()))
    with qtbot.waitSignal(pages.enrolment_requested):
        _push(qtbot, pages.stage.likely)

    window.show_devices(Enrolling(device=BEURER_FOUND, steps=()))
    question = PasskeyQuestion(address=BEURER_FOUND.address)
    window.show_devices(Enrolling(device=BEURER_FOUND, steps=(), question=question))
    assert QApplication.focusWidget() is pages.passkey.field
    qtbot.keyClicks(pages.passkey.field, "314159", delay=45)
    with qtbot.waitSignal(pages.passkey_typed) as typed:
        qtbot.wait(45)
        _press(qtbot, _ENTER)
    assert typed.args == ["314159"]

    window.show_devices(Registered(device=DEVICES[1]))
    assert pages.passkey.field.text() == "", "the number stayed behind"
    with qtbot.waitSignal(pages.list_requested):
        _push(qtbot, pages.stage.likely)


def test_a_device_that_is_not_read_cannot_be_chosen(qtbot: QtBot, window: StaffWindow) -> None:
    window.show_devices(Searching(found=(UNREAD_FOUND,)))
    rows = window.devices.search.rows
    assert QApplication.focusWidget() is rows
    assert "Cannot be used" in rows.shown[0].spoken
    assert "Nobody has shown" in rows.shown[0].spoken
    with qtbot.assertNotEmitted(window.devices.device_chosen):
        _press(qtbot, _ENTER)


def test_a_device_is_forgotten_only_after_a_question(qtbot: QtBot, window: StaffWindow) -> None:
    page = window.devices.registered
    _tab_to(qtbot, page.forget_button)
    with qtbot.assertNotEmitted(window.devices.forget_requested):
        _press(qtbot, _ENTER)
        # The safe answer has the focus: a second Enter forgets nothing.
        _press(qtbot, _ENTER)
    assert not page.is_asking
    _press(qtbot, Qt.Key.Key_Down)
    _tab_to(qtbot, page.forget_button)
    _press(qtbot, _ENTER)
    assert "Beurer BM54" in page.message.what.text()
    _tab_to(qtbot, page.message.yes)
    with qtbot.waitSignal(window.devices.forget_requested) as forgotten:
        _press(qtbot, _ENTER)
    assert forgotten.args == [DEVICES[1].identity.address]


def test_escape_goes_back_step_by_step(qtbot: QtBot, window: StaffWindow) -> None:
    pages = window.devices
    window.show_devices(Enrolling(device=OMRON_FOUND, steps=()))
    with qtbot.waitSignal(pages.list_requested):
        _press(qtbot, _ESCAPE)
    window.show_devices(DeviceList(devices=DEVICES))
    with qtbot.waitSignal(pages.left):
        _press(qtbot, _ESCAPE)
    window.leave_devices()
    assert QApplication.focusWidget() is window.find_patient.field


def test_a_scan_on_the_devices_page_searches_nobody(qtbot: QtBot, window: StaffWindow) -> None:
    with qtbot.assertNotEmitted(window.search_requested):
        for key in "9434765919":
            qtbot.keyClick(window.devices.registered.add, key)
        _press(qtbot, _ENTER)


def test_a_search_that_ends_meanwhile_does_not_take_the_screen(window: StaffWindow) -> None:
    window.show_state(FindPatient(results=()))
    assert window.devices.isVisible()
    window.show_state(Waiting(patient=scenes.JANE))
    assert not window.devices.isVisible()


def test_a_number_asked_for_during_a_reading_is_typed_beside_the_patient(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(Waiting(patient=scenes.JANE, device_name="BM54"))
    window.show_passkey(PasskeyQuestion(address=BEURER_FOUND.address))
    assert window.banner.isVisible()
    field = QApplication.focusWidget()
    assert field is not None
    qtbot.keyClicks(field, "314159", delay=45)
    with qtbot.waitSignal(window.passkey_typed) as typed:
        qtbot.wait(45)
        _press(qtbot, _ENTER)
    assert typed.args == ["314159"]
    window.show_passkey(None)
    assert window.waiting.isVisible()


def test_leaving_the_number_leaves_the_patient_where_they_are(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE, device_name="BM54"))
    window.show_passkey(PasskeyQuestion(address=BEURER_FOUND.address))
    with qtbot.assertNotEmitted(window.patient_left), qtbot.waitSignal(window.passkey_declined):
        _press(qtbot, _ESCAPE)
