"""A person signs in, locks, and signs out without a mouse. The test plays the service."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from ui_stage import Stage
from walk import every_text

from ohx_desktop.desk.staff_states import AskingEhr, AskingPin, ChoosingPerson, NotAsked, SignedIn
from ohx_desktop.desk.states import FindPatient, PasskeyQuestion, Reviewing, Waiting
from ohx_desktop.staff.pin_answer import PinProblem
from ohx_desktop.ui import scenes, texts
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.staff_scenes import GRACE, PEOPLE
from ohx_desktop.ui.tray.tray_place import TrayPlace
from ohx_desktop.ui.widgets.action_button import ActionButton

_ENTER, _TAB, _ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape
_CTRL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_IN = SignedIn(person=GRACE, since=scenes.NOW)
_REVIEWING = Reviewing(patient=scenes.JANE, reading=scenes.READING)


def _press(qtbot: QtBot, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key, modifiers or Qt.KeyboardModifier.NoModifier)


def _push(qtbot: QtBot, button: ActionButton) -> None:
    assert QApplication.focusWidget() is button
    qtbot.waitUntil(lambda: button.is_armed)
    _press(qtbot, _ENTER)


@pytest.fixture
def window(staged: Stage) -> StaffWindow:
    """Make a window that asks who is there."""
    return staged(ChoosingPerson(people=PEOPLE))


def test_a_person_signs_in_by_keyboard_alone(qtbot: QtBot, window: StaffWindow) -> None:
    pages = window.sign_in
    assert QApplication.focusWidget() is pages.people.tiles[0]
    _press(qtbot, _TAB)
    with qtbot.waitSignal(pages.person_chosen) as chosen:
        _press(qtbot, _ENTER)
    assert chosen.args == [GRACE]

    window.show_staff(AskingPin(person=GRACE))
    assert QApplication.focusWidget() is pages.pin.field
    qtbot.keyClicks(pages.pin.field, "2580", delay=45)
    assert pages.pin.field.displayText() != "2580", "the PIN can be read"
    with qtbot.waitSignal(pages.pin_typed) as typed:
        qtbot.wait(45)
        _press(qtbot, _ENTER)
    assert typed.args == ["2580"]

    window.show_staff(_IN)
    window.show_state(FindPatient())
    assert QApplication.focusWidget() is window.find_patient.field
    assert f"Signed in: {GRACE.name}" in every_text(window)
    assert "2580" not in every_text(window)


def test_the_digits_on_the_screen_type_for_fingers(qtbot: QtBot, window: StaffWindow) -> None:
    window.show_staff(AskingPin(person=GRACE))
    page = window.sign_in.pin
    for key in ("2", "5", "8", "1", texts.PIN_DELETE, "0"):
        qtbot.mouseClick(page.pad.keys[key], Qt.MouseButton.LeftButton)
    assert page.field.text() == "2580"
    assert QApplication.focusWidget() is page.field
    qtbot.mouseClick(page.pad.keys[texts.PIN_CLEAR], Qt.MouseButton.LeftButton)
    assert page.field.text() == ""


def test_a_wrong_pin_is_told_and_does_not_stay_in_the_field(
    qtbot: QtBot, window: StaffWindow
) -> None:
    page = window.sign_in.pin
    window.show_staff(AskingPin(person=GRACE))
    qtbot.keyClicks(page.field, "2581")
    window.show_staff(AskingPin(person=GRACE, checking=True))
    with qtbot.assertNotEmitted(window.sign_in.pin_typed):
        _press(qtbot, _ENTER)
    window.show_staff(AskingPin(person=GRACE, problem=PinProblem.WRONG, wait_s=15.0))
    assert page.field.text() == ""
    assert "Wait 15 seconds" in page.message.rest.text()
    assert QApplication.focusWidget() is page.field
    with qtbot.waitSignal(window.sign_in.people_requested):
        _press(qtbot, _ESCAPE)


def test_the_ehrs_own_sign_in_is_begun_and_given_up_by_keyboard(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(AskingEhr())
    pages = window.sign_in
    with qtbot.waitSignal(pages.ehr_requested):
        _push(qtbot, pages.ehr.sign_in)
    window.show_staff(AskingEhr(opened=True))
    with qtbot.waitSignal(pages.ehr_cancelled):
        _push(qtbot, pages.ehr.cancel)
    with qtbot.waitSignal(pages.ehr_cancelled):
        _press(qtbot, _ESCAPE)


def test_a_person_locks_and_signs_out_by_key(qtbot: QtBot, window: StaffWindow) -> None:
    window.show_staff(_IN)
    window.show_state(FindPatient())
    with qtbot.waitSignal(window.lock_requested):
        _press(qtbot, Qt.Key.Key_L, _CTRL)
    with qtbot.waitSignal(window.sign_out_requested):
        _press(qtbot, Qt.Key.Key_L, _CTRL | _SHIFT)
    for button, signal in (
        (window.footer.lock, window.lock_requested),
        (window.footer.sign_out, window.sign_out_requested),
    ):
        for _ in range(12):
            if QApplication.focusWidget() is button:
                break
            _press(qtbot, _TAB)
        with qtbot.waitSignal(signal):
            _press(qtbot, _ENTER)


def test_signing_out_with_a_reading_on_the_screen_is_asked_about(
    qtbot: QtBot, window: StaffWindow
) -> None:
    window.show_staff(_IN)
    window.show_state(_REVIEWING)
    with qtbot.assertNotEmitted(window.sign_out_requested):
        _press(qtbot, Qt.Key.Key_L, _CTRL | _SHIFT)
        # The safe answer has the focus.
        _press(qtbot, _ENTER)
    _press(qtbot, Qt.Key.Key_L, _CTRL | _SHIFT)
    with qtbot.waitSignal(window.sign_out_requested):
        qtbot.mouseClick(window.reviewing.message.yes, Qt.MouseButton.LeftButton)


# ── nothing shows through ────────────────────────────────────────────────────────────────────

_TRACES = ("smith", "jane", "1951", "943", "5919", "128", "82 ", "irregular", "okafor", "2580")


def _traces(window: StaffWindow) -> set[str]:
    said = " ".join(every_text(window)).lower().replace("\u00a0", " ")
    return {trace for trace in _TRACES if trace in said}


@pytest.mark.parametrize(
    "name", [n for n, s in scenes.SCENES.items() if isinstance(s, scenes.WithPatient)]
)
def test_a_locked_window_shows_and_keeps_nothing_of_the_patient(name: str, staged: Stage) -> None:
    scene = scenes.SCENES[name]
    assert isinstance(scene, scenes.WithPatient)
    window = staged(scene)
    window.show_staff(AskingPin(person=GRACE, locked=GRACE))
    assert _traces(window) == set()
    assert window.shown_reading is None, "what is hidden can be confirmed"


def test_nothing_of_the_desk_is_drawn_behind_the_lock(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient())
    place = TrayPlace(window)
    window.show_staff(AskingPin(person=GRACE, locked=GRACE))
    place.show_state(_REVIEWING)
    window.show_passkey(PasskeyQuestion(address="A4:C1:38:00:54:54"))
    place.show_items((), scenes.JANE, scenes.NOW)
    assert window.is_covered
    assert _traces(window) == set()
    with qtbot.assertNotEmitted(window.confirmed), qtbot.assertNotEmitted(window.patient_left):
        _press(qtbot, _ENTER)
        _press(qtbot, _ESCAPE)
        _press(qtbot, Qt.Key.Key_F2)
    # Whoever locked it finds it again.
    window.show_staff(_IN)
    place.show_state(_REVIEWING)
    assert window.shown_reading == scenes.READING


def test_nothing_of_the_earlier_person_stays_after_signing_out(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    assert "okafor" in _traces(window)
    window.show_staff(ChoosingPerson(people=PEOPLE))
    window.show_staff(AskingPin(person=GRACE))
    qtbot.keyClicks(window.sign_in.pin.field, "2580")
    window.show_staff(ChoosingPerson(people=PEOPLE))
    window.sign_in.pin.field.undo()
    assert window.sign_in.pin.field.text() == ""
    assert _traces(window) == set()


@pytest.mark.parametrize("show", ["show_closing", "show_starting"])
def test_a_notice_keeps_no_pin(qtbot: QtBot, staged: Stage, show: str) -> None:
    window = staged(AskingPin(person=GRACE))
    qtbot.keyClicks(window.sign_in.pin.field, "2580")
    getattr(window, show)()
    assert _traces(window) == set()


def test_a_locked_window_is_not_closed_over_the_only_copy_of_a_reading(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(AskingPin(person=GRACE, locked=GRACE))
    window.holds_only_copy = True
    with qtbot.assertNotEmitted(window.close_requested):
        window.closeEvent(QCloseEvent())
    assert "on this screen only" in window.sign_in.pin.message.what.text()
    window.holds_only_copy = False
    with qtbot.waitSignal(window.close_requested):
        window.closeEvent(QCloseEvent())


def test_a_key_is_noticed_as_a_sign_of_a_person(qtbot: QtBot, window: StaffWindow) -> None:
    with qtbot.waitSignal(window.activity_noticed):
        qtbot.keyClick(window.sign_in.people.tiles[0], _TAB)


def test_where_nobody_signs_in_nobody_can_sign_out(staged: Stage) -> None:
    window = staged(FindPatient())
    window.show_staff(NotAsked(person=GRACE))
    assert not window.footer.sign_out.isVisible()
    assert not window.footer.lock.isVisible()
    assert f"Signed in: {GRACE.name}" in every_text(window)
