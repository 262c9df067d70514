"""How long to leave each device alone, and whether its silence is news."""

from collections import OrderedDict
from dataclasses import dataclass

from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.domain.errors import ConnectionLost, DeviceSilent

# A device whose link broke in the middle of its records calls again at once.
AFTER_NEWS_S = 2.0
# Devices go on advertising for a minute; one that had nothing new need not be asked at once, but
# a new measurement must not wait long either.
AFTER_NO_NEWS_S = 10.0
# A failed device may have left its advertising window, or need a moment to recover.
AFTER_FAILURE_S = 2.0
LONGEST_PAUSE_S = 30.0
# Forgetting a device costs no more than a pause it need not have had.
_CAPACITY = 128


@dataclass(slots=True)
class _Standing:
    """What one device did so far. Times are those of the loop."""

    until_s: float = 0.0
    pause_s: float = AFTER_NO_NEWS_S
    failures: int = 0
    has_delivered: bool = False


class Pauses:
    """The standing of each device in one listening; the longest unseen are forgotten first."""

    def __init__(self) -> None:
        self._standings: OrderedDict[str, _Standing] = OrderedDict()

    def is_on(self, address: str, now_s: float) -> bool:
        """Tell whether the device is to be left alone now."""
        standing = self._standings.get(address)
        return standing is not None and now_s < standing.until_s

    def forgive(self) -> None:
        """Leave nobody alone any longer: what failed was not the devices' fault."""
        for standing in self._standings.values():
            standing.until_s, standing.failures = 0.0, 0

    def worth_telling(self, address: str, event: CaptureEvent, now_s: float) -> bool:
        """Learn from an event of the device's session; tell whether a person should see it.

        A device that has delivered and then has nothing more to say did not fail.
        """
        standing = self._standing(address)
        match event:
            case StateChanged(state=LinkState.CONNECTING):
                standing.pause_s = AFTER_NO_NEWS_S
            case ReadingReceived() | RecordRefused():
                standing.has_delivered = True
                standing.failures = 0
                standing.pause_s = AFTER_NEWS_S
            case SessionFailed(error=ConnectionLost() | DeviceSilent()) if standing.has_delivered:
                return False
            case SessionFailed():
                standing.failures += 1
                longer_s = AFTER_FAILURE_S * 2 ** min(standing.failures - 1, 8)
                standing.pause_s = min(longer_s, LONGEST_PAUSE_S)
            case StateChanged(state=LinkState.ENDED):
                standing.until_s = now_s + standing.pause_s
        return True

    def _standing(self, address: str) -> _Standing:
        standing = self._standings.setdefault(address, _Standing())
        self._standings.move_to_end(address)
        if len(self._standings) > _CAPACITY:
            self._standings.popitem(last=False)
        return standing
