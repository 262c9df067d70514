"""An error as what happened, what it means for the reading, and what to do now."""

from ohx_desktop.domain.errors import OhxError, PairingRefused, RadioUnavailable
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.parts import MessageView, Tone


def message_of(error: OhxError, tone: Tone = Tone.ATTENTION) -> MessageView:
    """Return the message for an error.

    The wording of a known code wins over the error's own, except where the error carries a meaning
    or an advice that differs from the usual one of its type: then it knows more than the table.
    """
    what, meaning, hint = _texts(error)
    usual = type(error)
    if error.meaning != usual.meaning:
        meaning = sentence(error.meaning)
    if error.hint != usual.hint:
        hint = sentence(error.hint)
    return MessageView(what=what, rest=f"{meaning} {hint}", tone=tone)


def hint_of(error: OhxError) -> str:
    """Return what to do, as `message_of` says it."""
    own = error.hint != type(error).hint
    return sentence(error.hint) if own else _texts(error)[2]


def sentence(fragment: str) -> str:
    """Return the fragment with a capital and a full stop.

    The name of a file and an address keep their first letter.
    """
    trimmed = fragment.strip()
    ended = trimmed if trimmed.endswith((".", "!", "?", "…")) else f"{trimmed}."
    first, *rest = ended.split(maxsplit=1) or [""]
    is_name = bool(rest) and any(mark in first[:-1] for mark in "./:")
    return ended if is_name else ended[:1].upper() + ended[1:]


def _texts(error: OhxError) -> tuple[str, str, str]:
    if isinstance(error, RadioUnavailable) and error.reason in texts.RADIO_ERRORS:
        return texts.RADIO_ERRORS[error.reason]
    if isinstance(error, PairingRefused) and error.reason is not None:
        return texts.PAIRING_ERRORS[error.reason]
    own = (sentence(error.what), sentence(error.meaning), sentence(error.hint))
    return texts.ERRORS.get(error.code, own)
