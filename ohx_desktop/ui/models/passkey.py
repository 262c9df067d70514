"""The number that a device shows, as a question to a person."""

from dataclasses import dataclass

from ohx_desktop.desk.states import PasskeyQuestion
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import MessageView


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyView:
    """`message` says what was wrong with what was typed."""

    heading: str
    message: MessageView | None


def passkey_view(question: PasskeyQuestion, device: str | None) -> PasskeyView:
    """Return the view of the question; `device` is what a person calls the device."""
    heading = texts.PASSKEY_HEADING.format(device=device or texts.THE_DEVICE)
    message = None
    if question.problem is not None:
        what, rest = texts.PASSKEY_PROBLEMS[question.problem]
        message = MessageView(what=what, rest=rest)
    return PasskeyView(heading=heading[:1].upper() + heading[1:], message=message)
