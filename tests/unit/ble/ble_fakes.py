"""A radio and devices that do what a test scripts: the edge, not our own code."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, field

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_MEASUREMENT, BLOOD_PRESSURE_SERVICE
from ohx_desktop.ble.link import Advertisement, Link
from ohx_desktop.domain.errors import ConnectionLost, DeviceError, OhxError, PairingRefused

ADDRESS = "C8:0F:10:00:00:01"


def advertisement(
    address: str = ADDRESS, name: str | None = "CUFF", **fields: object
) -> Advertisement:
    return Advertisement(
        address=address,
        name=name,
        rssi=-60,
        service_uuids=frozenset({BLOOD_PRESSURE_SERVICE}),
        **fields,  # type: ignore[arg-type] # passed through
    )


@dataclass
class FakeDevice:
    """What a device holds and does. `script` runs once 0x2A35 is subscribed."""

    script: Callable[["FakeLink"], Awaitable[None]] | None = None
    values: dict[str, bytes | Callable[[], bytes]] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset({BLOOD_PRESSURE_SERVICE})
    wants_bond: bool = False
    refuses_pairing: bool = False
    refuses_connection: OhxError | None = None
    silent_reads: bool = False
    bonded: bool = False
    log: list[str] = field(default_factory=list)

    def written(self, link: "FakeLink", characteristic: str, value: bytes) -> None:
        """Take what the host wrote."""


class FakeLink:
    """A link to a FakeDevice; `say` is the device sending a value."""

    def __init__(self, device: FakeDevice, address: str = ADDRESS) -> None:
        self.address = address
        self.device = device
        self.gone = asyncio.Event()
        self._subscribers: dict[str, Callable[[bytes], None]] = {}
        self._scripts: list[asyncio.Future[None]] = []

    @property
    def characteristics(self) -> frozenset[str]:
        return frozenset(self.device.values) | {BLOOD_PRESSURE_MEASUREMENT} | self.device.others

    @property
    def services(self) -> frozenset[str]:
        return self.device.services

    async def pair(self) -> None:
        self.device.log.append("pair")
        if self.device.refuses_pairing:
            raise PairingRefused("the device refused")
        self.device.bonded = True

    async def read(self, characteristic: str) -> bytes:
        await self._exchange("read")
        if self.device.silent_reads:
            raise DeviceError("read not permitted")
        value = self.device.values[characteristic]
        return value() if callable(value) else value

    async def write(self, characteristic: str, value: bytes, *, with_response: bool = True) -> None:
        await self._exchange("write")
        self.device.written(self, characteristic, value)

    async def subscribe(self, characteristic: str, on_value: Callable[[bytes], None]) -> None:
        await self._exchange(f"subscribe {characteristic[4:8]}")
        self._subscribers[characteristic] = on_value
        if characteristic == BLOOD_PRESSURE_MEASUREMENT and self.device.script is not None:
            self._scripts.append(asyncio.ensure_future(self.device.script(self)))

    async def unsubscribe(self, characteristic: str) -> None:
        await self._exchange(f"unsubscribe {characteristic[4:8]}")
        self._subscribers.pop(characteristic, None)

    async def wait_disconnected(self) -> None:
        await self.gone.wait()

    def say(self, frame: bytes, characteristic: str = BLOOD_PRESSURE_MEASUREMENT) -> None:
        if characteristic in self._subscribers:
            self._subscribers[characteristic](frame)

    async def close(self) -> None:
        for script in self._scripts:
            script.cancel()
        await asyncio.gather(*self._scripts, return_exceptions=True)
        self.device.log.append("disconnect")

    async def _exchange(self, what: str) -> None:
        self.device.log.append(what)
        await asyncio.sleep(0.01)
        if self.gone.is_set():
            raise ConnectionLost("gone")
        if self.device.wants_bond and not self.device.bonded:
            raise PairingRefused("wants a bond")


class FakeRadio:
    """Advertisements are put into `air`; an error put there ends the scan with it.

    `unavailable` is why no scan can begin; `changed` is the system telling of a change.
    """

    def __init__(self, **devices: FakeDevice) -> None:
        self.devices = devices or {ADDRESS: FakeDevice()}
        self.air: asyncio.Queue[Advertisement | OhxError] = asyncio.Queue()
        self.unavailable: OhxError | None = None
        self.changed = asyncio.Event()
        self.scanning = False
        self.scans = self.connections = 0

    def scan(self) -> AbstractAsyncContextManager[AsyncIterator[Advertisement]]:
        return self._scan()

    def connect(self, address: str, *, deadline_s: float) -> AbstractAsyncContextManager[Link]:
        return self._connect(address)

    def changes(self) -> AbstractAsyncContextManager[asyncio.Event]:
        return nullcontext(self.changed)

    @asynccontextmanager
    async def _scan(self) -> AsyncIterator[AsyncIterator[Advertisement]]:
        assert not self.scanning
        self.scans += 1
        if self.unavailable is not None:
            raise self.unavailable
        self.scanning = True
        try:
            async with aclosing(self._heard()) as heard:
                yield heard
        finally:
            self.scanning = False

    async def _heard(self) -> AsyncGenerator[Advertisement]:
        while True:
            item = await self.air.get()
            if isinstance(item, OhxError):
                raise item
            yield item

    @asynccontextmanager
    async def _connect(self, address: str) -> AsyncIterator[Link]:
        device = self.devices[address]
        self.connections += 1
        device.log.append("connect")
        if device.refuses_connection is not None:
            raise device.refuses_connection
        link = FakeLink(device, address)
        try:
            yield link
        finally:
            await link.close()
