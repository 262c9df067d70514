"""A connected device, by bleak: every exchange within a time limit, every error translated.

Source: bleak 3 documentation; behaviour of BlueZ 5.66 and 5.82.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ohx_desktop.domain.errors import ConnectionLost, DeviceError, DeviceSilent, OhxError

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.characteristic import BleakGATTCharacteristic

# One exchange takes well under a second, even on a poor link.
_EXCHANGE_S = 5.0
# A subscription may make the system encrypt the link first.
_SUBSCRIBE_S = 15.0

_T = TypeVar("_T")


class BleakLink:
    """A connected device."""

    def __init__(
        self,
        client: "BleakClient",
        gone: asyncio.Event,
        pairing: Callable[[], Awaitable[None]],
    ) -> None:
        self._client = client
        self._gone = gone
        self._pairing = pairing
        self._characteristics: dict[str, BleakGATTCharacteristic] = {}
        self._services = frozenset(service.uuid.lower() for service in client.services)
        for service in client.services:
            for characteristic in service.characteristics:
                self._characteristics.setdefault(characteristic.uuid.lower(), characteristic)

    @property
    def address(self) -> str:
        """What the operating system calls the device."""
        return self._client.address

    @property
    def characteristics(self) -> frozenset[str]:
        """UUIDs of all characteristics found on the device."""
        return frozenset(self._characteristics)

    @property
    def services(self) -> frozenset[str]:
        """UUIDs of all services found on the device."""
        return self._services

    async def pair(self) -> None:
        """Pair and bond; a device that is bonded stays so. Raises PairingRefused."""
        await self._pairing()

    async def read(self, characteristic: str) -> bytes:
        """Read a value. Raises PairingRefused when the device wants a bond first."""
        found = self._find(characteristic)
        return bytes(
            await self._while_connected(self._client.read_gatt_char(found), _EXCHANGE_S, "read")
        )

    async def write(self, characteristic: str, value: bytes, *, with_response: bool = True) -> None:
        """Write a value. Raises PairingRefused when the device wants a bond first."""
        found = self._find(characteristic)
        writing = self._client.write_gatt_char(found, value, response=with_response)
        await self._while_connected(writing, _EXCHANGE_S, "write")

    async def subscribe(self, characteristic: str, on_value: Callable[[bytes], None]) -> None:
        """Have every notification or indication handed to `on_value`, in order."""
        found = self._find(characteristic)

        def on_data(_characteristic: "BleakGATTCharacteristic", data: bytearray) -> None:
            on_value(bytes(data))

        subscribing = self._client.start_notify(found, on_data)
        await self._while_connected(subscribing, _SUBSCRIBE_S, "subscribe")

    async def unsubscribe(self, characteristic: str) -> None:
        """Have values of a characteristic no longer handed over."""
        found = self._find(characteristic)
        await self._while_connected(self._client.stop_notify(found), _EXCHANGE_S, "unsubscribe")

    async def wait_disconnected(self) -> None:
        """Return when the link is gone, whoever ended it."""
        await self._gone.wait()

    def _find(self, characteristic: str) -> "BleakGATTCharacteristic":
        if characteristic not in self._characteristics:
            raise DeviceError("the device lacks a characteristic it should have")
        return self._characteristics[characteristic]

    async def _while_connected(
        self, operation: Coroutine[Any, Any, _T], limit_s: float, what: str
    ) -> _T:
        return await unless(self._gone, limited(operation, limit_s, what))


async def unless(gone: asyncio.Event, operation: Coroutine[Any, Any, _T]) -> _T:
    """Wait for an exchange, but no longer than its link lives. Raises ConnectionLost."""
    working = asyncio.ensure_future(operation)
    leaving = asyncio.ensure_future(gone.wait())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ConnectionLost("the device disconnected in the middle of an exchange")
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def limited(operation: Coroutine[Any, Any, _T], limit_s: float, what: str) -> _T:
    """Run one call of bleak within a time limit. Raises DeviceErrors only."""
    with translating(what):
        async with asyncio.timeout(limit_s):
            return await operation


@contextmanager
def translating(what: str) -> Iterator[None]:
    """Let nothing but DeviceErrors out. `what` is being done ("connect to the device").

    Beside its own errors bleak raises those of its bus library, and bare OSError, KeyError and
    AssertionError when a device or BlueZ vanishes under it.
    """
    try:
        yield
    except OhxError:
        raise
    except TimeoutError as error:
        raise DeviceSilent(f"the device did not answer in time (on trying to {what})") from error
    except Exception as error:
        from ohx_desktop.ble.bleak_errors import translated

        raise translated(error, what) from error
