"""FindPatient as texts: the list of people found, or what to do instead."""

from dataclasses import dataclass
from datetime import date

from ohx_desktop.desk.states import FindPatient
from ohx_desktop.domain.errors import OhxError, Transient
from ohx_desktop.domain.patient import Patient
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.banner import BannerView, banner_of
from ohx_desktop.ui.models.message import sentence
from ohx_desktop.ui.models.parts import MessageView, QuestionView


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultView:
    """One person found: what the list shows, and whom choosing it chooses."""

    patient: Patient
    banner: BannerView


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
        ResultView(patient=patient, banner=banner_of(patient, today))
        for patient in state.results or ()
    )
    return FindView(
        status=_status(state),
        searching=state.searching,
        results=results,
        empty=_empty(state),
        message=_failure(state.error) if state.error else None,
    )


def deceased_question() -> QuestionView:
    """Return the question that choosing a patient who has died asks once."""
    what, rest = texts.DECEASED_QUESTION
    message = MessageView(what=what, rest=rest)
    return QuestionView(message=message, yes=texts.DECEASED_YES, no=texts.GO_BACK)


def _status(state: FindPatient) -> str:
    if state.searching:
        return texts.SEARCHING
    count = len(state.results or ())
    if count == 0:
        return ""
    return texts.ONE_FOUND if count == 1 else texts.MANY_FOUND.format(n=count)


def _empty(state: FindPatient) -> tuple[str, str] | None:
    if state.searching or state.results or state.error:
        return None
    return texts.NOBODY_YET if state.results is None else texts.NOBODY_FOUND


def _failure(error: OhxError) -> MessageView:
    """Leave the meaning for the reading away: a search is about none."""
    hint = texts.SEARCH_LATER if isinstance(error, Transient) else sentence(error.hint)
    return MessageView(what=sentence(error.what), rest=f"{texts.SEARCH_FAILED} {hint}")
