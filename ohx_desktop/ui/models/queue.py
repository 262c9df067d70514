"""The queue as texts: a row for each entry, in words that name nobody and no value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ohx_desktop.desk.queue_states import Group, QueueList, is_taken_back
from ohx_desktop.domain.errors import OhxError, RemoteError, Transient, UsageError
from ohx_desktop.outbox.records import Listed
from ohx_desktop.outbox.states import ARRIVED, EntryKind, EntryState, OutboxEntry
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.context import GroupView, OptionView
from ohx_desktop.ui.models.fact import FactRow
from ohx_desktop.ui.models.message import message_of, sentence
from ohx_desktop.ui.models.parts import MessageView, Tone
from ohx_desktop.ui.models.when import length_text, moment_text, time_text

# Below this nobody asks how long ago it was.
_LATELY = timedelta(minutes=1)
_TONES = {
    EntryState.QUEUED: Tone.OPEN,
    EntryState.SENDING: Tone.OPEN,
    EntryState.ACKNOWLEDGED: Tone.GOOD,
    EntryState.VERIFIED: Tone.GOOD,
    EntryState.NEEDS_ATTENTION: Tone.ATTENTION,
    EntryState.DISCARDED: Tone.NEUTRAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """`ids` are those of the rows; `empty` says what will be listed, while nothing is."""

    groups: GroupView
    ids: tuple[UUID, ...]
    rows: tuple[FactRow, ...]
    has_more: bool
    empty: tuple[str, str] | None
    status: str
    message: MessageView | None


def queue_view(state: QueueList, now: datetime) -> QueueView:
    """Return the view of the list at the moment `now`."""
    entries = state.entries or ()
    empty = texts.QUEUE_EMPTY[state.group.value if state.group else ""]
    is_known = state.entries is not None and state.error is None
    return QueueView(
        groups=_groups(state),
        ids=tuple(listed.entry.id for listed in entries),
        rows=tuple(row_of(listed, now) for listed in entries),
        has_more=state.has_more,
        empty=empty if is_known and not entries else None,
        status=texts.QUEUE_READING if state.entries is None and not state.error else "",
        message=problem_of(state.error) if state.error else None,
    )


def row_of(listed: Listed, now: datetime) -> FactRow:
    """Return what may be told of an entry where others look at the screen."""
    title, details = title_of(listed.entry, listed), tuple(_details(listed, now))
    return FactRow(
        title=title,
        details=details,
        tone=tone_of(listed),
        spoken=texts.QUEUE_SPOKEN.format(title=title, details=" ".join(details)),
    )


def tone_of(listed: Listed) -> Tone:
    """Return how the state of an entry is meant."""
    taken_back = listed.entry.state in ARRIVED and is_taken_back(listed)
    return Tone.NEUTRAL if taken_back else _TONES[listed.entry.state]


def title_of(entry: OutboxEntry, listed: Listed | None = None) -> str:
    """Return what an entry is and where it is, or what became of it."""
    if entry.kind is EntryKind.RETRACTION:
        return texts.ORDER_TITLES[entry.state]
    if listed is not None and entry.state in ARRIVED and is_taken_back(listed):
        order = listed.order
        is_done = order is not None and order.state in ARRIVED
        return texts.ENTRY_TAKEN_BACK if is_done else texts.ENTRY_BEING_TAKEN_BACK
    title = texts.ENTRY_TITLES[entry.state]
    if entry.state is EntryState.DISCARDED and entry.reason:
        return texts.ENTRY_TITLE_WHY.format(title=title, why=reason_text(entry.reason))
    return title


def reason_text(code: str) -> str:
    """Return the words of a reason; one that somebody made up on a command line as it is."""
    return texts.QUEUE_REASONS.get(code, code)


def why_of(entry: OutboxEntry) -> tuple[str, ...]:
    """Return the sentences of the last error: what happened, what it means, what to do."""
    if entry.last_error is None or entry.state in ARRIVED:
        return ()
    return tuple(sentence(part) for part in entry.last_error.split(";") if part.strip())


def times_of(entry: OutboxEntry, now: datetime) -> str:
    """Return when it was saved and arrived, how often it was tried, and when again."""
    is_order = entry.kind is EntryKind.RETRACTION
    long, short = (
        (texts.ENTRY_ORDERED, texts.ENTRY_ORDERED_NOW)
        if is_order
        else (texts.ENTRY_SAVED, texts.ENTRY_SAVED_NOW)
    )
    age, time = now - entry.created_at, moment_text(entry.created_at, now)
    facts = [
        short.format(time=time)
        if age < _LATELY
        else long.format(time=time, length=length_text(age))
    ]
    if entry.arrived_at is not None:
        facts.append(texts.ENTRY_ARRIVED.format(time=moment_text(entry.arrived_at, now)))
    if entry.state is EntryState.DISCARDED and entry.ended_at is not None:
        facts.append(texts.ENTRY_ENDED.format(time=moment_text(entry.ended_at, now)))
    if entry.attempts > 1 and entry.state not in ARRIVED:
        facts.append(texts.ENTRY_ATTEMPTS.format(n=entry.attempts))
    if entry.state is EntryState.QUEUED and entry.next_attempt is not None:
        again = time_text(entry.next_attempt, zone=now.tzinfo, seconds=True)
        facts.append(texts.ENTRY_NEXT.format(time=again))
    return "   ·   ".join(facts)


def notes_of(listed: Listed) -> list[str]:
    """Return what else a person must know of an entry."""
    entry, notes = listed.entry, []
    if entry.is_doubtful:
        given_up = entry.state is EntryState.DISCARDED
        notes.append(texts.ENTRY_GIVEN_UP_DOUBTFUL if given_up else texts.ENTRY_DOUBTFUL)
    is_acknowledged = entry.state is EntryState.ACKNOWLEDGED and entry.kind is EntryKind.FILING
    if is_acknowledged and not is_taken_back(listed):
        notes.append(texts.ENTRY_BEING_CHECKED if listed.is_held else texts.ENTRY_NOT_CHECKED)
    if listed.is_refiled:
        notes.append(texts.ENTRY_REFILED)
    if entry.kind is EntryKind.FILING and entry.corrects is not None:
        notes.append(texts.ENTRY_IS_REFILED)
    return notes


def problem_of(error: OhxError, tone: Tone = Tone.STOP) -> MessageView:
    """Return the message for what was not done.

    The usual words of some errors speak of a reading on its way, or of a command line; here
    nothing was changed, and a person tries again.
    """
    told = message_of(error, tone)
    if isinstance(error, UsageError) and error.hint == UsageError.hint:
        return replace(told, rest=f"{texts.QUEUE_UNCHANGED} {texts.QUEUE_LOOK_AGAIN}")
    if isinstance(error, RemoteError) and error.meaning == type(error).meaning:
        is_passing = isinstance(error, Transient)
        hint = texts.QUEUE_LATER if is_passing else sentence(error.hint)
        return replace(told, rest=f"{texts.QUEUE_UNCHANGED} {hint}")
    return told


def _details(listed: Listed, now: datetime) -> Sequence[str]:
    why = why_of(listed.entry)
    # What happened has a line of its own; what to do stands beside it.
    lines = [why[0]] if why else []
    lines += [" ".join(why[1:])] if len(why) > 1 else []
    notes = notes_of(listed)
    lines += [" ".join(notes)] if notes else []
    return [*lines, times_of(listed.entry, now)]


def _groups(state: QueueList) -> GroupView:
    counts = {Group.NEEDS_YOU: state.needs_attention, Group.WAITING: state.waiting}
    options = [_option(None, texts.QUEUE_ALL, chosen=state.group is None)]
    for group in Group:
        text, n = texts.QUEUE_GROUPS[group], counts.get(group, 0)
        counted = texts.QUEUE_COUNTED.format(group=text, n=n) if n else text
        options.append(_option(group, counted, chosen=state.group is group))
    return GroupView(label=texts.QUEUE_SHOW, options=tuple(options))


def _option(group: Group | None, text: str, *, chosen: bool) -> OptionView:
    spoken = texts.CHOICE_SPOKEN.format(group=texts.QUEUE_SHOW, option=text)
    return OptionView(text=text, spoken=spoken, context=group, chosen=chosen)
