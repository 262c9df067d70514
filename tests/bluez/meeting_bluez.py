"""The program's own Listener on the real daemon, and the devices of the bench's scenarios."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from computer import Computer
from on_the_air import OnTheAir, on_the_air

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
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.cast import Actor
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.peripheral import Peripheral
from ohx_desktop.virtual.scenarios import ADDRESS, SCENARIOS

CALLED_AGO = timedelta(minutes=2)
"""The person was called so long before the measurement; the machine is slow."""
SESSION_S = 60.0

_KINDS = (
    QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
    QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
    QuantityKind.PULSE_RATE,
    QuantityKind.BODY_WEIGHT,
)


@dataclass(slots=True, kw_only=True)
class Scene:
    """A device of the bench in range of a computer, and the program that listens for it."""

    computer: Computer
    actor: Actor
    radio: OnTheAir
    asked: int = 0
    types: Callable[["Scene"], int | None] = lambda scene: scene.shown
    listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        radio = BleakRadio(ask_passkey=self._answer)
        self.listener = Listener(radio, secrets=VolatileSecrets())

    @property
    def device(self) -> Peripheral:
        """The radio side of the virtual device."""
        return self.actor.device.peripheral

    @property
    def shown(self) -> int | None:
        """The number on the device's display."""
        return None if self.device.display is None else int(self.device.display)

    async def enrol(self) -> tuple[DeviceIdentity, str]:
        """Have the device paired and registered by the program."""
        self.start_pairing()
        async with asyncio.timeout(SESSION_S):
            return await self.listener.identify(ADDRESS, deadline_s=20.0)

    def start_pairing(self) -> None:
        """Put the device into pairing mode; most are in it whenever they are awake."""
        (self.actor.enter_pairing or self.actor.wake)()

    async def session(self, *, measures: bool = True) -> list[CaptureEvent]:
        """Measure while the program listens; return what it told up to a session's end."""
        measuring = asyncio.ensure_future(self.actor.measure() if measures else asyncio.sleep(0))
        if not measures:
            self.actor.wake()
        try:
            return await self.events_until(is_end)
        finally:
            measuring.cancel()
            await asyncio.wait({measuring})

    async def events_until(self, is_last: Callable[[CaptureEvent], bool]) -> list[CaptureEvent]:
        """Listen up to the event that `is_last`."""
        taken: list[CaptureEvent] = []
        listening = self.listener.listen(
            session_began=system_now() - CALLED_AGO, wanted=lambda _, __: True
        )
        async with asyncio.timeout(SESSION_S), aclosing(listening) as events:
            async for event in events:
                taken.append(event)
                if is_last(event):
                    break
        return taken

    async def _answer(self, _: str) -> int | None:
        self.asked += 1
        return self.types(self)


@asynccontextmanager
async def scene(
    computer: Computer, name: str, *, faults: Faults | None = None
) -> AsyncIterator[Scene]:
    """Bring the device of a scenario into range, unknown to the computer."""
    scenario = SCENARIOS[name]
    if faults is not None:
        scenario = replace(scenario, faults=faults)
    room, actor = replace(scenario, is_bonded=False).furnish()
    try:
        async with on_the_air(actor.device.peripheral, computer.air) as radio:
            yield Scene(computer=computer, actor=actor, radio=radio)
    finally:
        await room.close()


def is_end(event: CaptureEvent) -> bool:
    """Tell whether a session has ended."""
    return isinstance(event, StateChanged) and event.state is LinkState.ENDED


def readings(events: list[CaptureEvent]) -> list[Reading]:
    """Return all readings."""
    return [event.reading for event in events if isinstance(event, ReadingReceived)]


def new(events: list[CaptureEvent]) -> list[tuple[str, ...]]:
    """Return the values of new readings, as they would be written down."""
    return [values(reading) for reading in readings(events) if not reading.stored]


def stored(events: list[CaptureEvent]) -> int:
    """Return how many readings were told as older ones."""
    return sum(reading.stored for reading in readings(events))


def errors(events: list[CaptureEvent]) -> list[OhxError]:
    """Return what went wrong."""
    return [event.error for event in events if isinstance(event, SessionFailed | RecordRefused)]


def values(reading: Reading) -> tuple[str, ...]:
    """Return the quantities every device here measures."""
    found = [reading.quantity(kind) for kind in _KINDS]
    return tuple(str(quantity.value) for quantity in found if quantity is not None)
