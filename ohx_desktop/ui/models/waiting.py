"""Waiting as texts: what the device does, what the person does."""

from dataclasses import dataclass

from ohx_desktop.ble.events import LinkState
from ohx_desktop.desk.states import Waiting
from ohx_desktop.domain.device import DeviceKind
from ohx_desktop.ui import texts
from ohx_desktop.ui.models.message import message_of
from ohx_desktop.ui.models.parts import MessageView

_HEADINGS = {
    LinkState.NO_RADIO: (texts.NOT_LISTENING, texts.NO_RADIO_STEPS),
    LinkState.LISTENING: (texts.LISTENING, texts.LISTENING_STEPS),
    LinkState.CONNECTING: (texts.CONNECTING, texts.TALKING_STEPS),
    LinkState.PAIRING: (texts.PAIRING, texts.PAIRING_STEPS),
    LinkState.IDENTIFYING: (texts.IDENTIFYING, texts.TALKING_STEPS),
    LinkState.RECEIVING: (texts.RECEIVING, texts.TALKING_STEPS),
    LinkState.ENDED: (texts.ENDED, texts.ENDED_STEPS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """`pulsing` while somebody is listened to; `note` tells of readings kept out.

    `can_measure` is False while a measurement could not be heard. `kind` is None for any device.
    """

    heading: str
    steps: str
    pulsing: bool
    note: str
    message: MessageView | None
    can_listen_again: bool
    can_measure: bool = True
    kind: DeviceKind | None = None


def waiting_view(state: Waiting) -> WaitingView:
    """Return the view of the waiting."""
    stopped = state.link is LinkState.ENDED and state.problem is not None
    heading, steps = _words(state)
    name = state.device_name
    device = texts.QUOTED.format(name=name) if name else texts.THE_DEVICE
    titled = heading.format(device=device)
    return WaitingView(
        heading=titled[:1].upper() + titled[1:],
        steps=steps,
        pulsing=state.link not in {LinkState.ENDED, LinkState.NO_RADIO},
        note=_note(state.stored_seen),
        message=message_of(state.problem) if state.problem else None,
        can_listen_again=stopped,
        can_measure=not (stopped or state.link is LinkState.NO_RADIO),
        kind=state.kind,
    )


def _words(state: Waiting) -> tuple[str, str]:
    """Return heading and steps; where a message tells what to do, they say nothing against it."""
    if state.problem is None:
        return _HEADINGS[state.link]
    if state.link is LinkState.ENDED:
        return texts.NOT_LISTENING, texts.NOT_LISTENING_STEPS
    if state.link in {LinkState.LISTENING, LinkState.RECEIVING}:
        return texts.LISTENING, texts.AFTER_PROBLEM_STEPS
    return _HEADINGS[state.link]


def _note(stored: int) -> str:
    if stored == 0:
        return ""
    return texts.STORED_ONE if stored == 1 else texts.STORED_MANY.format(n=stored)
