"""What the sessions need of a radio: the ports that `radio` fills with bleak.

Adapters raise the DeviceError family only; a foreign exception never leaves them.
Characteristics are named by their full, lower-case 128-bit UUID.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertisement:
    """One advertisement as heard. `rssi` in dBm."""

    address: str
    name: str | None = None
    rssi: int | None = None
    service_uuids: frozenset[str] = frozenset()
    manufacturer_data: Mapping[int, bytes] = field(default_factory=dict)


AskPasskey = Callable[[str], Awaitable[int | None]]
"""Asks a person for the six digits a device shows; None when nobody answers."""


class Link(Protocol):
    """A connected device. Every method raises ConnectionLost once the link is gone."""

    @property
    def address(self) -> str:
        """What the operating system calls the device."""
        ...

    @property
    def characteristics(self) -> frozenset[str]:
        """UUIDs of all characteristics found on the device."""
        ...

    @property
    def services(self) -> frozenset[str]:
        """UUIDs of all services found on the device."""
        ...

    async def pair(self) -> None:
        """Pair and bond. Raises PairingRefused."""
        ...

    async def read(self, characteristic: str) -> bytes:
        """Read a value. Raises PairingRefused when the device wants a bond first."""
        ...

    async def write(self, characteristic: str, value: bytes, *, with_response: bool = True) -> None:
        """Write a value. Raises PairingRefused when the device wants a bond first."""
        ...

    async def subscribe(self, characteristic: str, on_value: Callable[[bytes], None]) -> None:
        """Have every notification or indication handed to `on_value`, in order."""
        ...

    async def unsubscribe(self, characteristic: str) -> None:
        """Have values of a characteristic no longer handed over."""
        ...

    async def wait_disconnected(self) -> None:
        """Return when the link is gone, whoever ended it."""
        ...


class Radio(Protocol):
    """Bluetooth of this computer. Methods raise RadioUnavailable where there is none."""

    def scan(self) -> AbstractAsyncContextManager[AsyncIterator[Advertisement]]:
        """Scan while the context is open; iterate over advertisements as they are heard.

        Iterating raises RadioUnavailable when the radio is lost.
        """
        ...

    def connect(self, address: str, *, deadline_s: float) -> AbstractAsyncContextManager[Link]:
        """Connect while the context is open; always disconnects on leaving.

        May be called while scanning, and for several devices at once: the radio sees to it that
        they do not disturb each other. Raises ConnectionLost or DeviceSilent when the device
        cannot be reached in time.
        """
        ...

    def changes(self) -> "AbstractAsyncContextManager[asyncio.Event]":
        """Have an event set whenever the system tells that the radio came, went or was renewed.

        Raises nothing. Not every system tells, so who depends on it looks from time to time, too.
        """
        ...
