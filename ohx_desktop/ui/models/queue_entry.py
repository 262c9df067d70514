"""One entry of the queue as texts, and the questions before it is put right or given up."""

from dataclasses import dataclass
from datetime import datetime

from ohx_desktop.desk.queue_states import (
    STATES,
    Act,
    AskingWhy,
    FindingRight,
    Group,
    OneEntry,
    Reason,
    Seen,
    acts_of,
)
from ohx_desktop.domain.patient import Patient
from ohx_desktop.outbox.records import Listed
from ohx_desktop.outbox.states import EntryKind, EntryState
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.banner import banner_of
from ohx_desktop.ui.models.parts import MessageView, QuestionView, Tone
from ohx_desktop.ui.models.queue import (
    notes_of,
    problem_of,
    reason_text,
    times_of,
    title_of,
    tone_of,
    why_of,
)
from ohx_desktop.ui.models.value import other_facts, tiles
from ohx_desktop.ui.models.when import moment_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenView:
    """The reading itself in one line, when it was measured, and whose it was filed as."""

    values: str
    facts: str
    patient: str
    spoken: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """`acts` is what can be done now, `likely` the one that is the biggest thing on the page."""

    title: str
    tone: Tone
    lines: tuple[str, ...]
    message: MessageView | None
    seen: SeenView | None
    acts: frozenset[Act]
    likely: Act | None
    retry: str
    discard: str
    busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """Why, and the question that follows a reason. While `busy` it is being done."""

    heading: str
    entry: str
    seen: SeenView | None
    reasons: tuple[tuple[Reason, str], ...]
    message: MessageView | None
    question: QuestionView | None
    busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RightView:
    """Who it really is. `seen` is the reading where the person has it before them."""

    seen: SeenView | None
    message: MessageView | None
    question: QuestionView | None
    busy: bool


def entry_view(state: OneEntry, now: datetime) -> EntryView:
    """Return the view of one entry at the moment `now`."""
    listed, acts = state.listed, acts_of(state.listed)
    is_order = listed.entry.kind is EntryKind.RETRACTION
    ranked = (act for act in (Act.RETRY, Act.CORRECT) if act in acts)
    return EntryView(
        title=title_of(listed.entry, listed),
        tone=tone_of(listed),
        lines=_lines(listed, now),
        message=_message(state),
        seen=seen_view(state.seen, now),
        acts=acts,
        likely=next(ranked, None),
        retry=texts.ENTRY_RETRYING if state.busy else texts.ENTRY_RETRY,
        discard=texts.ENTRY_DISCARD_ORDER if is_order else texts.ENTRY_DISCARD,
        busy=state.busy,
    )


def why_view(state: AskingWhy, now: datetime) -> WhyView:
    """Return the view of the question why."""
    is_order = state.listed.entry.kind is EntryKind.RETRACTION
    heading = texts.WHY_CORRECT
    if state.act is Act.DISCARD:
        heading = texts.WHY_DISCARD_ORDER if is_order else texts.WHY_DISCARD
    return WhyView(
        heading=heading,
        entry=_entry_line(state.listed, now),
        seen=seen_view(state.seen, now),
        reasons=tuple((reason, reason_text(reason)) for reason in state.reasons),
        message=problem_of(state.error) if state.error else _busy(is_busy=state.busy),
        question=None if state.busy or state.reason is None else _question(state),
        busy=state.busy,
    )


def right_view(state: FindingRight, now: datetime) -> RightView:
    """Return the view of whose reading it really is, beside the search."""
    question = None
    if not state.busy and state.chosen is not None:
        question = _right_question(state.chosen, now)
    elif not state.busy and state.only_back:
        question = _back_question(state.listed)
    return RightView(
        seen=seen_view(state.seen, now),
        message=problem_of(state.error) if state.error else _busy(is_busy=state.busy),
        question=question,
        busy=state.busy,
    )


