"""Ways to meet virtual devices with an unmodified bleak, and waiting without sleeping blindly."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from dbus_fast import DBusError, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method

from ohx_desktop.virtual.bluez import EmulatedBlueZ
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.profiles import BRISK, CuffProfile
from ohx_desktop.virtual.room import VirtualRoom

ADDRESS = "00:5F:BF:12:34:56"
MEASUREMENT = uuid16(0x2A35)
MODEL = uuid16(0x2A24)
PASSKEY = 314159


Heard = AdvertisementData


async def until(condition: Callable[[], bool], *, deadline_s: float = 3.0) -> None:
    """Return once the condition holds; fail the test when it does not in time."""
    async with asyncio.timeout(deadline_s):
        while not condition():
            await asyncio.sleep(0.002)


class Person:
    """Answers pairing questions: types `passkey`, or gives up where it is None."""

    def __init__(self, passkey: int | None = PASSKEY) -> None:
        self.passkey = passkey
        self.questions = 0


class BusPerson(ServiceInterface):
    """The person behind an agent on the bus."""

    def __init__(self, person: Person) -> None:
        super().__init__("org.bluez.Agent1")
        self._person = person

    @dbus_method()
    def RequestPasskey(self, device: "o") -> "u":  # type: ignore[name-defined]  # noqa: F821, N802 - D-Bus
        self._person.questions += 1
        if self._person.passkey is None:
            raise DBusError("org.bluez.Error.Rejected", "given up")
        return self._person.passkey

    @dbus_method()
    def RequestConfirmation(self, device: "o", passkey: "u") -> None:  # type: ignore[name-defined]  # noqa: F821, N802 - D-Bus
        self._person.questions += 1
        if self._person.passkey != passkey:
            raise DBusError("org.bluez.Error.Rejected", "not the same")

    @dbus_method()
    def Cancel(self) -> None:  # noqa: N802 - D-Bus
        self._person.questions = -1


async def register_agent(
    address: str, person: Person, *, capability: str = "KeyboardDisplay"
) -> MessageBus:
    """Register an agent for the person; it is gone when the returned bus disconnects."""
    bus = await MessageBus(bus_address=address).connect()
    bus.export("/agent", BusPerson(person))
    reply = await bus.call(
        Message(
            destination="org.bluez",
            path="/org/bluez",
            interface="org.bluez.AgentManager1",
            member="RegisterAgent",
            signature="os",
            body=["/agent", capability],
        )
    )
    assert reply.message_type is MessageType.METHOD_RETURN
    return bus


@dataclass(slots=True, kw_only=True)
class Meeting:
    """A room, and bleak pointed at it. `bleak_options` go into scanner and client."""

    room: VirtualRoom
    scanner_options: Mapping[str, Any] = field(default_factory=dict)
    client_options: Mapping[str, Any] = field(default_factory=dict)
    seat: Callable[[Person], Awaitable[None]]
    """Lets a person answer pairing questions."""
    bluez: EmulatedBlueZ | None = None

    def cuff(self, profile: CuffProfile, *, is_bonded: bool = False, **options: Any) -> Cuff:
        """Put a brisk cuff into the room."""
        options = {"address": ADDRESS, "pace": BRISK, "passkey": PASSKEY, **options}
        cuff = Cuff(profile, **options)
        self.room.add(cuff)
        if is_bonded:
            self.room.bond(cuff)
        return cuff

    async def find(self, *, timeout: float = 2.0) -> BLEDevice | None:  # noqa: ASYNC109 - bleak's own
        """Scan until a cuff is heard."""
        return await BleakScanner.find_device_by_filter(
            lambda _, data: uuid16(0x1810) in data.service_uuids,
            timeout=timeout,
            **self.scanner_options,
        )

    def scanner(self, heard: Callable[[BLEDevice, AdvertisementData], None]) -> BleakScanner:
        """Make a scanner that reports to `heard`."""
        return BleakScanner(heard, **self.scanner_options)

    async def client(self, **options: Any) -> "Session":
        """Scan, and return a session with the cuff found, not yet connected."""
        device = await self.find()
        assert device is not None
        return Session(device, {**self.client_options, **options})


class Session:
    """A BleakClient that collects measurements and knows when the link ended."""

    def __init__(self, device: BLEDevice, options: Mapping[str, Any]) -> None:
        self.received: list[bytes] = []
        self.ended = asyncio.Event()
        self.client = BleakClient(
            device, disconnected_callback=lambda _: self.ended.set(), **options
        )

    async def __aenter__(self) -> Self:
        await self.client.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def subscribe(self) -> None:
        """Subscribe to measurements."""
        await self.client.start_notify(
            MEASUREMENT, lambda _, value: self.received.append(bytes(value))
        )

    async def collect(self) -> list[bytes]:
        """Subscribe and return what came until the cuff hung up."""
        await self.subscribe()
        async with asyncio.timeout(5.0):
            await self.ended.wait()
        return self.received


async def close_bleak() -> None:
    """Close the bus connection that bleak keeps for each event loop, for ever."""
    from bleak.backends.bluezdbus.manager import _global_instances

    manager = _global_instances.pop(asyncio.get_running_loop(), None)
    if manager is not None and manager._bus is not None:
        manager._bus.disconnect()
        if manager._bus_watcher_task is not None:
            await asyncio.wait({manager._bus_watcher_task})


@asynccontextmanager
async def bench_process(scenario: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, Any]]:
    """Run the bench as a process; yields it and the facts it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ohx_desktop.virtual.bench",
        "--scenario",
        scenario,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with asyncio.timeout(20.0):
            yield process, json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        async with asyncio.timeout(10.0):
            await process.wait()
