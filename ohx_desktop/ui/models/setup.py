"""What an administrator has to mend, as one message where the work begins."""

from collections.abc import Sequence

from ohx_desktop.domain.errors import OhxError
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import message_of
from ohx_desktop.ui.models.parts import MessageView, Tone


def setup_message(problems: Sequence[OhxError], *, where: bool = True) -> MessageView | None:
    """Return the message about the first problem; with `where`, it says where to mend it."""
    if not problems:
        return None
    message = message_of(problems[0], Tone.ATTENTION)
    if not where:
        return message
    pointer = texts.SETUP_WHERE if len(problems) == 1 else texts.SETUP_MORE
    return MessageView(what=message.what, rest=f"{message.rest} {pointer}", tone=message.tone)
