"""Filed as texts: saved, sent, in the chart; three different words for three different facts."""

from dataclasses import dataclass
from datetime import tzinfo

from ohx_desktop.desk.states import Filed
from ohx_desktop.outbox.states import ARRIVED, EntryState, OutboxEntry
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import sentence
from ohx_desktop.ui.models.parts import MessageView, StepView, Tone, ValueView
from ohx_desktop.ui.models.value import tiles
from ohx_desktop.ui.models.when import time_text


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledView:
    """The reading on its way. `again` names the way back to this patient's next reading."""

    values: tuple[ValueView, ...]
    steps: tuple[StepView, StepView, StepView]
    message: MessageView | None
    again: str
    has_more: bool


def filed_view(state: Filed) -> FiledView:
    """Return the view of a saved reading. Times are in the zone of `saved_at`."""
    zone = state.saved_at.tzinfo
    refused = state.entry.state is EntryState.NEEDS_ATTENTION
    return FiledView(
        values=tiles(state.reading),
        steps=(
            _done(texts.SAVED, time_text(state.saved_at, seconds=True)),
            _sent(state, zone),
            _in_chart(state, zone),
        ),
        message=_needs_you(state.entry) if refused else _more(state.more),
        again=texts.NEXT_READING if state.more else texts.MEASURE_AGAIN,
        has_more=state.more > 0,
    )


def first_the_only_copy() -> MessageView:
    """Return why this reading is put right only after the next one was seen to."""
    what, rest = texts.FIRST_ONLY_COPY
    return MessageView(what=what, rest=rest)


def _more(count: int) -> MessageView | None:
    if count == 0:
        return None
    if count == 1:
        what, rest = texts.MORE_WAIT_ONE, texts.MORE_NOT_SAVED
    else:
        what, rest = texts.MORE_WAIT_MANY.format(n=count), texts.MORE_NOT_SAVED_MANY
    return MessageView(what=what, rest=rest, tone=Tone.NEUTRAL)


def _sent(state: Filed, zone: tzinfo | None) -> StepView:
    entry = state.entry
    if entry.state in ARRIVED or state.sent_at is not None:
        when = time_text(state.sent_at, zone=zone, seconds=True) if state.sent_at else ""
        return _done(texts.SENT, when)
    if entry.state is EntryState.NEEDS_ATTENTION:
        return _step(texts.REFUSED, texts.NEEDS_YOU, Tone.ATTENTION)
    if entry.state is EntryState.SENDING:
        return _step(texts.SENDING, texts.SENT_BY_ITSELF, Tone.OPEN)
    again = entry.next_attempt if entry.attempts else None
    detail = (
        texts.TRIES_AGAIN.format(time=time_text(again, zone=zone, seconds=True))
        if again
        else texts.SENT_BY_ITSELF
    )
    return _step(texts.NOT_SENT, detail, Tone.OPEN)


def _in_chart(state: Filed, zone: tzinfo | None) -> StepView:
    entry = state.entry
    if entry.state is EntryState.VERIFIED:
        when = time_text(state.verified_at, zone=zone, seconds=True) if state.verified_at else ""
        facts = [fact for fact in (when, entry.ehr_reference) if fact]
        return _done(texts.IN_CHART, "  ".join(facts))
    if entry.state is EntryState.ACKNOWLEDGED:
        return _step(texts.CHECKING_CHART, texts.READ_BACK, Tone.OPEN)
    return _step(texts.NOT_IN_CHART, texts.AFTER_SENDING, Tone.OPEN)


def _needs_you(entry: OutboxEntry) -> MessageView:
    # Of the error's three parts only the first: the other two speak of a queue not on this screen.
    what = (entry.last_error or "").partition(";")[0]
    rest = f"{sentence(what)} {texts.STAYS_SAFE}" if what else texts.STAYS_SAFE
    return MessageView(what=texts.NEEDS_YOU, rest=rest)


def _done(label: str, detail: str) -> StepView:
    spoken = texts.STEP_DONE.format(label=label, detail=detail).strip(", ")
    return StepView(label=label, detail=detail, tone=Tone.GOOD, spoken=spoken)


def _step(label: str, detail: str, tone: Tone) -> StepView:
    spoken = texts.STEP_OPEN.format(label=label, detail=detail)
    return StepView(label=label, detail=detail, tone=tone, spoken=spoken)
