"""The footer: how much waits for the EHR or for a person, and who is signed in."""

from dataclasses import dataclass

from ohx_desktop.desk.states import QueueSummary
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import sentence
from ohx_desktop.ui.models.parts import ChipView, Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class FooterView:
    """`why` is the last failure while something waits, else empty.

    `may_sign_out` is true where the person who works here signed in.
    """

    chips: tuple[ChipView, ...]
    why: str
    signed_in: str
    may_sign_out: bool = False


def footer_view(
    summary: QueueSummary, signed_in: str | None, *, may_sign_out: bool = False
) -> FooterView:
    """Return the view of the footer. `signed_in` is the person's name, or None."""
    who = texts.SIGNED_IN.format(name=signed_in) if signed_in else texts.NOT_SIGNED_IN
    stuck = summary.waiting or summary.needs_attention
    why = sentence(summary.last_error) if stuck and summary.last_error else ""
    return FooterView(chips=_chips(summary), why=why, signed_in=who, may_sign_out=may_sign_out)


def _chips(summary: QueueSummary) -> tuple[ChipView, ...]:
    chips = []
    if summary.waiting:
        text = texts.WAITING_FOR_EHR.format(n=summary.waiting)
        chips.append(ChipView(text=text, tone=Tone.OPEN))
    if summary.needs_attention:
        n = summary.needs_attention
        text = texts.NEED_YOU_ONE if n == 1 else texts.NEED_YOU_MANY.format(n=n)
        chips.append(ChipView(text=text, tone=Tone.ATTENTION))
    if summary.differing:
        n = summary.differing
        text = texts.DIFFERING_ONE if n == 1 else texts.DIFFERING_MANY.format(n=n)
        chips.append(ChipView(text=text, tone=Tone.ATTENTION))
    sent = tuple(chips) or (ChipView(text=texts.ALL_SENT, tone=Tone.GOOD),)
    return (*sent, *_tray_chips(summary))


def _tray_chips(summary: QueueSummary) -> tuple[ChipView, ...]:
    if summary.overdue:
        n = summary.overdue
        text = texts.OVERDUE_ONE if n == 1 else texts.OVERDUE_MANY.format(n=n)
        return (ChipView(text=text, tone=Tone.ATTENTION),)
    if summary.unassigned:
        n = summary.unassigned
        text = texts.UNASSIGNED_ONE if n == 1 else texts.UNASSIGNED_MANY.format(n=n)
        return (ChipView(text=text, tone=Tone.ATTENTION),)
    return ()
