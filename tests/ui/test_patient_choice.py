"""Whom a person may choose and what the reading belongs to, by keyboard, touch and scan."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from ui_stage import Stage

from ohx_desktop.desk.states import Care, Filed, FindPatient, Reviewing, Waiting
from ohx_desktop.domain.care_context import CareContext, ContextOption, OfferedContexts
from ohx_desktop.domain.check_digit import CheckDigit
from ohx_desktop.domain.patient import PatientQuery, SearchNote
from ohx_desktop.domain.scan_format import ScanFormat
from ohx_desktop.ui import scenes, texts
from ohx_desktop.ui.staff.window import StaffWindow

_ENTER = Qt.Key.Key_Return
_WRISTBAND = ScanFormat(pattern=r"(?P<identifier>\d{10})", check_digit=CheckDigit.MOD11)


def _press(qtbot: QtBot, key: Qt.Key) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClick(focused, key)


def _armed(qtbot: QtBot, window: StaffWindow) -> None:
    qtbot.waitUntil(lambda: window.find_patient.results.is_armed)


def _scan(qtbot: QtBot, code: str) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    qtbot.keyClicks(focused, code)
    qtbot.keyClick(focused, _ENTER)


# ── who ──────────────────────────────────────────────────────────────────────────────────────


def test_an_enter_meant_for_the_search_chooses_nobody(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient(results=(scenes.JANE,)))
    with qtbot.assertNotEmitted(window.patient_chosen):
        _press(qtbot, _ENTER)
    _armed(qtbot, window)
    with qtbot.waitSignal(window.patient_chosen):
        _press(qtbot, _ENTER)


def test_a_name_alone_asks_for_the_birth_date(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient(results=(scenes.JANE, scenes.INFANT), by_name_alone=True))
    _armed(qtbot, window)
    with qtbot.assertNotEmitted(window.patient_chosen):
        _press(qtbot, _ENTER)
    message = window.find_patient.message
    assert "birth date" in message.rest.text()
    assert message.yes.text() == "They say 23-Nov-1951"
    assert window.focusWidget() is message.no
    with qtbot.waitSignal(window.patient_chosen) as chosen:
        message.yes.click()
    assert chosen.args == [scenes.JANE, True]


def test_a_name_alone_without_a_birth_date_asks_for_the_number(qtbot: QtBot, staged: Stage) -> None:
    numbered = replace(scenes.JANE, birth_date=None)
    window = staged(FindPatient(results=(numbered,), by_name_alone=True))
    _armed(qtbot, window)
    _press(qtbot, _ENTER)
    assert "943" in window.find_patient.message.rest.text()


def test_one_question_covers_death_and_a_name_alone(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient(results=(scenes.LATE,), by_name_alone=True))
    _armed(qtbot, window)
    _press(qtbot, _ENTER)
    message = window.find_patient.message
    assert "died" in message.what.text()
    assert "birth date" in message.rest.text()
    assert message.yes.text() == "They say 23-Nov-1951"


def test_a_record_with_a_name_only_cannot_be_chosen(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient(results=(scenes.PARTLY,)))
    _armed(qtbot, window)
    with qtbot.assertNotEmitted(window.patient_chosen):
        _press(qtbot, _ENTER)
    assert not window.find_patient.message.is_asking
    assert window.find_patient.message.what.text() == texts.UNIDENTIFIED[0]


@pytest.mark.parametrize("note", list(SearchNote))
def test_what_a_search_tells_is_said_in_words(staged: Stage, note: SearchNote) -> None:
    window = staged(FindPatient(results=(), note=note))
    said = window.find_patient.message.what.text()
    assert said
    assert "patients found" not in window.find_patient.status.text()
    assert texts.NOBODY_FOUND[0] not in said


# ── scans ────────────────────────────────────────────────────────────────────────────────────


def test_a_wristband_searches_by_its_number(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient())
    window.set_scan_format(ScanFormat(pattern=r"NHS(?P<identifier>\d{10})"))
    with qtbot.waitSignal(window.search_requested) as searched:
        _scan(qtbot, "NHS9434765919")
    assert searched.args == [PatientQuery(identifier="9434765919")]
    assert window.find_patient.field.text() == "9434765919"


@pytest.mark.parametrize(("code", "fault"), [("9434765918", "check-digit"), ("PARCEL-7", "form")])
def test_another_code_is_refused_in_words_and_nothing_of_it_stays(
    qtbot: QtBot, staged: Stage, code: str, fault: str
) -> None:
    window = staged(FindPatient(results=(scenes.JANE,)))
    window.set_scan_format(_WRISTBAND)
    with (
        qtbot.assertNotEmitted(window.search_requested),
        qtbot.waitSignal(window.scan_refused) as refused,
    ):
        _scan(qtbot, code)
    page = window.find_patient
    assert page.message.what.text() == texts.SCAN_FAULTS[fault][0]
    assert page.field.text() == ""
    assert page.results.shown == ()
    assert code not in str(refused.args[0])


def test_a_refused_scan_leaves_a_reading_alone(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    window.set_scan_format(_WRISTBAND)
    qtbot.waitUntil(lambda: window.reviewing.confirm.is_armed)
    with qtbot.assertNotEmitted(window.confirmed):
        _scan(qtbot, "PARCEL-7")
    assert window.reviewing.isVisible()


# ── visit and order ──────────────────────────────────────────────────────────────────────────


def _labels(window: StaffWindow) -> list[list[str]]:
    return [[b.text() for b in row.buttons] for row in window.context.rows]


def test_the_only_visit_is_shown_in_words_and_can_be_left_out(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE, care=scenes.ONE_VISIT))
    ((clinic, none),) = (row.buttons for row in window.context.rows)
    assert "Hypertension clinic\u2069, since 09:53, appointment 10:00" in clinic.text()
    assert clinic.isChecked()
    with qtbot.waitSignal(window.context_chosen) as chosen:
        qtbot.mouseClick(none, Qt.MouseButton.LeftButton)
    assert chosen.args == [CareContext()]


def test_a_visit_is_chosen_by_keyboard(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE, care=scenes.TWO_VISITS))
    visits, orders = window.context.rows
    assert [button.isChecked() for button in visits.buttons] == [False, False, True]
    visits.buttons[2].setFocus()
    with qtbot.waitSignal(window.context_chosen) as chosen:
        _press(qtbot, Qt.Key.Key_Left)
    assert chosen.args == [CareContext(encounter="Encounter/772", based_on="ServiceRequest/31")]
    orders.buttons[1].setFocus()
    with qtbot.waitSignal(window.context_chosen) as chosen:
        _press(qtbot, _ENTER)
    assert chosen.args == [CareContext()]


def test_tab_reaches_the_visits(qtbot: QtBot, staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE, care=scenes.TWO_VISITS))
    visits, orders = window.context.rows
    reached = set()
    for _ in range(12):
        _press(qtbot, Qt.Key.Key_Tab)
        reached.add(window.focusWidget())
    assert reached & set(visits.buttons)
    assert reached & set(orders.buttons)


def test_beside_the_values_one_line_says_it_until_it_is_changed(
    qtbot: QtBot, staged: Stage
) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING, care=scenes.ONE_VISIT))
    bar = window.context
    assert "Hypertension clinic" in bar.summary.text()
    assert not bar.rows[0].isVisible()
    bar.change.click()
    assert bar.rows[0].isVisible()
    assert window.focusWidget() is bar.rows[0].buttons[0]
    with qtbot.waitSignal(window.context_chosen):
        bar.rows[0].buttons[1].click()


def test_another_visit_must_be_seen_before_it_is_confirmed(qtbot: QtBot, staged: Stage) -> None:
    state = Reviewing(patient=scenes.JANE, reading=scenes.READING)
    window = staged(state)
    qtbot.waitUntil(lambda: window.reviewing.confirm.is_armed)
    window.show_state(replace(state, care=scenes.ONE_VISIT))
    assert not window.reviewing.confirm.is_armed


def test_while_saving_the_visit_cannot_be_changed(staged: Stage) -> None:
    state = Reviewing(patient=scenes.JANE, reading=scenes.READING, care=scenes.ONE_VISIT)
    window = staged(replace(state, saving=True))
    assert not window.context.change.isEnabled()


def test_where_nothing_is_open_nothing_is_asked(staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE, care=Care(offered=OfferedContexts())))
    assert not window.context.isVisible()


def test_visits_go_with_the_patient(staged: Stage) -> None:
    window = staged(Waiting(patient=scenes.JANE, care=scenes.TWO_VISITS))
    window.show_state(FindPatient())
    assert _labels(window) == []
    assert not window.context.isVisible()
    saved = scenes.SCENES["40-saved"]
    assert isinstance(saved, Filed)
    window.show_state(saved)
    assert not window.context.isVisible()


def test_what_the_ehr_calls_a_visit_is_no_shortcut_and_no_markup(staged: Stage) -> None:
    odd = ContextOption(reference="Encounter/1", name="<b>R&D</b> &x")
    window = staged(Waiting(patient=scenes.JANE, care=Care(offered=OfferedContexts(visits=(odd,)))))
    button = window.context.rows[0].buttons[0]
    assert "<b>R&D</b> &x" in button.text()
    assert button.shortcut().isEmpty()
