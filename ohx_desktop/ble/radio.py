"""The radio of this computer, by bleak, which is known here and in the `bleak_` modules only.

What bleak, its bus library and the operating system raise is translated at once, and every call
has a time limit: after a failed pairing BlueZ may never answer.

Source: bleak 3 documentation; behaviour of BlueZ 5.66 and 5.82.
"""

import asyncio
import importlib
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ohx_desktop.ble.bleak_link import BleakLink, limited, translating, unless
from ohx_desktop.ble.bleak_scan import BleakScan
from ohx_desktop.ble.link import Advertisement, AskPasskey, Link
from ohx_desktop.ble.turns import Turns
from ohx_desktop.domain.errors import (
    DeviceError,
    DeviceSilent,
    PairingRefused,
    RadioReason,
    RadioUnavailable,
)

if TYPE_CHECKING:
    from bleak import BleakClient
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

# A person reads six digits off a display and types them; the device's own limit is 30 s.
_PAIR_S = 60.0
# To connect to the bus and ask for what is there.
_RENEW_BUS_S = 5.0
# Disconnecting takes up to two seconds on BlueZ.
_DISCONNECT_S = 5.0
# Adapters connect poorly while they scan or connect elsewhere, so a connection is tried alone. One
# takes a second or two; who takes longer has probably left, and goes on beside the others.
_ALONE_S = 5.0
# Forgetting a bond needs no device in range.
_FORGET_S = 10.0
# Devices the system can be asked for by what it said of them; the longest unheard are forgotten.
_KNOWN_DEVICES = 512


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
        self._last_seen: OrderedDict[str, BLEDevice] = OrderedDict()
        self._scans: set[BleakScan] = set()
        self._links: set[asyncio.Event] = set()
        self._is_connecting = False
        self._turns = Turns(_ALONE_S, on_begun=self._pause_scans, on_over=self._resume_scans)

    def scan(self) -> AbstractAsyncContextManager[AsyncIterator[Advertisement]]:
        """Scan while the context is open. Raises RadioUnavailable, also while iterating."""
        return self._scanning()

    def connect(self, address: str, *, deadline_s: float) -> AbstractAsyncContextManager[Link]:
        """Connect while the context is open; always disconnects on leaving.

        Raises ConnectionLost or DeviceSilent when the device cannot be reached in time.
        """
        return self._connected(address, deadline_s)

    def changes(self) -> AbstractAsyncContextManager[asyncio.Event]:
        """Have an event set on each change that the system tells of; only Linux does."""
        return self._changes()

    async def remove_bond(self, address: str) -> bool:
        """Have the system forget its bond with a device; tell whether none is left.

        False where the system does not let programs do so, or Bluetooth cannot be used: then a
        person removes the device in the system's settings.
        """
        bleak = await _load_bleak()
        known = self._last_seen.pop(address, address)

        async def unpair() -> None:
            with suppress(bleak.exc.BleakDeviceNotFoundError):  # nothing to forget
                await client.unpair()

        try:
            with translating("forget the device"):
                client = bleak.BleakClient(known, backend=self._client_backend)
            await limited(unpair(), _FORGET_S, "forget the device")
        except DeviceError:
            return False
        return True

    # ── scanning ─────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def _scanning(self) -> AsyncIterator[AsyncIterator[Advertisement]]:
        bleak = await _load_bleak()

        def on_advertisement(device: "BLEDevice", data: "AdvertisementData") -> None:
            self._remember(device)
            scan.hear(_advertisement(device, data))

        with translating("scan"):
            scanner = bleak.BleakScanner(on_advertisement, backend=self._scanner_backend)
        scan = BleakScan(
            scanner,
            must_pause=lambda: self._is_connecting,
            unstick=_renew_bus if self._is_bluez else _leave_as_it_is,
        )
        self._scans.add(scan)
        try:
            await scan.adjust()
            async with aclosing(scan.advertisements()) as advertisements:
                yield advertisements
        except RadioUnavailable as error:
            if error.reason is not RadioReason.UNKNOWN:
                self._drop_links()
            raise
        finally:
            self._scans.discard(scan)
            await scan.stop()

    def _remember(self, device: "BLEDevice") -> None:
        self._last_seen[device.address] = device
        self._last_seen.move_to_end(device.address)
        if len(self._last_seen) > _KNOWN_DEVICES:
            self._last_seen.popitem(last=False)

    async def _pause_scans(self) -> None:
        self._is_connecting = True
        for scan in tuple(self._scans):
            await scan.adjust()

    def _resume_scans(self) -> None:
        self._is_connecting = False
        for scan in self._scans:
            scan.hear(None)

    @asynccontextmanager
    async def _changes(self) -> AsyncIterator[asyncio.Event]:
        changed = asyncio.Event()

        def on_change(is_all_gone: bool) -> None:
            if is_all_gone:
                self._drop_links()
            self._resume_scans()  # whether there is a radio shows only in a scan
            changed.set()

        if not self._is_bluez:
            yield changed
            return
        from ohx_desktop.ble.bluez_watch import watching_bluez

        async with watching_bluez(on_change):
            yield changed

    def _drop_links(self) -> None:
        """End what needs a radio that is not there: no system tells of every link."""
        for gone in self._links:
            gone.set()

    @property
    def _is_bluez(self) -> bool:
        return sys.platform == "linux" and self._scanner_backend is None

    # ── connecting ───────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def _connected(self, address: str, deadline_s: float) -> AsyncIterator[Link]:
        bleak = await _load_bleak()
        gone, is_radio_lost = asyncio.Event(), asyncio.Event()
        with translating("connect to the device"):
            client = bleak.BleakClient(
                self._last_seen.get(address, address),
                lambda _client: gone.set(),
                timeout=deadline_s,
                backend=self._client_backend,
            )
        self._links |= {gone, is_radio_lost}
        try:
            async with self._turns.mine():
                await unless(is_radio_lost, _connect(client, deadline_s))
            if client.is_connected and not is_radio_lost.is_set():
                gone.clear()  # connecting may have taken several attempts that failed
            yield BleakLink(client, gone, self._pairing(client, address))
        finally:
            self._links -= {gone, is_radio_lost}
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
    if "bleak" in sys.modules:
        return sys.modules["bleak"]
    return await asyncio.to_thread(importlib.import_module, "bleak")


async def _renew_bus() -> None:
    """Let bleak's bus connection go, and with it what BlueZ does for it; bleak makes a new one.

    A start of a scan that hung may have begun one after all, which BlueZ then never begins again
    for the same connection.
    """
    from bleak.backends.bluezdbus.manager import get_global_bluez_manager

    with suppress(DeviceError):
        manager = await limited(get_global_bluez_manager(), _RENEW_BUS_S, "renew the bus")
        if manager._bus is not None:  # noqa: SLF001 - bleak has no other way to let go
            manager._bus.disconnect()  # noqa: SLF001


async def _leave_as_it_is() -> None:
    """Do nothing where nothing can be done."""


async def _connect(client: "BleakClient", deadline_s: float) -> None:
    try:
        await limited(client.connect(), deadline_s, "connect to the device")
    except DeviceSilent as error:
        from ohx_desktop.ble.bleak_errors import TRY_AGAIN

        # BlueZ 5.66 goes on trying until the deadline where the device has forgotten its bond.
        raise DeviceSilent(error.what, hint=TRY_AGAIN) from error


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
