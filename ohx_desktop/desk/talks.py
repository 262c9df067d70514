"""Which devices are in a session, for a screen that has room for one of them."""

from dataclasses import dataclass, field

from ohx_desktop.ble.events import LinkState, RadioLost, StateChanged

# What a person sees first where several devices talk: the one that may want something of them.
_RANK = (LinkState.PAIRING, LinkState.RECEIVING, LinkState.IDENTIFYING, LinkState.CONNECTING)


@dataclass(slots=True)
class Talks:
    """Follows the interleaved states of several sessions.

    `link` is the state to show and `name` the device it is of, None where nobody told its name;
    `address` is None while no device is in a session.
    """

    link: LinkState = LinkState.LISTENING
    name: str | None = None
    address: str | None = None
    _open: dict[str | None, StateChanged] = field(default_factory=dict)

    def note(self, event: StateChanged | RadioLost) -> None:
        """Take what happened to one device, or to all."""
        if isinstance(event, RadioLost):
            self.link = LinkState.NO_RADIO
            return
        self._open.pop(event.address, None)
        if event.state in _RANK:
            self._open[event.address] = event
        elif self.link is LinkState.NO_RADIO and event.state is LinkState.ENDED:
            return  # it ended with the radio, which is what a person must know
        shown = self._first() or event
        self.link, self.name = shown.state, shown.name or self.name
        self.address = shown.address

    def _first(self) -> StateChanged | None:
        latest_first = reversed(self._open.values())
        return min(latest_first, key=lambda event: _RANK.index(event.state), default=None)
