"""What was put right, as steps; and what a comparison with the EHR found, as rows."""

from dataclasses import dataclass, replace
from datetime import datetime

from ohx_desktop.desk.queue_states import Act, CompareRun, Comparing, Mended
from ohx_desktop.domain.look_up import Found
from ohx_desktop.domain.patient import Patient
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.banner import name_text
from ohx_desktop.ui.models.fact import FactRow
from ohx_desktop.ui.models.parts import MessageView, StepView, Tone
from ohx_desktop.ui.models.queue import problem_of, times_of, why_of

_DECIDED = {
    "refiled": texts.MENDED_DECIDED_DETAIL,
    "taken-back": texts.MENDED_DECIDED_DETAIL,
    "given-up": texts.MENDED_ERASED,
    "order-given-up": texts.MENDED_ORDER_GONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedView:
    """What was decided and how far it is."""

    heading: str
    help: str
    steps: tuple[StepView, ...]
    message: MessageView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareView:
    """The rows so far, how far it is, and what can be done now."""

    help: str
    status: str
    rows: tuple[FactRow, ...]
    empty: tuple[str, str]
    message: MessageView | None
    likely: str
    is_running: bool


def mended_view(state: Mended) -> MendedView:
    """Return the view of what was decided."""
    kind = _kind(state)
    sent = [entry for entry in (state.taken_back, state.refiled) if entry is not None]
    steps = [_done(texts.MENDED_DECIDED, _DECIDED[kind])]
    if state.taken_back is not None:
        steps.append(_step(texts.MENDED_TAKEN_BACK, state.taken_back, texts.MENDED_MARKED))
    elif state.refiled is not None:
        steps.append(_done(texts.MENDED_TAKEN_BACK, texts.MENDED_NEVER_SENT))
    if state.refiled is not None and state.patient is not None:
        told = _step(texts.MENDED_RIGHT, state.refiled, texts.MENDED_FILED)
        steps.append(_named(told, state.patient))
    return MendedView(
        heading=texts.MENDED_HEADING[kind],
        help=texts.MENDED_HELP[kind],
        steps=tuple(steps),
        message=next(filter(None, map(_needs_you, sent)), None),
    )


def compare_view(state: Comparing, now: datetime) -> CompareView:
    """Return the view of a comparison at the moment `now`."""
    return CompareView(
        help=texts.COMPARE_HELP.format(days=state.days),
        status=_status(state),
        rows=tuple(_row(entry, found, now) for entry, found in state.differing),
        empty=_empty(state),
        message=problem_of(state.error) if state.error else None,
        likely=texts.COMPARE_RUN if state.run is CompareRun.NEVER else texts.COMPARE_AGAIN,
        is_running=state.run is CompareRun.RUNNING,
    )


def _empty(state: Comparing) -> tuple[str, str]:
    if state.error is not None:
        return "", ""
    if state.run is CompareRun.DONE:
        return texts.COMPARE_SAME
    return texts.COMPARE_EMPTY if state.run is CompareRun.NEVER else texts.COMPARE_SO_FAR


def _kind(state: Mended) -> str:
    if state.refiled is not None:
        return "refiled"
    if state.taken_back is not None:
        return "taken-back"
    is_order = state.act is Act.DISCARD and state.listed.entry.kind is EntryKind.RETRACTION
    return "order-given-up" if is_order else "given-up"


def _step(label: str, entry: OutboxEntry, done: str) -> StepView:
    if entry.state is EntryState.VERIFIED or (
        entry.state is EntryState.ACKNOWLEDGED and entry.kind is EntryKind.RETRACTION
    ):
        return _done(label, done)
    tone, detail = Tone.OPEN, texts.MENDED_NOT_YET
    match entry.state:
        case EntryState.SENDING:
            detail = texts.MENDED_SENDING
        case EntryState.ACKNOWLEDGED:
            detail = texts.MENDED_SENT
        case EntryState.NEEDS_ATTENTION | EntryState.DISCARDED:
            tone, detail = Tone.ATTENTION, texts.MENDED_NEEDS_YOU
    spoken = texts.STEP_OPEN.format(label=label, detail=detail)
    return StepView(label=label, detail=detail, tone=tone, spoken=spoken)


def _named(step: StepView, patient: Patient) -> StepView:
    """Say whose chart it is; a name as long as it likes goes on in the next line."""
    detail = texts.MENDED_RIGHT_DETAIL.format(name=name_text(patient), detail=step.detail)
    return replace(step, detail=detail, spoken=f"{step.spoken}, {name_text(patient)}")


def _done(label: str, detail: str) -> StepView:
    spoken = texts.STEP_DONE.format(label=label, detail=detail)
    return StepView(label=label, detail=detail, tone=Tone.GOOD, spoken=spoken)


def _needs_you(entry: OutboxEntry) -> MessageView | None:
    why = why_of(entry)
    if entry.state is not EntryState.NEEDS_ATTENTION or not why:
        return None
    return MessageView(what=why[0], rest=" ".join(why[1:]))


def _row(entry: OutboxEntry, found: Found, now: datetime) -> FactRow:
    title, details = texts.COMPARE_FOUND[found], [times_of(entry, now)]
    if entry.ehr_reference is not None:
        details.append(texts.ENTRY_REFERENCE.format(reference=entry.ehr_reference))
    # What somebody took back in the EHR is a decision, not a loss.
    tone = Tone.NEUTRAL if found is Found.RETRACTED else Tone.ATTENTION
    spoken = texts.QUEUE_SPOKEN.format(title=title, details=" ".join(details))
    return FactRow(title=title, details=tuple(details), tone=tone, spoken=spoken)


def _status(state: Comparing) -> str:
    match state.run:
        case CompareRun.NEVER:
            return ""
        case CompareRun.RUNNING:
            return texts.COMPARE_RUNNING.format(n=state.compared)
        case CompareRun.CANCELLED:
            return texts.COMPARE_CANCELLED.format(n=state.compared)
    if state.error is not None:
        return texts.COMPARE_BROKEN_OFF
    notes = [texts.COMPARE_DONE.format(n=state.compared, differing=_differing(state))]
    if state.in_correction:
        notes.append(texts.COMPARE_IN_CORRECTION.format(n=state.in_correction))
    if state.not_comparable:
        notes.append(texts.COMPARE_NOT_COMPARABLE.format(n=state.not_comparable))
    return " ".join(notes)


def _differing(state: Comparing) -> str:
    n = len(state.differing)
    if n == 0:
        return texts.COMPARE_NONE_DIFFERS
    return texts.COMPARE_ONE_DIFFERS if n == 1 else texts.COMPARE_SOME_DIFFER.format(n=n)
