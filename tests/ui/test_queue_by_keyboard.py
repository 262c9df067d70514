"""The queue is worked without a mouse, and shows nothing of anybody. The test plays the desk."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from ui_stage import Stage
from walk import every_text

from ohx_desktop.desk.queue_states import (
    Act,
    AskingWhy,
    CompareRun,
    Comparing,
    FindingRight,
    Group,
    Mended,
    OneEntry,
    QueueList,
    QueueState,
    Reason,
)
from ohx_desktop.desk.states import Filed, FindPatient, Waiting
from ohx_desktop.ui import queue_scenes as told
from ohx_desktop.ui import scenes
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.staff_scenes import STAFF_SCENES
from ohx_desktop.ui.widgets.action_button import ActionButton

_ENTER, _TAB, _ESCAPE = Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape
_TYPING_MS = 45
_SCENE = scenes.SCENES["130-queue"]
assert isinstance(_SCENE, QueueList)
_LIST: QueueList = _SCENE
_TRACES = ("smith", "jane", "1951", "5919", "128/82", "71 /min")


def _press(qtbot: QtBot, key: Qt.Key) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key)


def _push(qtbot: QtBot, button: ActionButton) -> None:
    assert QApplication.focusWidget() is button
    qtbot.waitUntil(lambda: button.is_armed)
    _press(qtbot, _ENTER)


def _tab_to(qtbot: QtBot, target: QWidget) -> None:
    for _ in range(12):
        if QApplication.focusWidget() is target:
            return
        _press(qtbot, _TAB)
    pytest.fail("it is not reached by Tab")


def _scene(name: str) -> QueueState:
    scene = scenes.SCENES[name]
    assert isinstance(scene, QueueState)
    return scene


def _traces(window: StaffWindow) -> set[str]:
    # What the search fields show as an example is no patient.
    said = " ".join(every_text(window.queue)).lower().replace("\u00a0", " ")
    return {trace for trace in _TRACES if trace in said}


@pytest.fixture
def window(staged: Stage) -> StaffWindow:
    return staged(_LIST)


def test_the_queue_is_reached_by_key_by_tab_and_by_touching_the_counts(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(FindPatient())
    with qtbot.waitSignal(window.queue_requested):
        _press(qtbot, Qt.Key.Key_F8)
    with qtbot.waitSignal(window.queue_requested):
        qtbot.mouseClick(window.footer.counts.chips[0], Qt.MouseButton.LeftButton)
    _tab_to(qtbot, window.footer.counts)
    with qtbot.waitSignal(window.queue_requested):
        _press(qtbot, _ENTER)


def test_the_queue_is_out_of_reach_while_a_patient_is_in_view(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE))
    with qtbot.assertNotEmitted(window.queue_requested):
        _press(qtbot, Qt.Key.Key_F8)
        qtbot.mouseClick(window.footer.counts.chips[0], Qt.MouseButton.LeftButton)
    assert window.footer.counts.focusPolicy() is Qt.FocusPolicy.NoFocus


def test_a_filed_reading_leads_straight_to_what_is_wrong_with_it(
    qtbot: QtBot, staged: Stage
) -> None:
    scene = scenes.SCENES["43-in-chart"]
    assert isinstance(scene, Filed)
    window = staged(scene)
    _tab_to(qtbot, window.filed.wrong)
    with qtbot.waitSignal(window.wrong_reading_reported):
        _press(qtbot, _ENTER)
    # The patient goes; the pages of the queue stay in front of the search.
    window.show_state(FindPatient())
    window.show_queue_page(_scene("150-what-is-wrong"))
    window.show_state(FindPatient())
    assert window.queue.isVisible()
    assert QApplication.focusWidget() is window.queue.why.reasons[0]
    # Two presses and a reason: the wrong-patient button was the first.
    with qtbot.waitSignal(window.queue.why.reason_given) as given:
        _tab_to(qtbot, window.queue.why.reasons[1])
        _press(qtbot, _ENTER)
    assert given.args == [Reason.MEASURED_WRONGLY]
    window.show_queue_page(_scene("151-take-back"))
    assert QApplication.focusWidget() is window.queue.why.message.no, "Enter again does nothing"
    _tab_to(qtbot, window.queue.why.message.yes)
    with qtbot.waitSignal(window.queue.why.accepted):
        _press(qtbot, _ENTER)


def test_an_entry_is_chosen_by_the_arrow_keys(qtbot: QtBot, window: StaffWindow) -> None:
    entries = window.queue.entries.entries
    assert QApplication.focusWidget() is entries
    qtbot.waitUntil(lambda: entries.is_armed)
    _press(qtbot, Qt.Key.Key_Down)
    with qtbot.waitSignal(window.queue.entries.entry_chosen) as chosen:
        _press(qtbot, _ENTER)
    assert chosen.args == [told.ORDER_REFUSED.entry.id]


def test_an_entry_that_has_just_come_under_the_finger_is_not_chosen(
    qtbot: QtBot, window: StaffWindow
) -> None:
    page = window.queue.entries
    qtbot.waitUntil(lambda: page.entries.is_armed)
    assert _LIST.entries is not None
    window.show_queue_page(replace(_LIST, entries=(told.IN_CHART, *_LIST.entries)))
    with qtbot.assertNotEmitted(page.entry_chosen):
        _press(qtbot, _ENTER)
    assert page.entries.current == told.REFUSED.entry.id, "the row a person was on stays theirs"


def test_more_and_another_group_are_asked_for(qtbot: QtBot, window: StaffWindow) -> None:
    page = window.queue.entries
    window.show_queue_page(replace(_LIST, has_more=True))
    _tab_to(qtbot, page.more)
    with qtbot.waitSignal(page.more_requested):
        _press(qtbot, _ENTER)
    assert page.filter is not None
    _tab_to(qtbot, page.filter.buttons[0])
    with qtbot.waitSignal(page.group_chosen) as chosen:
        _press(qtbot, Qt.Key.Key_Right)
    assert chosen.args == [Group.NEEDS_YOU]


def test_the_entry_offers_what_can_be_done_and_rests_on_the_likely(
    qtbot: QtBot, window: StaffWindow
) -> None:
    page = window.queue.entry
    window.show_queue_page(OneEntry(listed=told.REFUSED))
    with qtbot.waitSignal(page.retry_requested):
        _push(qtbot, page.retry)
    for button, signal in (
        (page.correct, page.correct_requested),
        (page.discard, page.discard_requested),
        (page.look, page.look_requested),
    ):
        _tab_to(qtbot, button)
        with qtbot.waitSignal(signal):
            _press(qtbot, _ENTER)
    window.show_queue_page(_scene("141-entry-shown"))
    with qtbot.waitSignal(page.hide_requested):
        _press(qtbot, _ENTER)
    window.show_queue_page(OneEntry(listed=told.TAKEN_BACK))
    assert QApplication.focusWidget() is page.back
    assert not any(b.isVisible() for b in (page.retry, page.correct, page.discard, page.look))


def test_the_right_patient_is_found_and_confirmed_by_keyboard(
    qtbot: QtBot, window: StaffWindow
) -> None:
    page = window.queue.right
    finding = FindingRight(listed=told.IN_CHART)
    window.show_queue_page(finding)
    assert QApplication.focusWidget() is page.field
    qtbot.keyClicks(page.field, "943 476 5919", delay=_TYPING_MS)
    with qtbot.waitSignal(page.search_requested):
        _press(qtbot, _ENTER)
    found = replace(finding, find=FindPatient(results=(scenes.JANE,)))
    window.show_queue_page(found)
    qtbot.waitUntil(lambda: page.results.is_armed)
    with qtbot.waitSignal(page.patient_chosen) as chosen:
        _press(qtbot, _ENTER)
    assert chosen.args == [scenes.JANE, False]
    window.show_queue_page(replace(found, chosen=scenes.JANE))
    assert QApplication.focusWidget() is page.question.no
    with qtbot.assertNotEmitted(page.accepted):
        _press(qtbot, _ENTER)
    _tab_to(qtbot, page.question.yes)
    with qtbot.waitSignal(page.accepted):
        _press(qtbot, _ENTER)
    window.show_queue_page(replace(found, chosen=scenes.JANE, busy=True))
    with qtbot.waitSignal(page.cancel_requested):
        _push(qtbot, page.cancel)


def test_a_scan_searches_the_right_patient_and_presses_nothing(
    qtbot: QtBot, window: StaffWindow
) -> None:
    window.show_queue_page(FindingRight(listed=told.IN_CHART))
    with qtbot.waitSignal(window.queue.right.search_requested):
        window.scans.scanned.emit("9434765919", True)
    window.show_queue_page(OneEntry(listed=told.REFUSED))
    with qtbot.assertNotEmitted(window.queue.right.search_requested):
        window.scans.scanned.emit("9434765919", True)


def test_escape_goes_back_step_by_step(qtbot: QtBot, window: StaffWindow) -> None:
    pages = window.queue
    for state in (
        OneEntry(listed=told.REFUSED),
        AskingWhy(listed=told.REFUSED, act=Act.DISCARD),
        _scene("162-is-it-theirs"),
        FindingRight(listed=told.IN_CHART),
        Comparing(days=31),
    ):
        window.show_queue_page(state)
        with qtbot.waitSignal(pages.step_back_requested):
            _press(qtbot, _ESCAPE)
    for state in (_LIST, _scene("170-going")):
        assert isinstance(state, QueueList | Mended)
        window.show_queue_page(state)
        with qtbot.waitSignal(pages.left):
            _press(qtbot, _ESCAPE)
    window.leave_queue()
    assert QApplication.focusWidget() is window.find_patient.field


def test_a_comparison_is_run_cancelled_and_run_again(qtbot: QtBot, window: StaffWindow) -> None:
    page = window.queue.compare
    window.show_queue_page(Comparing(days=31))
    with qtbot.waitSignal(page.run_requested):
        _push(qtbot, page.run)
    window.show_queue_page(Comparing(days=31, run=CompareRun.RUNNING, compared=100))
    with qtbot.waitSignal(page.cancel_requested):
        _push(qtbot, page.cancel)
    window.show_queue_page(Comparing(days=31, run=CompareRun.CANCELLED, compared=100))
    with qtbot.waitSignal(page.run_requested):
        _push(qtbot, page.run)


@pytest.mark.parametrize("name", ["141-entry-shown", "150-what-is-wrong", "162-is-it-theirs"])
def test_nothing_of_a_reading_stays_on_a_page_that_was_left(window: StaffWindow, name: str) -> None:
    state = _scene(name)
    assert isinstance(state, OneEntry | AskingWhy | FindingRight)
    window.show_queue_page(state)
    assert {"smith", "128/82", "1951"} <= _traces(window)
    window.show_queue_page(_LIST)
    assert _traces(window) == set()
    window.show_queue_page(state)
    window.leave_queue()
    assert _traces(window) == set()


def test_the_right_patients_name_goes_with_the_page(window: StaffWindow) -> None:
    window.show_queue_page(_scene("171-gone"))
    assert scenes.JUERGEN.given in " ".join(every_text(window.queue))
    window.leave_queue()
    assert scenes.JUERGEN.given not in " ".join(every_text(window.queue))


def test_the_list_names_nobody_and_no_value(window: StaffWindow) -> None:
    assert _traces(window) == set()


def test_a_locked_window_shows_nothing_of_the_queue(window: StaffWindow) -> None:
    window.show_queue_page(_scene("141-entry-shown"))
    window.show_staff(STAFF_SCENES["82-who-locked"])
    window.show_queue_page(_scene("141-entry-shown"))
    assert window.is_covered
    assert not window.queue.isVisible()
    assert _traces(window) == set()


def test_a_patient_in_view_takes_the_place_of_the_queue(window: StaffWindow) -> None:
    window.show_state(FindPatient(searching=False))
    assert window.queue.isVisible(), "nobody but a person ends the work here"
    window.show_state(Waiting(patient=scenes.JANE))
    assert not window.queue.isVisible()
