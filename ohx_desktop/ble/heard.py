"""What was heard on the air lately: the packets of a device joined, and nothing kept for long.

Phones and tags change their addresses every quarter of an hour, so a scan of days hears thousands
of devices; only the latest are remembered, and only for a moment.
"""

from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from dataclasses import replace

from ohx_desktop.ble.link import Advertisement

# Between a scan response and its advertisement, and between two reports of a controller that tells
# an unchanged advertisement only once per scan period (about ten seconds).
FRESH_S = 12.0
# More than can be heard at once in a busy hall.
_CAPACITY = 256


class HeardLately:
    """Devices with what they said in the last seconds, the longest silent first."""

    def __init__(self) -> None:
        self._heard: OrderedDict[str, tuple[float, Advertisement]] = OrderedDict()

    def add(self, new: Advertisement, at_s: float) -> Advertisement:
        """Take an advertisement heard at a loop time; return all that the device said lately."""
        for address in self._stale(at_s):
            del self._heard[address]
        old = self._heard.pop(new.address, None)
        whole = new if old is None else joined(old[1], new)
        self._heard[new.address] = (at_s, whole)
        if len(self._heard) > _CAPACITY:
            self._heard.popitem(last=False)
        return whole

    def forget(self, address: str) -> None:
        """Forget a device until it is heard again."""
        self._heard.pop(address, None)

    def on_the_air(self, at_s: float) -> tuple[Advertisement, ...]:
        """Return the devices heard so lately that they may still be there, the latest first."""
        fresh = [whole for heard_s, whole in self._heard.values() if at_s - heard_s <= FRESH_S]
        return tuple(reversed(fresh))

    def _stale(self, at_s: float) -> tuple[str, ...]:
        def expired() -> Iterator[str]:
            for address, (heard_s, _) in self._heard.items():
                if at_s - heard_s <= FRESH_S:
                    return
                yield address

        return tuple(expired())


def collect(heard: MutableMapping[str, Advertisement], new: Advertisement) -> Advertisement:
    """Join an advertisement to what the device said before; return the whole."""
    whole = heard[new.address] = joined(heard.get(new.address, new), new)
    return whole


def joined(old: Advertisement, new: Advertisement) -> Advertisement:
    """Join what a device said in several packets; keep its best signal."""
    return replace(
        new,
        name=new.name or old.name,
        rssi=max((r for r in (old.rssi, new.rssi) if r is not None), default=None),
        service_uuids=old.service_uuids | new.service_uuids,
        manufacturer_data={**old.manufacturer_data, **new.manufacturer_data},
    )
