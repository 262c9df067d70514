"""Opening the key of the queue, as words."""

from dataclasses import dataclass

from ohx_desktop.desk.unlock_states import AskingKeyPin
from ohx_desktop.domain.errors import KeyPinWrong
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import message_of
from ohx_desktop.ui.models.parts import MessageView
from ohx_desktop.ui.models.staff import spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockView:
    """`asks_twice` where the PIN is chosen; `message` says what was wrong with what was typed."""

    heading: str
    help: str
    send: str
    asks_twice: bool
    checking: bool
    message: MessageView | None


def unlock_view(state: AskingKeyPin) -> UnlockView:
    """Return the view of the question for the PIN of the queue."""
    heading, help_, send = texts.UNLOCK_NEW if state.is_new else texts.UNLOCK
    return UnlockView(
        heading=heading,
        help=help_,
        send=texts.PIN_CHECKING if state.checking else send,
        asks_twice=state.is_new,
        checking=state.checking,
        message=_message(state),
    )


def _message(state: AskingKeyPin) -> MessageView | None:
    if state.problem is not None:
        what, rest = texts.UNLOCK_PROBLEMS[state.problem]
        return MessageView(what=what, rest=rest)
    if isinstance(state.error, KeyPinWrong):
        what, rest = texts.UNLOCK_WRONG
        if state.error.wait_s > 0:
            rest = texts.PIN_WAIT.format(wait=spoken(state.error.wait_s))
        return MessageView(what=what, rest=rest)
    return None if state.error is None else message_of(state.error)
