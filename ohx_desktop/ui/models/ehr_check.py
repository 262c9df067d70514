"""The check of the EHR as texts: a row for each line, and the report to hand on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ohx_desktop.desk.admin_states import EhrCheck, Run
from ohx_desktop.domain.check_lines import Line, Verdict
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.fact import FactRow
from ohx_desktop.ui.models.message import message_of, sentence
from ohx_desktop.ui.models.parts import MessageView, QuestionView, Tone

_TONES = {Verdict.OK: Tone.GOOD, Verdict.WARNING: Tone.ATTENTION, Verdict.FAILED: Tone.STOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """The rows so far and the one to look at first, how far it is, and what can be done now."""

    rows: tuple[FactRow, ...]
    status: str
    message: MessageView | None
    likely: str
    first_to_see: int
    is_running: bool
    can_cancel: bool
    can_copy: bool


def check_view(state: EhrCheck) -> CheckView:
    """Return the view of a check."""
    return CheckView(
        rows=tuple(map(_row, state.lines)),
        status=_status(state),
        message=_message(state),
        first_to_see=_first_to_see(state.lines),
        likely=texts.CHECK_RUN if state.run is Run.NEVER else texts.CHECK_AGAIN,
        is_running=state.is_running,
        can_cancel=state.run is Run.RUNNING,
        can_copy=bool(state.lines) and not state.is_running,
    )


def write_question(patient: str) -> QuestionView:
    """Return the question before a test reading is stored."""
    what, rest = texts.CHECK_WRITE_QUESTION
    message = MessageView(what=what.format(patient=patient), rest=rest)
    return QuestionView(message=message, yes=texts.CHECK_WRITE_YES, no=texts.CHECK_WRITE_NO)


def report(state: EhrCheck, *, patient: str, version: str, now: datetime) -> str:
    """Return the check as text for whoever looks after the EHR: no names, no secrets.

    The reference typed for the test is left out, and so is what the EHR said of our Observations
    in its own words: nobody knows what it quotes.
    """
    when = now.isoformat(sep=" ", timespec="minutes")
    lines = [
        texts.REPORT_HEADING.format(version=version, when=when),
        texts.REPORT_STATE[state.run],
    ]
    for line in state.lines:
        verdict = texts.CHECK_VERDICTS[line.verdict]
        lines.append(f"[{verdict}] {line.name}: {_reported(line)}")
        if line.remedy:
            lines.append(f"    → {line.remedy}")
    if state.error is not None:
        lines.append(f"[{texts.CHECK_BROKEN_OFF}] {state.error.what}")
    text = "\n".join(lines) + "\n"
    return text.replace(patient, texts.REPORT_PATIENT) if patient else text


def _reported(line: Line) -> str:
    quotes_ehr = line.name == "validate-own" and line.verdict is not Verdict.OK
    return texts.REPORT_QUOTED if quotes_ehr else line.detail


def _row(line: Line) -> FactRow:
    name = texts.CHECK_NAMES.get(line.name, line.name)
    verdict = texts.CHECK_VERDICTS[line.verdict]
    details = [sentence(line.detail)]
    if line.remedy:
        details.append(f"→ {sentence(line.remedy)}")
    return FactRow(
        title=name if line.verdict is Verdict.OK else f"{name}: {verdict}",
        details=tuple(details),
        tone=_TONES[line.verdict],
        spoken=texts.CHECK_SPOKEN.format(name=name, verdict=verdict, detail=" ".join(details)),
    )


def _first_to_see(lines: Sequence[Line]) -> int:
    """Return the place of the first failed line, else of the first marked one, else the first."""
    verdicts = [line.verdict for line in lines]
    marked = (verdict for verdict in (Verdict.FAILED, Verdict.WARNING) if verdict in verdicts)
    return next(map(verdicts.index, marked), 0)


def _message(state: EhrCheck) -> MessageView | None:
    if state.wrong_patient is not None:
        what, rest = texts.CHECK_WRONG_PATIENT
        return MessageView(what=what, rest=rest)
    return message_of(state.error, Tone.STOP) if state.error is not None else None


def _status(state: EhrCheck) -> str:
    match state.run:
        case Run.NEVER:
            return ""
        case Run.RUNNING:
            return texts.CHECK_RUNNING.format(n=len(state.lines))
        case Run.STOPPING:
            return texts.CHECK_STOPPING
        case Run.CANCELLED:
            return texts.CHECK_CANCELLED
    return texts.CHECK_BROKEN_OFF if state.error is not None else _outcome(state.lines)


def _outcome(lines: Sequence[Line]) -> str:
    verdicts = [line.verdict for line in lines]
    if Verdict.FAILED in verdicts:
        return texts.CHECK_FAILED
    marked = verdicts.count(Verdict.WARNING)
    if marked:
        return texts.CHECK_WARNED.format(n=len(lines), marked=marked)
    return texts.CHECK_GOOD.format(n=len(lines))
