"""A bleak backend that meets virtual devices in this process.

`virtual_backend(room)` makes the two classes for `BleakScanner(backend=...)` and
`BleakClient(backend=...)`; bleak itself stays as it is. No D-Bus, no radio: works on every
system, for the demo and for tests.
"""

from dataclasses import dataclass
from typing import cast

from bleak.backends.client import BaseBleakClient
from bleak.backends.scanner import BaseBleakScanner

from ohx_desktop.virtual.bleak_client import RoomClient
from ohx_desktop.virtual.bleak_scanner import RoomScanner
from ohx_desktop.virtual.room import VirtualRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualBackend:
    """The backend classes of one room."""

    scanner: type[BaseBleakScanner]
    client: type[BaseBleakClient]


def virtual_backend(room: VirtualRoom) -> VirtualBackend:
    """Make bleak backend classes that meet the devices of `room`."""
    return VirtualBackend(
        scanner=cast(
            "type[BaseBleakScanner]", type("VirtualScanner", (RoomScanner,), {"room": room})
        ),
        client=cast("type[BaseBleakClient]", type("VirtualClient", (RoomClient,), {"room": room})),
    )
