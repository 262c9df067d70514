"""The program's own Listener on virtual Omron devices, in a time that jumps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ble_time import VirtualNow

from ohx_desktop.ble.device_secrets import VolatileSecrets
from ohx_desktop.ble.events import (
    CaptureEvent,
    LinkState,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON, DevicePolicy
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.room import VirtualDevice, VirtualRoom

ADDRESS = "00:5F:BF:12:34:56"
START = datetime(2026, 11, 24, 10, 5, 30).astimezone()
_RUNNING = VirtualNow(START)


def now() -> datetime:
    """Return the time of the running loop, or its beginning before there is one."""
    try:
        return _RUNNING()
    except RuntimeError:
        return START


def clock(**fields: Any) -> CuffClock:
    """Return a device's clock that moves with the test."""
    return CuffClock(now=now, **fields)


@dataclass
class Told:
    """What one session told, and what the device was told."""

    events: list[CaptureEvent] = field(default_factory=list)

    @property
    def readings(self) -> list[Reading]:
        return [event.reading for event in self.events if isinstance(event, ReadingReceived)]

    @property
    def new(self) -> list[tuple[str, ...]]:
        return [values(reading) for reading in self.readings if not reading.stored]

    @property
    def stored(self) -> int:
        return sum(reading.stored for reading in self.readings)

    @property
    def errors(self) -> list[type[OhxError]]:
        failed = (e for e in self.events if isinstance(e, SessionFailed | RecordRefused))
        return [type(event.error) for event in failed]


def values(reading: Reading) -> tuple[str, ...]:
    return tuple(format(quantity.value.normalize(), "f") for quantity in reading.quantities)


class Bench:
    """A room with one device, and a listener. `secrets` are this computer's."""

    def __init__(
        self,
        room: VirtualRoom,
        device: Any,
        policy: DevicePolicy,
    ) -> None:
        self.room = room
        self.device = device
        self.secrets = VolatileSecrets()
        self._policy = policy
        self.ear = self._new_ear()

    def _new_ear(self) -> Listener:
        backend = virtual_backend(self.room)
        radio = BleakRadio(backend.scanner, backend.client)
        return Listener(radio, now, secrets=self.secrets, policy=self._policy)

    def restart(self) -> None:
        """Forget what was met, as a program does that is started anew."""
        self.ear = self._new_ear()

    async def session(self) -> Told:
        """Call a person now, and return what one session with the device tells."""
        return await self.session_since(now())

    async def session_since(self, began: datetime) -> Told:
        """Return what one session tells to somebody who was called at `began`."""
        told = Told()
        events = self.ear.listen(session_began=began, wanted=lambda _, __: True)
        async with asyncio.timeout(600.0), aclosing(events):
            async for event in events:
                told.events.append(event)
                if isinstance(event, StateChanged) and event.state is LinkState.ENDED:
                    break
        return told


@asynccontextmanager
async def bench(
    device: VirtualDevice, *, is_bonded: bool = True, policy: DevicePolicy = NOTHING_SWITCHED_ON
) -> AsyncIterator[Bench]:
    """Put a device into a room and switch it off afterwards."""
    room = VirtualRoom()
    room.add(device)
    if is_bonded:
        room.bond(device)
    try:
        yield Bench(room, device, policy)
    finally:
        await room.close()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
