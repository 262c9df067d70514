"""Days of a workstation in seconds: the program's own radio and virtual devices in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import bleak
from ble_time import VirtualNow

from ohx_desktop.ble.device_secrets import VolatileSecrets
from ohx_desktop.ble.events import CaptureEvent, ReadingReceived
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import CuffProfile, Pace
from ohx_desktop.virtual.room import VirtualDevice, VirtualRoom

assert bleak  # already imported, the radio needs no thread, which virtual time cannot wait for

DeviceT = TypeVar("DeviceT", bound=VirtualDevice)

START = datetime(2026, 11, 24, 8, 0, 30).astimezone()
SCALE, CUFF_A, CUFF_B, CUFF_C = (f"C8:0F:10:00:00:0{n}" for n in range(4))
QUICK = Pace(quiet_s=1.0, measuring_s=5.0, advertising_s=30.0)


@dataclass
class Workstation:
    """A room, and the listener of the computer in it. `now` may be moved on, as by a sleep."""

    now: VirtualNow = field(default_factory=lambda: VirtualNow(START))
    room: VirtualRoom = field(default_factory=VirtualRoom)
    secrets: VolatileSecrets = field(default_factory=VolatileSecrets)

    def __post_init__(self) -> None:
        backend = virtual_backend(self.room)
        radio = BleakRadio(backend.scanner, backend.client)
        self.listener = Listener(radio, self.now, secrets=self.secrets)

    def cuff(
        self,
        profile: CuffProfile,
        address: str,
        *,
        pace: Pace = QUICK,
        faults: Faults | None = None,
        now: VirtualNow | None = None,
    ) -> Cuff:
        cuff = Cuff(
            profile,
            address=address,
            serial=f"S-{address[-1]}",
            clock=CuffClock(now=now or self.now),
            pace=pace,
            faults=faults,
        )
        return self.carry_in(cuff)

    def carry_in(self, device: DeviceT) -> DeviceT:
        self.room.add(device)
        self.room.bond(device)
        return device

    @asynccontextmanager
    async def patient(self) -> AsyncIterator[list[CaptureEvent]]:
        """Listen for one patient; yields what is told."""
        told: list[CaptureEvent] = []

        async def listen() -> None:
            events = self.listener.listen(session_began=self.now(), wanted=lambda _, __: True)
            async with aclosing(events):
                async for event in events:
                    told.append(event)  # noqa: PERF401 - looked at while it goes on

        task = asyncio.create_task(listen())
        await asyncio.sleep(0.1)
        try:
            yield told
        finally:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()

    async def leave(self) -> None:
        """End the program and switch every device off."""
        await self.listener.close(60.0)
        await self.room.close()
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "something left a task behind"

    def sleep(self, length: timedelta) -> None:
        """Let the computer sleep: no time passes for the loop."""
        self.now.start += length


def readings(told: list[CaptureEvent]) -> list[Reading]:
    return [event.reading for event in told if isinstance(event, ReadingReceived)]


def new(told: list[CaptureEvent]) -> list[str]:
    return [str(r.quantities[0].value) for r in readings(told) if not r.stored]


def stored(told: list[CaptureEvent]) -> list[str]:
    return [str(r.quantities[0].value) for r in readings(told) if r.stored]
