"""The tray in the window: nothing by one press, nothing for a patient who is not in view."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from test_screens import (
    _cuts_no_text,
    _keeps_off_the_edges,
    _names_all_controls,
    _uses_few_sizes,
)
from ui_stage import Stage
from walk import every_text

from ohx_desktop.ble.events import LinkState
from ohx_desktop.desk.states import FindPatient, Reviewing, Waiting
from ohx_desktop.desk.tray_items import TrayItem
from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.reading import Source
from ohx_desktop.ui import scenes, texts
from ohx_desktop.ui.gallery import SIZES
from ohx_desktop.ui.models.tray import tray_view
from ohx_desktop.ui.shell import dress
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.theme.tokens import Theme
from ohx_desktop.ui.tray.tray_place import TrayPlace

assert scenes.READING.device is not None
NEW = TrayItem(
    id=scenes.READING.id,
    device=scenes.READING.device,
    reading=scenes.READING,
    refusal=None,
    captured_at=scenes.NOW,
    is_stored=False,
    patient_in_view=scenes.JANE.reference,
    is_overdue=False,
)
OVERDUE = replace(NEW, id=UUID(int=2), reading=scenes.UNDATED, is_overdue=True)
STORED = replace(NEW, id=UUID(int=3), reading=scenes.CORRECTED, is_stored=True)
ODD = replace(NEW, id=UUID(int=4), reading=None, refusal="truncated")
ALL = (STORED, ODD, NEW, OVERDUE)


@pytest.fixture(params=list(Theme))
def theme(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Theme]:
    dress(qapp, request.param)
    yield request.param
    dress(qapp, Theme.LIGHT)


@pytest.fixture
def window(staged: Stage) -> StaffWindow:
    return staged(FindPatient())


def opened(window: StaffWindow, patient: Patient | None = None) -> TrayPlace:
    if patient is not None:
        window.show_state(Waiting(patient=patient))
    place = TrayPlace(window)
    place.show_items(ALL, patient, scenes.NOW)
    assert place.is_open
    return place


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width()}x{size.height()}")
@pytest.mark.parametrize("asking", ["nothing", "whose", "why"])
def test_the_page_is_whole(staged: Stage, theme: Theme, size: QSize, asking: str) -> None:
    window = staged(Waiting(patient=scenes.JUERGEN), size)
    place = TrayPlace(window)
    # More than fits is scrolled to.
    place.show_items(ALL[-2:], scenes.JUERGEN, scenes.NOW)
    if asking == "whose":
        place.page.rows[0].assign.click()
    elif asking == "why":
        place.page.rows[0].discard.click()
    QApplication.processEvents()
    _cuts_no_text(window)
    _keeps_off_the_edges(window)
    _uses_few_sizes(window)
    _names_all_controls(window)


def test_new_readings_come_before_old_and_odd_ones(window: StaffWindow) -> None:
    place = opened(window, scenes.JANE)
    assert [row.view.id for row in place.page.rows] == [NEW.id, OVERDUE.id, STORED.id, ODD.id]


def test_without_a_patient_nothing_can_be_given_to_anybody(window: StaffWindow) -> None:
    place = opened(window)
    assert not any(row.assign.isVisible() for row in place.page.rows)
    assert place.page.help.text() == texts.TRAY_NO_PATIENT


def test_giving_asks_for_two_identifiers_of_the_patient_in_view(
    window: StaffWindow, qtbot: QtBot
) -> None:
    place = opened(window, scenes.JANE)
    given: list[tuple[object, str]] = []
    place.page.assigned.connect(lambda *what: given.append(what))
    place.page.rows[0].assign.click()
    assert given == []
    told = place.page.message.what.text() + place.page.message.rest.text()
    assert "SMITH, Jane" in told
    assert "23-Nov-1951" in told
    assert "128/82" in told
    # The safe answer has the focus.
    assert place.page.message.no.hasFocus()
    qtbot.mouseClick(place.page.message.yes, Qt.MouseButton.LeftButton)
    assert given == [(NEW.id, scenes.JANE.reference)]


def test_a_record_nobody_can_read_cannot_be_given(window: StaffWindow) -> None:
    place = opened(window, scenes.JANE)
    assert not place.page.rows[-1].assign.isVisible()
    assert place.page.rows[-1].discard.isVisible()


def test_discarding_wants_a_reason(window: StaffWindow) -> None:
    place = opened(window)
    gone: list[tuple[object, str]] = []
    place.page.discarded.connect(lambda *what: gone.append(what))
    place.page.rows[0].discard.click()
    assert gone == []
    buttons = place.page.reasons.findChildren(type(place.page.back))
    (trial,) = [b for b in buttons if b.text() == texts.TRAY_REASONS["not-a-patient"]]
    trial.click()
    assert gone == [(NEW.id, "not-a-patient")]


def test_a_question_that_was_taken_back_does_nothing(window: StaffWindow, qtbot: QtBot) -> None:
    place = opened(window, scenes.JANE)
    done: list[object] = []
    place.page.assigned.connect(lambda *what: done.append(what))
    place.page.discarded.connect(lambda *what: done.append(what))
    place.page.rows[0].assign.click()
    qtbot.keyClick(place.page.message.no, Qt.Key.Key_Escape)
    assert place.is_open
    place.page.message.yes.click()
    place.page.rows[0].discard.click()
    place.page.take_back()
    assert done == []
    qtbot.keyClick(place.page.back, Qt.Key.Key_Escape)
    assert not place.is_open
    assert window.pages.currentWidget() is window.waiting


def test_escape_in_the_tray_does_not_leave_the_patient(window: StaffWindow, qtbot: QtBot) -> None:
    place = opened(window, scenes.JANE)
    with qtbot.assertNotEmitted(window.patient_left):
        qtbot.keyClick(place.page.back, Qt.Key.Key_Escape)
    assert window.pages.currentWidget() is window.waiting


def test_who_was_in_view_is_a_hint_that_warns_of_another(window: StaffWindow) -> None:
    same = tray_view([NEW], scenes.JANE, scenes.NOW).rows[0].chips
    other = tray_view([NEW], scenes.FATIMA, scenes.NOW).rows[0].chips
    assert texts.TRAY_IN_VIEW in [chip.text for chip in same]
    assert texts.TRAY_OTHER_IN_VIEW in [chip.text for chip in other]


def test_the_tray_stays_while_the_cuff_talks_of_nothing_new(window: StaffWindow) -> None:
    place = opened(window, scenes.JANE)
    place.page.rows[0].assign.click()
    for link in (LinkState.CONNECTING, LinkState.ENDED, LinkState.LISTENING):
        place.show_state(Waiting(patient=scenes.JANE, link=link))
    assert place.is_open
    assert place.page.message.is_asking
    assert place.page.message.no.hasFocus()


def test_a_window_that_closes_keeps_nothing_of_the_tray(window: StaffWindow) -> None:
    place = opened(window, scenes.JANE)
    window.show_closing()
    assert place.page.rows == []
    assert place.page.patient is None


@pytest.mark.parametrize(
    "state",
    [
        FindPatient(),
        Waiting(patient=scenes.FATIMA),
        Reviewing(patient=scenes.JANE, reading=scenes.CORRECTED),
    ],
    ids=lambda state: type(state).__name__,
)
def test_whatever_the_desk_shows_takes_the_tray_away_with_every_trace(
    window: StaffWindow, state: FindPatient | Waiting | Reviewing
) -> None:
    place = opened(window, scenes.JANE)
    place.page.rows[0].assign.click()
    place.show_state(state)
    assert not place.is_open
    said = " ".join(every_text(place.page))
    assert "128" not in said
    assert "SMITH" not in said
    assert place.page.rows == []


def test_over_a_reading_on_the_screen_the_tray_does_not_open(window: StaffWindow) -> None:
    window.show_state(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    place = TrayPlace(window)
    assert not place.button.isVisible()
    place.show_items(ALL, None, scenes.NOW)
    assert not place.is_open
    assert place.page.rows == []


def test_a_failure_is_told_in_its_place(window: StaffWindow) -> None:
    place = opened(window, scenes.JANE)
    place.show_failure(StoreEnvironment("the disk is full"))
    assert "full" in place.page.message.what.text()
    place.show_items((), scenes.JANE, scenes.NOW)
    assert place.page.empty.isVisible()
    place.show_saved()
    assert place.page.message.what.text() == texts.TRAY_DONE[0]


def test_of_what_lay_in_a_memory_nobody_was_in_view(window: StaffWindow) -> None:
    chips = tray_view([STORED], scenes.JANE, scenes.NOW).rows[0].chips
    said = [chip.text for chip in chips]
    assert texts.TRAY_STORED in said
    assert texts.TRAY_IN_VIEW not in said


CLOUD = replace(
    NEW,
    id=UUID(int=5),
    reading=replace(scenes.READING, source=Source.WITHINGS, flags=frozenset({Flag.MANUAL_ENTRY})),
)


def test_a_reading_of_a_cloud_service_says_where_it_came_from_and_of_whose_account() -> None:
    for patient, said in (
        (scenes.JANE, texts.TRAY_OF_ACCOUNT),
        (scenes.FATIMA, texts.TRAY_OTHER_ACCOUNT),
    ):
        row = tray_view([CLOUD], patient, scenes.NOW).rows[0]
        words = [chip.text for chip in row.chips]
        assert said in words
        assert texts.TRAY_FROM.format(service="Withings") in words
        assert texts.FLAGS["manual_entry"] in words
        assert texts.TRAY_IN_VIEW not in words
    doubtful = tray_view([replace(CLOUD, patient_in_view=None)], scenes.JANE, scenes.NOW)
    assert texts.TRAY_NO_ACCOUNT in [chip.text for chip in doubtful.rows[0].chips]
    others_last = tray_view([CLOUD, NEW], scenes.FATIMA, scenes.NOW).rows
    assert [row.id for row in others_last] == [NEW.id, CLOUD.id]


def test_both_of_a_pair_that_may_be_one_measurement_say_so() -> None:
    twin = replace(CLOUD, id=UUID(int=6), twin=CLOUD.id)
    rows = tray_view([CLOUD, twin, NEW], scenes.JANE, scenes.NOW).rows
    told = {row.id: texts.TRAY_TWIN in [chip.text for chip in row.chips] for row in rows}
    assert told == {CLOUD.id: True, twin.id: True, NEW.id: False}
