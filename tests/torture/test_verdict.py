"""The judge of the torture finds what it is there to find."""

from pathlib import Path
from typing import Any

import pytest
from job import Job, Measured, Work
from telling import Told
from verdict import judge

from ohx_desktop.virtual.ehr.store import Store

WAITING = Measured(patient="Patient/a", systolic=120, diastolic=80, pulse=70)
LIVE = Measured(patient="Patient/b", systolic=130, diastolic=85, pulse=75)
JOB = Job(work=Work.WAY, root=Path("run"), url="", waiting=[WAITING], live=LIVE)
KILLED = Told(words=[["saved", "120"], ["shown", "130"], ["saved", "130"]], code=-9)
BACK = Told(words=[["state", "verified"], ["closed"]], code=0)


def ehr(*charts: tuple[str, Measured]) -> Store:
    store = Store()
    with store.draft() as draft:
        for patient, measured in charts:
            for resource in observations(measured):
                resource["subject"] = {"reference": patient}
                draft.write("Observation", draft.new_id("Observation"), resource)
    return store


def observations(measured: Measured) -> list[dict[str, Any]]:
    parts = [("8480-6", measured.systolic), ("8462-4", measured.diastolic)]
    return [
        {
            "code": {"coding": [{"code": "85354-9"}]},
            "component": [
                {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value}}
                for code, value in parts
            ],
        },
        {
            "code": {"coding": [{"code": "8867-4"}]},
            "valueQuantity": {"value": measured.pulse},
        },
    ]


RIGHT = (("Patient/a", WAITING), ("Patient/b", LIVE))


def test_what_is_as_it_must_be_is_clean() -> None:
    assert judge(JOB, [KILLED], BACK, ehr(*RIGHT)).is_clean


def test_what_was_never_told_may_be_absent() -> None:
    early = Told(words=[["saved", "120"], ["opened"]], code=-9)
    assert judge(JOB, [early], BACK, ehr(RIGHT[0])).is_clean


@pytest.mark.parametrize("word", ["saved", "shown"])
def test_what_was_told_and_is_nowhere_is_lost(word: str) -> None:
    told = Told(words=[["saved", "120"], [word, "130"]], code=-9)
    assert judge(JOB, [told], BACK, ehr(RIGHT[0])).lost == 1


def test_what_is_there_twice_is_doubled() -> None:
    assert judge(JOB, [KILLED], BACK, ehr(*RIGHT, RIGHT[1])).doubled == 1


def test_what_is_in_the_tray_and_in_the_queue_is_doubled() -> None:
    back = Told(words=[["twice", "130"], ["closed"]], code=0)
    assert judge(JOB, [KILLED], back, ehr(*RIGHT)).doubled == 1


def test_another_patients_value_or_half_a_measurement_is_found() -> None:
    assert judge(JOB, [KILLED], BACK, ehr(RIGHT[0], ("Patient/b", WAITING))).other
    half = ehr(*RIGHT)
    with half.draft() as draft:
        pulse = next(v for v in half.versions("Observation") if "valueQuantity" in v.resource)
        draft.write("Observation", pulse.id, pulse.resource | {"subject": {"reference": "other"}})
    assert judge(JOB, [KILLED], BACK, half).other


@pytest.mark.parametrize("code", [1, -14])
def test_a_process_that_fails_or_hangs_is_found(code: int) -> None:
    assert judge(JOB, [KILLED], Told(words=[], code=code), ehr(*RIGHT)).other
    assert judge(JOB, [Told(words=KILLED.words, code=code)], BACK, ehr(*RIGHT)).other
