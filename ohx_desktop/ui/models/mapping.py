"""The preview of a mapping as texts: what changes in words, and as lines of JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ohx_desktop.desk.admin_states import MappingPreview
from ohx_desktop.desk.mapping_difference import Change, Difference, DiffLine, Side
from ohx_desktop.desk.sample_readings import Sample
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.fact import FactRow
from ohx_desktop.ui.models.message import message_of, sentence
from ohx_desktop.ui.models.parts import MessageView, QuestionView, Tone

# So many unchanged lines are shown around a changed one.
_AROUND = 2
_LEFT_AWAY = "  …"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingView:
    """Rows in words; `json` belongs to them place by place, and is empty for faults."""

    status: str
    message: MessageView | None
    rows: tuple[FactRow, ...]
    rows_name: str
    json: tuple[str, ...]
    can_put_in_force: bool


def mapping_view(state: MappingPreview) -> MappingView:
    """Return the view of a preview."""
    is_broken = state.broken is not None
    found = state.differences or {}
    return MappingView(
        status=_status(state),
        message=_message(state),
        rows=_fault_rows(state) if is_broken else tuple(_rows(found)),
        rows_name=texts.MAPPING_FAULTS if is_broken else texts.MAPPING_ROWS,
        json=tuple(map(_json, found.values())),
        can_put_in_force=state.can_put_in_force,
    )


def put_question(name: str) -> QuestionView:
    """Return the question before a mapping is put in force."""
    what, rest = texts.MAPPING_PUT_QUESTION
    message = MessageView(what=what.format(name=name), rest=rest)
    return QuestionView(message=message, yes=texts.MAPPING_PUT_YES, no=texts.MAPPING_PUT_NO)


def _status(state: MappingPreview) -> str:
    if state.is_putting:
        return texts.MAPPING_PUTTING
    if state.broken is not None:
        return texts.MAPPING_STATUS_BROKEN.format(name=state.name)
    if state.differences is None:
        return texts.MAPPING_LOOKING
    if state.name is None:
        return texts.MAPPING_STATUS_OWN
    return texts.MAPPING_STATUS_FILE.format(name=state.name)


def _message(state: MappingPreview) -> MessageView | None:
    """Return what came of the last thing done; else what is wrong with the mapping in force."""
    if state.broken is not None and not state.faults:
        return message_of(state.broken, Tone.STOP)
    if state.broken is not None:
        what, rest = texts.MAPPING_BROKEN
        return MessageView(what=what.format(name=state.name), rest=rest, tone=Tone.STOP)
    if state.error is not None:
        return message_of(state.error, Tone.STOP)
    if state.in_force_problem is not None:
        return message_of(state.in_force_problem)
    if state.done is None:
        return None
    what, rest = texts.MAPPING_DONE
    if state.done.kept is not None:
        rest = f"{rest} {texts.MAPPING_KEPT.format(kept=state.done.kept)}"
    return MessageView(what=what.format(name=state.done.name), rest=rest, tone=Tone.GOOD)


def _fault_rows(state: MappingPreview) -> tuple[FactRow, ...]:
    titles = [texts.MAPPING_FAULT.format(n=n) for n in range(1, len(state.faults) + 1)]
    return tuple(
        FactRow(
            title=title,
            details=(sentence(fault),),
            tone=Tone.STOP,
            spoken=f"{title}: {sentence(fault)}",
        )
        for title, fault in zip(titles, state.faults, strict=True)
    )


def _rows(found: Mapping[Sample, Difference]) -> Iterator[FactRow]:
    for sample, differing in found.items():
        title = texts.MAPPING_SAMPLES[sample]
        details = tuple(_details(differing))
        is_lost = differing.nothing_sent is not None
        tone = Tone.STOP if is_lost else Tone.ATTENTION if details else Tone.GOOD
        details = details or (texts.MAPPING_SAME,)
        yield FactRow(title=title, details=details, tone=tone, spoken=". ".join((title, *details)))


def _details(differing: Difference) -> Iterator[str]:
    if differing.nothing_sent is not None:
        yield texts.MAPPING_NOTHING
        return
    yield from map(_change, differing.changes)
    left_out = [texts.KINDS[kind] for kind in differing.quantities_left_out]
    left_out += [texts.MAPPING_PARTS[part] for part in differing.parts_left_out]
    if left_out:
        yield texts.MAPPING_LEFT_OUT.format(what=", ".join(left_out))


def _change(change: Change) -> str:
    """Return a change as one line: of several codes, only those that differ."""
    gone = [each for each in change.before if each not in change.after]
    new = [each for each in change.after if each not in change.before]
    if gone and new:
        how = texts.MAPPING_INSTEAD.format(before=_listed(gone), after=_listed(new))
    elif new:
        how = texts.MAPPING_ALSO.format(after=_listed(new))
    elif gone:
        how = texts.MAPPING_NO_LONGER.format(before=_listed(gone))
    else:
        how = texts.MAPPING_ORDER.format(after=_listed(change.after))
    element = texts.MAPPING_ELEMENTS[change.element]
    return texts.MAPPING_CHANGE.format(subject=change.subject, element=element, how=how)


def _listed(parts: Sequence[str]) -> str:
    told = ", ".join(parts)
    for system, name in texts.CODE_SYSTEMS.items():
        told = told.replace(f"({system})", f"({name})")
    return told


def _json(differing: Difference) -> str:
    if all(line.side is Side.BOTH for line in differing.lines):
        return texts.MAPPING_SAME_JSON
    return "\n".join(_near_changes(differing.lines))


def _near_changes(lines: Sequence[DiffLine]) -> Iterator[str]:
    """Yield what differs with a little around it; the rest is left away."""
    changed = [place for place, line in enumerate(lines) if line.side is not Side.BOTH]
    near = {
        place + step
        for place in changed
        for step in range(-_AROUND, _AROUND + 1)
        if 0 <= place + step < len(lines)
    }
    before = -1
    for place in sorted(near):
        if place > before + 1:
            yield _LEFT_AWAY
        yield f"{lines[place].side.value} {lines[place].text}"
        before = place
    if before < len(lines) - 1:
        yield _LEFT_AWAY
