"""What the queue's pages say: why, since when, until when, and nothing of anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest

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
    Reason,
    acts_of,
)
from ohx_desktop.domain.errors import Refused, Transient, UsageError
from ohx_desktop.outbox.records import Listed
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.ui import queue_scenes as told
from ohx_desktop.ui import scenes, texts
from ohx_desktop.ui.models.parts import Tone
from ohx_desktop.ui.models.queue import problem_of, queue_view, reason_text, row_of
from ohx_desktop.ui.models.queue_entry import entry_view, right_view, why_view
from ohx_desktop.ui.models.queue_mended import compare_view, mended_view

NOW = scenes.NOW


def test_a_row_says_why_since_when_and_when_again() -> None:
    row = row_of(told.WAITING, NOW)
    assert row.title == "Waits for the EHR"
    assert row.details == (
        "The EHR is not reachable.",
        "It is sent again by itself. Nothing has to be done.",
        "The EHR may have it already: it is looked up there before it is sent.",
        "Saved 10:10, 5 min ago   ·   4 attempts   ·   Next try 10:16:28",
    )
    assert row.tone is Tone.OPEN


def test_what_needs_a_person_says_what_so_what_and_now_what() -> None:
    row = row_of(told.REFUSED, NOW)
    assert row.details[0] == "The EHR refused the reading: a rule of the EHR forbids it."
    assert row.details[1].startswith("It stays safe on this computer")
    assert row.details[1].endswith("then send it again.")
    assert row.tone is Tone.ATTENTION


@pytest.mark.parametrize(
    ("listed", "title"),
    [
        (told.CHECKED, "Sent"),
        (told.IN_CHART, "In the chart"),
        (told.TAKEN_BACK, "Taken back"),
        (told.GIVEN_UP, "Given up: Measured again"),
        (told.ORDER_REFUSED, "A correction needs you"),
        (
            replace(
                told.TAKEN_BACK,
                order=replace(told.WAITING.entry, corrects=told.TAKEN_BACK.entry.id),
            ),
            "Is being taken back",
        ),
    ],
)
def test_each_state_has_a_name_of_its_own(listed: Listed, title: str) -> None:
    assert row_of(listed, NOW).title == title


def test_a_reason_from_a_command_line_is_told_as_it_is() -> None:
    assert reason_text("power-cut") == "power-cut"


def test_the_filter_counts_what_is_open() -> None:
    view = queue_view(QueueList(entries=(), waiting=3, needs_attention=1, group=Group.WAITING), NOW)
    words = [option.text for option in view.groups.options]
    assert words == ["All", "Needs you (1)", "Waiting (3)", "Arrived", "Given up"]
    assert [option.chosen for option in view.groups.options].index(True) == 2
    assert view.empty == texts.QUEUE_EMPTY["waiting"]


def test_while_the_queue_is_read_nothing_is_called_empty() -> None:
    view = queue_view(QueueList(), NOW)
    assert view.empty is None
    assert view.status == texts.QUEUE_READING


@pytest.mark.parametrize(
    ("listed", "acts"),
    [
        (told.REFUSED, {Act.RETRY, Act.DISCARD, Act.CORRECT, Act.LOOK}),
        (told.IN_CHART, {Act.CORRECT}),
        (told.TAKEN_BACK, set()),
        (told.GIVEN_UP, set()),
        (told.ORDER_REFUSED, {Act.RETRY, Act.DISCARD}),
        (
            replace(told.GIVEN_UP, entry=replace(told.GIVEN_UP.entry, is_doubtful=True)),
            {Act.CORRECT},
        ),
        (
            replace(told.NEXT, entry=replace(told.NEXT.entry, state=EntryState.SENDING)),
            {Act.CORRECT, Act.LOOK},
        ),
    ],
)
def test_what_can_be_done_follows_from_the_entry(listed: Listed, acts: set[Act]) -> None:
    assert acts_of(listed) == acts


def test_the_entry_says_that_it_is_sent_again_only_while_it_is() -> None:
    state = OneEntry(listed=told.NEXT, retried=True)
    view = entry_view(state, NOW)
    assert view.message is not None
    assert view.message.what == texts.ENTRY_RETRIED[0]
    assert entry_view(replace(state, listed=told.IN_CHART), NOW).message is None


def test_values_and_name_are_in_the_entry_only_where_they_were_asked_for() -> None:
    shown = scenes.SCENES["141-entry-shown"]
    assert isinstance(shown, OneEntry)
    view = entry_view(shown, NOW)
    assert view.seen is not None
    assert "128/82" in view.seen.values
    assert "23-Nov-1951" in view.seen.patient
    assert entry_view(replace(shown, seen=None), NOW).seen is None


def test_the_question_says_what_comes_of_it() -> None:
    for listed, what in (
        (told.IN_CHART, texts.TAKE_BACK_QUESTION),
        (told.NEXT, texts.GIVE_UP_QUESTION),
    ):
        state = AskingWhy(listed=listed, act=Act.CORRECT, reason=Reason.OTHER)
        question = why_view(state, NOW).question
        assert question is not None
        assert (question.message.what, question.message.rest) == what


def test_a_reading_that_may_have_arrived_is_not_given_up_as_if_it_had_not() -> None:
    state = AskingWhy(listed=told.WAITING, act=Act.DISCARD, reason=Reason.OTHER)
    question = why_view(state, NOW).question
    assert question is not None
    assert "The EHR may have it all the same" in question.message.rest


def test_the_right_patient_is_asked_for_by_two_identifiers() -> None:
    view = right_view(FindingRight(listed=told.IN_CHART, chosen=scenes.JANE), NOW)
    assert view.question is not None
    asked = f"{view.question.message.what} {view.question.message.rest}".replace("\u00a0", " ")
    assert "SMITH, Jane" in asked
    assert "23-Nov-1951" in asked
    assert "943 476 5919" in asked


def test_errors_speak_of_what_was_not_done_and_not_of_a_command_line() -> None:
    assert problem_of(UsageError("it has changed")).rest == (
        f"{texts.QUEUE_UNCHANGED} {texts.QUEUE_LOOK_AGAIN}"
    )
    assert "sent again" not in problem_of(Transient("no answer")).rest
    own = Refused("somebody has changed it", meaning="nothing was changed here", hint="mend it")
    assert problem_of(own).rest == "Nothing was changed here. Mend it."


def test_what_was_put_right_is_told_step_by_step() -> None:
    going, gone = scenes.SCENES["170-going"], scenes.SCENES["171-gone"]
    assert isinstance(going, Mended)
    assert isinstance(gone, Mended)
    assert [step.tone for step in mended_view(going).steps] == [Tone.GOOD, Tone.OPEN, Tone.OPEN]
    assert {step.tone for step in mended_view(gone).steps} == {Tone.GOOD}
    never_left = mended_view(replace(going, taken_back=None)).steps[1]
    assert never_left.detail == texts.MENDED_NEVER_SENT


def test_a_comparison_tells_counts_and_calls_a_decision_no_loss() -> None:
    state = scenes.SCENES["182-compared"]
    assert isinstance(state, Comparing)
    view = compare_view(state, NOW)
    assert view.status.startswith("431 compared. 3 differ:")
    assert [row.tone for row in view.rows] == [Tone.ATTENTION, Tone.ATTENTION, Tone.NEUTRAL]
    clean = compare_view(Comparing(days=31, run=CompareRun.DONE, compared=4), NOW)
    assert clean.empty == texts.COMPARE_SAME


def test_an_old_entry_has_its_date() -> None:
    entry = replace(told.NEXT.entry, created_at=NOW - timedelta(days=2))
    assert (
        row_of(replace(told.NEXT, entry=entry), NOW)
        .details[-1]
        .startswith("Saved 21-Nov-2026 10:15, 2 d ago")
    )
