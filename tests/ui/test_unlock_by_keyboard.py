"""A person opens the key of the queue by keyboard or by finger. The test plays the service."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from ui_stage import Stage

from ohx_desktop.desk.states import FindPatient
from ohx_desktop.desk.unlock_states import AskingKeyPin
from ohx_desktop.domain.errors import KeyPinWrong
from ohx_desktop.ui import texts

_ENTER = Qt.Key.Key_Return
PIN = "73029154"


def test_the_pin_is_typed_unseen_and_sent_by_enter(qtbot: QtBot, staged: Stage) -> None:
    window = staged(AskingKeyPin())
    page = window.unlock
    assert QApplication.focusWidget() is page.field
    assert not page.again.isVisible()
    qtbot.keyClicks(page.field, PIN, delay=45)
    assert page.field.displayText() != PIN, "the PIN can be read"
    with qtbot.waitSignal(page.typed) as typed:
        qtbot.wait(45)
        qtbot.keyClick(page.field, _ENTER)
    assert typed.args == [PIN, ""]
    window.show_unlock(AskingKeyPin(checking=True))
    with qtbot.assertNotEmitted(page.typed):
        qtbot.keyClick(page.field, _ENTER)


def test_a_wrong_pin_is_told_with_the_wait_and_leaves_the_field(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(AskingKeyPin())
    page = window.unlock
    qtbot.keyClicks(page.field, PIN)
    window.show_unlock(AskingKeyPin(error=KeyPinWrong("wrong", wait_s=15.0)))
    assert page.field.text() == ""
    assert "Wait 15 seconds" in page.message.rest.text()
    assert QApplication.focusWidget() is page.field


def test_digits_on_the_screen_go_into_the_field_in_hand(qtbot: QtBot, staged: Stage) -> None:
    page = staged(AskingKeyPin(is_new=True)).unlock
    for key in ("7", "3", "1", texts.PIN_DELETE):
        qtbot.mouseClick(page.pad.keys[key], Qt.MouseButton.LeftButton)
    qtbot.keyClick(page.field, _ENTER)
    assert QApplication.focusWidget() is page.again
    qtbot.mouseClick(page.pad.keys["7"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(page.pad.keys["3"], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.typed) as typed:
        qtbot.keyClick(page.again, _ENTER)
    assert typed.args == ["73", "73"]


@pytest.mark.parametrize("show", ["show_closing", "show_starting"])
def test_what_comes_after_keeps_no_pin(qtbot: QtBot, staged: Stage, show: str) -> None:
    window = staged(AskingKeyPin())
    page = window.unlock
    qtbot.keyClicks(page.field, PIN)
    getattr(window, show)()
    page.field.undo()
    assert page.field.text() == ""
    assert not page.isVisible()


def test_a_locked_window_is_closed_without_a_question(qtbot: QtBot, staged: Stage) -> None:
    window = staged(AskingKeyPin())
    with qtbot.waitSignal(window.close_requested):
        window.closeEvent(QCloseEvent())


def test_nothing_of_the_desk_is_reached_past_the_pin(qtbot: QtBot, staged: Stage) -> None:
    window = staged(AskingKeyPin())
    with (
        qtbot.assertNotEmitted(window.admin_requested),
        qtbot.assertNotEmitted(window.devices_requested),
        qtbot.assertNotEmitted(window.search_requested),
    ):
        for key in (Qt.Key.Key_F10, Qt.Key.Key_F2, Qt.Key.Key_Escape):
            qtbot.keyClick(window.unlock.field, key)
    window.show_starting()
    window.show_state(FindPatient())
    assert window.find_patient.isVisible()
