"""Signing in, as words: who, the PIN, and the EHR's own page."""

import math
from dataclasses import dataclass

from ohx_desktop.desk.staff_states import AskingEhr, AskingPin, ChoosingPerson
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.staff.people import StaffMember
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import message_of
from ohx_desktop.ui.models.parts import MessageView, QuestionView

_MINUTE_S = 60
# From here on minutes are what a person counts in.
_IN_MINUTES_FROM_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView:
    """`people` is None before they are known."""

    help: str
    people: tuple[StaffMember, ...] | None
    message: MessageView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PinView:
    """`message` says what was wrong with what was typed."""

    heading: str
    help: str
    send: str
    checking: bool
    message: MessageView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EhrView:
    """`opened` is true while the page is in the browser."""

    heading: str
    help: str
    opened: bool
    message: MessageView | None


def people_view(state: ChoosingPerson) -> PeopleView:
    """Return the view of the list of people."""
    locked = state.locked
    help_ = texts.WHO_LOCKED.format(name=locked.name) if locked else texts.WHO_HELP
    return PeopleView(help=help_, people=state.people, message=_message(state.error))


def pin_view(state: AskingPin) -> PinView:
    """Return the view of the question for a PIN."""
    is_back = state.locked is not None and state.locked.reference == state.person.reference
    return PinView(
        heading=texts.PIN_HEADING.format(name=state.person.name),
        help=texts.PIN_LOCKED if is_back else texts.PIN_HELP,
        send=texts.PIN_CHECKING if state.checking else texts.PIN_SEND,
        checking=state.checking,
        message=_pin_problem(state) or _message(state.error),
    )


def ehr_view(state: AskingEhr) -> EhrView:
    """Return the view of the EHR's own sign-in."""
    heading, help_ = texts.EHR_SIGN_IN_HEADING, texts.EHR_SIGN_IN_HELP
    if state.opened:
        heading, help_ = texts.EHR_OPENED_HEADING, texts.EHR_OPENED_HELP
    elif state.locked is not None:
        heading = texts.EHR_LOCKED_HEADING.format(name=state.locked.name)
    return EhrView(heading=heading, help=help_, opened=state.opened, message=_message(state.error))


def sign_out_question(*, is_here_only: bool) -> QuestionView:
    """Return the question of signing out with a reading that is not confirmed."""
    what, rest = texts.SIGN_OUT_ONLY_COPY if is_here_only else texts.SIGN_OUT_QUESTION
    return QuestionView(
        message=MessageView(what=what, rest=rest), yes=texts.SIGN_OUT, no=texts.SIGN_OUT_KEEP
    )


def only_copy_behind() -> MessageView:
    """Return why a locked window is not closed."""
    what, rest = texts.LOCKED_ONLY_COPY
    return MessageView(what=what, rest=rest)


def _pin_problem(state: AskingPin) -> MessageView | None:
    if state.problem is None:
        return None
    what, rest = texts.PIN_PROBLEMS[state.problem]
    if state.wait_s > 0:
        rest = texts.PIN_WAIT.format(wait=spoken(state.wait_s))
    return MessageView(what=what, rest=rest)


def spoken(wait_s: float) -> str:
    """Return a wait as a person counts it."""
    if wait_s < _IN_MINUTES_FROM_S:
        return texts.PIN_WAIT_S.format(n=math.ceil(wait_s))
    return texts.PIN_WAIT_MIN.format(n=math.ceil(wait_s / _MINUTE_S))


def _message(error: OhxError | None) -> MessageView | None:
    return None if error is None else message_of(error)
