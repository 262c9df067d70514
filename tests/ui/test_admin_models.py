"""What the administrator's pages say, and what the report does not say."""

from datetime import UTC, datetime

import pytest

from ohx_desktop.desk.admin_states import EhrCheck, MappingPreview, Run
from ohx_desktop.desk.mapping_difference import Change, Difference, Element
from ohx_desktop.desk.sample_readings import Sample
from ohx_desktop.domain.check_lines import Line, Verdict
from ohx_desktop.domain.errors import ConfigurationError
from ohx_desktop.ui import texts
from ohx_desktop.ui.admin_scenes import ADMIN_SCENES
from ohx_desktop.ui.models.ehr_check import check_view, report
from ohx_desktop.ui.models.mapping import mapping_view
from ohx_desktop.ui.models.message import sentence
from ohx_desktop.ui.models.parts import Tone
from ohx_desktop.ui.models.setup import setup_message

_NOW = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
_GOOD = Line(name="reachable", verdict=Verdict.OK, detail="https://ehr.example/fhir answers")
_QUOTING = Line(
    name="validate-own",
    verdict=Verdict.WARNING,
    detail="the EHR finds in our Observations: no profile for Jane Smith",
    remedy="give this to the administrator of the EHR",
)
_FAILED = Line(
    name="write",
    verdict=Verdict.FAILED,
    detail="the EHR refused Patient/secret-7",
    remedy="look at Patient/secret-7",
)


def _report(*lines: Line, run: Run = Run.DONE, patient: str = "") -> str:
    state = EhrCheck(run=run, lines=lines)
    return report(state, patient=patient, version="0.1.0", now=_NOW)


def test_the_report_tells_each_line_with_verdict_and_remedy() -> None:
    told = _report(_GOOD, _FAILED)
    assert "0.1.0" in told
    assert "2026-11-23" in told
    assert "[OK] reachable: https://ehr.example/fhir answers" in told
    assert "[Failed] write:" in told


def test_the_report_names_neither_the_test_patient_nor_what_the_ehr_quotes() -> None:
    told = _report(_QUOTING, _FAILED, patient="Patient/secret-7")
    assert "secret-7" not in told
    assert "Jane" not in told
    assert "validate-own" in told


@pytest.mark.parametrize(("run", "told"), [(Run.CANCELLED, "cancelled"), (Run.DONE, "finished")])
def test_the_report_tells_whether_the_check_is_whole(run: Run, told: str) -> None:
    assert told in _report(_GOOD, run=run)


def test_a_check_says_how_far_it_is_and_what_came_of_it() -> None:
    running = check_view(EhrCheck(run=Run.RUNNING, lines=(_GOOD,)))
    assert "1" in running.status
    assert (running.can_cancel, running.can_copy) == (True, False)
    stopping = check_view(EhrCheck(run=Run.STOPPING, lines=(_GOOD,)))
    assert (stopping.is_running, stopping.can_cancel) == (True, False)
    failed = check_view(EhrCheck(run=Run.DONE, lines=(_GOOD, _FAILED)))
    assert failed.status == texts.CHECK_FAILED
    assert [row.tone for row in failed.rows] == [Tone.GOOD, Tone.STOP]
    assert texts.CHECK_VERDICTS["failed"] in failed.rows[1].title, "not by shape and colour alone"
    assert "Patient/secret-7" in " ".join(failed.rows[1].details)


def test_a_cancelled_check_is_not_called_good() -> None:
    cancelled = check_view(EhrCheck(run=Run.CANCELLED, lines=(_GOOD,)))
    assert cancelled.status == texts.CHECK_CANCELLED


def test_every_check_has_a_name_and_every_element_a_word() -> None:
    assert set(texts.MAPPING_ELEMENTS) == {element.value for element in Element}
    assert set(texts.MAPPING_SAMPLES) == {sample.value for sample in Sample}
    assert set(texts.CHECK_VERDICTS) == {verdict.value for verdict in Verdict}
    assert set(texts.REPORT_STATE) == {run.value for run in Run}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (("165.2 lb",), ("74.93 kg",), "165.2 lb → 74.93 kg"),
        (("A", "B"), ("A", "B", "C"), "also C"),
        (("A", "B"), ("B",), "no longer A"),
        (("A", "B"), ("B", "A"), "in another order: B, A"),
        (("A (http://loinc.org)",), ("B (http://loinc.org)",), "A (LOINC) → B (LOINC)"),
    ],
)
def test_a_change_is_told_by_what_differs(
    before: tuple[str, ...], after: tuple[str, ...], told: str
) -> None:
    change = Change(subject="Weight", element=Element.CODE, before=before, after=after)
    found = {Sample.WEIGHT: Difference(changes=(change,))}
    (row,) = mapping_view(MappingPreview(name="m.toml", differences=found)).rows
    assert row.details == (f"Weight, code: {told}",)


def test_the_json_shows_what_differs_and_leaves_away_the_rest() -> None:
    preview = ADMIN_SCENES["121-mapping-preview"]
    assert isinstance(preview, MappingPreview)
    view = mapping_view(preview)
    weight = view.json[list(Sample).index(Sample.WEIGHT)].splitlines()
    assert any(line.startswith("- ") and "165.2" in line for line in weight)
    assert any(line.startswith("+ ") and "74.93" in line for line in weight)
    assert "  …" in weight
    assert view.json[list(Sample).index(Sample.GLUCOSE)] == texts.MAPPING_SAME_JSON


def test_a_broken_file_lists_each_fault_and_says_that_nothing_changed() -> None:
    broken = ADMIN_SCENES["122-mapping-broken"]
    assert isinstance(broken, MappingPreview)
    view = mapping_view(broken)
    assert view.message is not None
    assert view.message.rest == texts.MAPPING_BROKEN[1]
    assert ["ine 4" in view.rows[0].details[0], "ine 9" in view.rows[1].details[0]] == [True, True]
    assert not view.can_put_in_force


def test_a_problem_of_the_set_up_says_what_to_do_and_where() -> None:
    assert setup_message(()) is None
    no_ehr = ConfigurationError("no EHR is set up", hint="set ehr.base_url")
    message = setup_message((no_ehr,))
    assert message is not None
    assert "Set ehr.base_url" in message.rest
    assert "F10" in message.rest


@pytest.mark.parametrize(
    ("fragment", "told"),
    [
        ("the EHR answers", "The EHR answers."),
        ("mapping.toml is not valid", "mapping.toml is not valid."),
        ("https://ehr.example/fhir answers", "https://ehr.example/fhir answers."),
        ("stopped.", "Stopped."),
        ("", "."),
    ],
)
def test_names_of_files_and_addresses_keep_their_first_letter(fragment: str, told: str) -> None:
    assert sentence(fragment) == told