def seen_view(seen: Seen | None, now: datetime) -> SeenView | None:
    """Return the reading itself, for the person who asked for it."""
    if seen is None:
        return None
    reading = seen.reading
    shown = tiles(reading)
    values = ",   ".join(f"{value.figures} {value.unit}".strip() for value in shown)
    moment = reading.measured_at or reading.received_at
    when = texts.TRAY_MEASURED if reading.measured_at else texts.TRAY_CAME
    facts = [when.format(time=moment_text(moment, now)), *other_facts(reading)]
    patient = _filed_for(seen.patient, now) if seen.patient is not None else ""
    spoken = ". ".join([*(value.spoken for value in shown), *facts, patient]).strip(". ")
    return SeenView(values=values, facts="   ·   ".join(facts), patient=patient, spoken=spoken)


def _lines(listed: Listed, now: datetime) -> tuple[str, ...]:
    entry = listed.entry
    lines = [times_of(entry, now), *notes_of(listed)]
    if entry.ehr_reference is not None:
        lines.append(texts.ENTRY_REFERENCE.format(reference=entry.ehr_reference))
    if entry.decided_by is not None:
        lines.append(texts.ENTRY_BY.format(who=entry.decided_by))
    if entry.reason is not None and entry.kind is EntryKind.RETRACTION:
        lines.append(f"{reason_text(entry.reason)}.")
    if entry.kind is EntryKind.FILING:
        lines.append(texts.ENTRY_HELD if listed.is_held else texts.ENTRY_ERASED)
    return tuple(lines)


def _message(state: OneEntry) -> MessageView | None:
    if state.error is not None:
        return problem_of(state.error)
    if state.retried and state.listed.entry.state in STATES[Group.WAITING]:
        what, rest = texts.ENTRY_RETRIED
        return MessageView(what=what, rest=rest, tone=Tone.GOOD)
    why = why_of(state.listed.entry)
    if not why:
        return None
    needs_you = state.listed.entry.state is EntryState.NEEDS_ATTENTION
    tone = Tone.ATTENTION if needs_you else Tone.NEUTRAL
    return MessageView(what=why[0], rest=" ".join(why[1:]), tone=tone)


def _entry_line(listed: Listed, now: datetime) -> str:
    return f"{title_of(listed.entry, listed)}   ·   {times_of(listed.entry, now)}"


def _question(state: AskingWhy) -> QuestionView:
    if state.act is Act.CORRECT:
        return _back_question(state.listed)
    if state.listed.entry.kind is EntryKind.RETRACTION:
        return _asked(texts.GIVE_UP_ORDER_QUESTION, texts.GIVE_UP_YES)
    doubtful = state.listed.entry.may_be_in_ehr
    sentences = texts.GIVE_UP_DOUBTFUL_QUESTION if doubtful else texts.GIVE_UP_QUESTION
    return _asked(sentences, texts.GIVE_UP_YES)


def _back_question(listed: Listed) -> QuestionView:
    if not listed.entry.may_be_in_ehr and listed.entry.state is not EntryState.SENDING:
        return _asked(texts.GIVE_UP_QUESTION, texts.GIVE_UP_YES)
    return _asked(texts.TAKE_BACK_QUESTION, texts.TAKE_BACK_YES)


def _right_question(patient: Patient, now: datetime) -> QuestionView:
    banner = banner_of(patient, now.date())
    what, rest = texts.RIGHT_QUESTION
    told = rest.format(born=banner.born, label=banner.identifier_label, number=banner.identifier)
    message = MessageView(what=what.format(name=banner.name), rest=told)
    return QuestionView(message=message, yes=texts.RIGHT_YES, no=texts.GO_BACK)


def _asked(sentences: tuple[str, str], yes: str) -> QuestionView:
    what, rest = sentences
    return QuestionView(message=MessageView(what=what, rest=rest), yes=yes, no=texts.GO_BACK)


def _busy(*, is_busy: bool) -> MessageView | None:
    what, rest = texts.MENDING_BUSY
    return MessageView(what=what, rest=rest, tone=Tone.NEUTRAL) if is_busy else None


def _filed_for(patient: Patient, now: datetime) -> str:
    banner = banner_of(patient, now.date())
    return texts.ENTRY_FILED_FOR.format(
        name=banner.name,
        born=banner.born,
        label=banner.identifier_label,
        number=banner.identifier,
    )
