"""The radio of this computer, by bleak, which is known here and in the `bleak_` modules only.

What bleak, its bus library and the operating system raise is translated at once, and every call
has a time limit: after a failed pairing BlueZ may never answer.

Source: bleak 3 documentation; behaviour of BlueZ 5.66 and 5.82.
"""

import asyncio
import importlib
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ohx_desktop.ble.bleak_link import BleakLink, limited, translating
from ohx_desktop.ble.link import Advertisement, AskPasskey, Link
from ohx_desktop.domain.errors import DeviceError, PairingRefused, RadioReason, RadioUnavailable

if TYPE_CHECKING:
    from bleak import BleakClient, BleakScanner
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

# Starting and stopping a scan are a few calls on the system bus.
_SCAN_CONTROL_S = 10.0
# BlueZ may drop a scan without a word (adapter off, service crashed): after so long without any
# advertisement the scan is started anew, which also tells why it cannot be. Not ten seconds, at
# which the kernel itself restarts scans.
_SCAN_SILENCE_S = 15.0
# A person reads six digits off a display and types them; the device's own limit is 30 s.
_PAIR_S = 60.0
# Disconnecting takes up to two seconds on BlueZ.
_DISCONNECT_S = 5.0
# Advertisements that nobody has taken yet.
_BACKLOG = 1000


class BleakRadio:
    """Radio over bleak. Other backends than the platform's own are those of virtual devices."""

    def __init__(
        self,
        scanner_backend: "type[BaseBleakScanner] | None" = None,
        client_backend: "type[BaseBleakClient] | None" = None,
        *,
        ask_passkey: AskPasskey | None = None,
    ) -> None:
        self._scanner_backend = scanner_backend
        self._client_backend = client_backend
        self._ask_passkey = ask_passkey
        self._last_seen: dict[str, BLEDevice] = {}

    def scan(self) -> AbstractAsyncContextManager[AsyncIterator[Advertisement]]:
        """Scan while the context is open. Raises RadioUnavailable, also while iterating."""
        return self._scanning()

    def connect(self, address: str, *, deadline_s: float) -> AbstractAsyncContextManager[Link]:
        """Connect while the context is open; always disconnects on leaving.

        Raises ConnectionLost or DeviceSilent when the device cannot be reached in time.
        """
        return self._connected(address, deadline_s)

    @asynccontextmanager
    async def _scanning(self) -> AsyncIterator[AsyncIterator[Advertisement]]:
        bleak = await _load_bleak()
        heard: asyncio.Queue[Advertisement] = asyncio.Queue(_BACKLOG)

        def on_advertisement(device: "BLEDevice", data: "AdvertisementData") -> None:
            self._last_seen[device.address] = device
            if not heard.full():
                heard.put_nowait(_advertisement(device, data))

        with translating("scan"):
            scanner = bleak.BleakScanner(on_advertisement, backend=self._scanner_backend)
        await _start(scanner)
        try:
            async with aclosing(_heard(scanner, heard)) as advertisements:
                yield advertisements
        finally:
            await _stop(scanner)

    @asynccontextmanager
    async def _connected(self, address: str, deadline_s: float) -> AsyncIterator[Link]:
        bleak = await _load_bleak()
        gone = asyncio.Event()
        with translating("connect to the device"):
            client = bleak.BleakClient(
                self._last_seen.get(address, address),
                lambda _client: gone.set(),
                timeout=deadline_s,
                backend=self._client_backend,
            )
        try:
            await limited(client.connect(), deadline_s, "connect to the device")
            if client.is_connected:
                gone.clear()  # connecting may have taken several attempts that failed
            yield BleakLink(client, gone, self._pairing(client, address))
        finally:
            # Also after the device has left: bleak keeps its bus connection until told, and
            # every value would arrive twice at the next connection.
            await _disconnect(client)

    def _pairing(self, client: "BleakClient", address: str) -> Callable[[], Awaitable[None]]:
        """Return how to pair on this platform."""
        device = self._last_seen.get(address)
        if sys.platform != "linux" or self._client_backend is not None or device is None:
            return partial(_pair_by_bleak, client)
        from ohx_desktop.ble.bluez_agent import pair_with_agent

        path: str = device.details["path"]
        return partial(pair_with_agent, path, address, self._ask_passkey, deadline_s=_PAIR_S)


async def _heard(
    scanner: "BleakScanner", heard: asyncio.Queue[Advertisement]
) -> AsyncGenerator[Advertisement]:
    while True:
        try:
            async with asyncio.timeout(_SCAN_SILENCE_S):
                advertisement = await heard.get()
        except TimeoutError:
            await _stop(scanner)
            await _start(scanner)
        else:
            yield advertisement


def _advertisement(device: "BLEDevice", data: "AdvertisementData") -> Advertisement:
    return Advertisement(
        address=device.address,
        name=data.local_name or device.name,
        rssi=data.rssi,
        service_uuids=frozenset(uuid.lower() for uuid in data.service_uuids),
        manufacturer_data=dict(data.manufacturer_data),
    )


async def _load_bleak() -> Any:
    """Import bleak off the loop; on Windows allow the apartment that Qt has chosen first."""
    if sys.platform == "win32":
        from bleak.backends.winrt.util import allow_sta

        allow_sta()
    return await asyncio.to_thread(importlib.import_module, "bleak")


async def _start(scanner: "BleakScanner") -> None:
    try:
        await limited(scanner.start(), _SCAN_CONTROL_S, "scan")
    except RadioUnavailable:
        raise
    except DeviceError as error:
        from ohx_desktop.ble.bleak_errors import radio_unavailable

        raise radio_unavailable(RadioReason.UNKNOWN) from error


async def _stop(scanner: "BleakScanner") -> None:
    try:
        await limited(scanner.stop(), _SCAN_CONTROL_S, "stop the scan")
    except DeviceError:
        return  # a scan that cannot be stopped has lost its adapter; the next start tells why


async def _disconnect(client: "BleakClient") -> None:
    try:
        await limited(client.disconnect(), _DISCONNECT_S, "disconnect")
    except DeviceError:
        return  # the link is gone or BlueZ is; either way nothing is left to end


async def _pair_by_bleak(client: "BleakClient") -> None:
    async def pair_if_possible() -> None:
        with suppress(NotImplementedError):  # macOS pairs by itself at the first need
            await client.pair()

    try:
        await limited(pair_if_possible(), _PAIR_S, "pair")
    except RadioUnavailable:
        raise
    except DeviceError as error:
        raise PairingRefused(
            "the device could not be paired",
            hint="pair it once in the Bluetooth settings of this computer, then try again",
        ) from error
