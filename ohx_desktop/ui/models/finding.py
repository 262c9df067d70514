"""FindPatient as texts: the list of people found, or what to do instead."""

from dataclasses import dataclass
from datetime import date

from ohx_desktop.desk.states import Doubt, FindPatient
from ohx_desktop.domain.errors import OhxError, Transient
from ohx_desktop.domain.patient import Patient, SearchNote
from ohx_desktop.domain.scan_format import ScanRefused
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.banner import BannerView, banner_of
from ohx_desktop.ui.models.message import sentence
from ohx_desktop.ui.models.parts import MessageView, QuestionView
from ohx_desktop.ui.models.when import date_text

# Where one record was found for another; the only note beside which somebody is shown.
_WITHOUT_HEIR = "replaced-by-nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """One person found: what the list shows, and whom choosing it chooses.

    `question` is asked before; `refusal` says why they cannot be chosen at all.
    """

    patient: Patient
    banner: BannerView
    question: QuestionView | None = None
    refusal: MessageView | None = None

    @property
    def spoken(self) -> str:
        """Who it is, in words."""
        return self.banner.spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class FindView:
    """`empty` says what will be in the list, and how, while nobody is in it."""

    status: str
    searching: bool
    results: tuple[ResultView, ...]
    empty: tuple[str, str] | None
    message: MessageView | None


def find_view(state: FindPatient, today: date) -> FindView:
    """Return the view of the search."""
    results = tuple(
        _result(patient, banner_of(patient, today), state.doubts(patient))
        for patient in state.results or ()
    )
    return FindView(
        status=_status(state),
        searching=state.searching,
        results=results,
        empty=_empty(state),
        message=_failure(state.error) if state.error else _note(state),
    )


def refused_scan(error: ScanRefused) -> MessageView:
    """Return the message for a code that is no wristband."""
    what, rest = texts.SCAN_FAULTS[error.fault]
    return MessageView(what=what, rest=rest)


def _result(patient: Patient, banner: BannerView, doubts: tuple[Doubt, ...]) -> ResultView:
    if Doubt.UNIDENTIFIED in doubts:
        what, rest = texts.UNIDENTIFIED
        refusal = MessageView(what=what, rest=rest)
        return ResultView(patient=patient, banner=banner, refusal=refusal)
    question = _question(patient, banner, doubts) if doubts else None
    return ResultView(patient=patient, banner=banner, question=question)


def _question(patient: Patient, banner: BannerView, doubts: tuple[Doubt, ...]) -> QuestionView:
    """Return the one question of a choice, whatever the number of its reasons."""
    if patient.birth_date is None:
        what, rest = texts.NAME_ALONE_NUMBER
        rest, yes = rest.format(number=banner.identifier), texts.NAME_ALONE_YES_NUMBER
    else:
        what, rest = texts.NAME_ALONE_QUESTION
        yes = texts.NAME_ALONE_YES.format(born=date_text(patient.birth_date))
    if Doubt.DECEASED in doubts:
        what, died = texts.DECEASED_QUESTION
        if Doubt.NAME_ALONE in doubts:
            rest = f"{died} {texts.ASK_BORN_TOO}"
        else:
            rest, yes = died, texts.DECEASED_YES
    return QuestionView(message=MessageView(what=what, rest=rest), yes=yes, no=texts.GO_BACK)


def _status(state: FindPatient) -> str:
    if state.searching:
        return texts.SEARCHING
    count = len(state.results or ())
    if count == 0:
        return ""
    return texts.ONE_FOUND if count == 1 else texts.MANY_FOUND.format(n=count)


def _empty(state: FindPatient) -> tuple[str, str] | None:
    if state.searching or state.results or state.error or state.note:
        return None
    return texts.NOBODY_YET if state.results is None else texts.NOBODY_FOUND


def _note(state: FindPatient) -> MessageView | None:
    if state.note is None:
        return None
    alone = state.note is SearchNote.REPLACED and not state.results
    what, rest = texts.FOUND_NOTES[_WITHOUT_HEIR if alone else state.note]
    return MessageView(what=what, rest=rest)


def _failure(error: OhxError) -> MessageView:
    """Leave the meaning for the reading away: a search is about none."""
    hint = texts.SEARCH_LATER if isinstance(error, Transient) else sentence(error.hint)
    return MessageView(what=sentence(error.what), rest=f"{texts.SEARCH_FAILED} {hint}")
