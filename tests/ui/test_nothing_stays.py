"""When the patient goes every trace goes, in the same frame."""

import pytest
from PySide6.QtCore import QEvent, QObject
from pytestqt.qtbot import QtBot
from ui_stage import Stage
from walk import every_text

from ohx_desktop.desk.states import FindPatient, Reviewing, Waiting
from ohx_desktop.ui import scenes
from ohx_desktop.ui.staff.window import StaffWindow

_TRACES = ("smith", "jane", "1951", "943", "5919", "128", "82", "71", "irregular", "4711", "10:15")

_WITH_PATIENT = [
    name for name, scene in scenes.SCENES.items() if getattr(scene, "patient", None) is scenes.JANE
]


def _traces(window: StaffWindow) -> set[str]:
    said = " ".join(every_text(window)).lower().replace("\u00a0", " ")
    # What the search field shows as an example is no patient.
    return {trace for trace in _TRACES if trace in said}


@pytest.mark.parametrize("name", _WITH_PATIENT)
def test_nothing_of_the_patient_stays_when_the_patient_goes(name: str, staged: Stage) -> None:
    window = staged(FindPatient(results=(scenes.JANE,)))
    window.find_patient.field.setText("Smith, Jane, 23-Nov-1951")
    assert {"smith", "jane", "1951"} <= _traces(window)
    scene = scenes.SCENES[name]
    assert isinstance(scene, scenes.WithPatient)
    window.show_state(scene)
    assert {"smith", "5919"} <= _traces(window)
    window.show_state(FindPatient())
    assert _traces(window) == set()


def test_typing_cannot_be_brought_back_by_undo(qtbot: QtBot, staged: Stage) -> None:
    window = staged(FindPatient())
    qtbot.keyClicks(window.find_patient.field, "943 476 5919")
    window.show_state(Waiting(patient=scenes.JANE))
    window.show_state(FindPatient())
    window.find_patient.field.undo()
    assert window.find_patient.field.text() == ""


def test_another_patient_meets_none_of_the_first_ones_words(staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    window.show_state(Waiting(patient=scenes.FATIMA))
    assert _traces(window) <= {"943"}
    window.show_state(Reviewing(patient=scenes.FATIMA, reading=scenes.CORRECTED))
    assert "irregular" not in _traces(window)


def test_no_frame_is_painted_between_the_two_patients(staged: Stage) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    paints = _Paints()
    window.banner.installEventFilter(paints)
    window.reviewing.installEventFilter(paints)
    window.show_state(FindPatient())
    assert paints.seen == 0


@pytest.mark.parametrize("show", ["show_starting", "show_closing"])
def test_starting_and_closing_know_no_patient(staged: Stage, show: str) -> None:
    window = staged(Reviewing(patient=scenes.JANE, reading=scenes.READING))
    getattr(window, show)()
    assert _traces(window) == set()


class _Paints(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.seen += event.type() == QEvent.Type.Paint
        return False
