"""Session after session of one program that stays up, and what it holds meanwhile.

One listener, as in the program, meets one cuff again and again by an unmodified bleak; every few
sessions something goes wrong. Nothing may pile up but what is bounded and told below.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import cycle, product
from unittest.mock import patch

from dbus_fast.aio import MessageBus
from tally import Tally, take_tally

from ohx_desktop.ble import pauses, session
from ohx_desktop.ble.events import LinkState, ReadingReceived, StateChanged
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.bluez import EmulatedBlueZ, emulated_bluez
from ohx_desktop.virtual.bluez_surroundings import Quirks
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.profiles import BRISK, OMRON_HEM_7155T
from ohx_desktop.virtual.room import VirtualRoom

ADDRESS = "00:5F:BF:12:34:56"
BUS = "D-Bus"
IN_PROCESS = "in process"

# Pauses of the product that only make a soak long; no deadline is touched.
_SHORTENED = (
    (session, "SETTLE_S"),
    (pauses, "AFTER_NEWS_S"),
    (pauses, "AFTER_NO_NEWS_S"),
    (pauses, "AFTER_FAILURE_S"),
    (pauses, "LONGEST_PAUSE_S"),
)
_SHORT_S = 0.001
_PACE = replace(BRISK, indication_interval_s=0.0, quiet_s=0.005, beacon_interval_s=0.02)
_QUICK = Quirks(disconnect_s=0.0, failed_attempt_s=0.005)
# No session may take longer, whatever goes wrong in it.
_DEADLINE_S = 60.0
# Most sessions go well; the others break off early, late, or before they begin. One is unpaired.
_FAULTS = (
    *[None] * 5,
    Faults(lose_link_after_operations=4, connections=1),
    None,
    Faults(lose_link_after_indications=0, connections=1),
    None,
    Faults(refuse_connections=1),
)
_UNPAIRED_EVERY = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a soak happens. `bus` and `bluez` are None in this process."""

    room: VirtualRoom
    radio: BleakRadio
    bus: MessageBus | None = None
    bluez: EmulatedBlueZ | None = None

    async def tally(self, sessions: int) -> Tally:
        """Count what the program holds now."""
        agents = None if self.bluez is None else self.bluez.agents
        return await take_tally(sessions, bus=self.bus, agents=agents)


@asynccontextmanager
async def place_for(way: str) -> AsyncIterator[Place]:
    """Make a room and meet it by this way while the context is open."""
    room = VirtualRoom()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(room.close)
        if way == IN_PROCESS:
            backend = virtual_backend(room)
            yield Place(room=room, radio=BleakRadio(backend.scanner, backend.client))
            return
        bluez = await stack.enter_async_context(emulated_bluez(room, quirks=_QUICK))
        stack.enter_context(patch.dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=bluez.address))
        stack.push_async_callback(close_bleak)
        bus = await MessageBus(bus_address=bluez.address).connect()
        stack.callback(bus.disconnect)
        yield Place(room=room, radio=BleakRadio(), bus=bus, bluez=bluez)


async def close_bleak() -> None:
    """Close the bus connection that bleak keeps for each event loop, for ever."""
    from bleak.backends.bluezdbus.manager import _global_instances

    manager = _global_instances.pop(asyncio.get_running_loop(), None)
    if manager is not None and manager._bus is not None:
        manager._bus.disconnect()
        if manager._bus_watcher_task is not None:
            await asyncio.wait({manager._bus_watcher_task})


async def soak(
    way: str, *, sessions: int, every: int, on_tally: Callable[[Tally], None] = lambda _: None
) -> list[Tally]:
    """Run so many sessions; return a tally of each `every`, the first after a warm-up.

    Raises AssertionError for a reading that is not what the cuff measured.
    """
    tallies: list[Tally] = []
    async with AsyncExitStack() as stack:
        for module, name in _SHORTENED:
            stack.enter_context(patch.object(module, name, _SHORT_S))
        place = await stack.enter_async_context(place_for(way))
        cuff = Cuff(OMRON_HEM_7155T, address=ADDRESS, pace=_PACE)
        place.room.add(cuff)
        person = _Person(place.room, cuff)
        listener = Listener(place.radio)
        events = listener.listen(session_began=system_now(), wanted=lambda _, __: True)
        done = 0
        await person.measure()
        async with aclosing(events):
            while done < sessions:
                async with asyncio.timeout(_DEADLINE_S):
                    event = await anext(events)
                if isinstance(event, ReadingReceived):
                    person.compare(event)
                if not (isinstance(event, StateChanged) and event.state is LinkState.ENDED):
                    continue
                done += 1
                if done % every == 0:
                    tallies.append(await place.tally(done))
                    on_tally(tallies[-1])
                if person.has_been_read:
                    await person.measure()
    return tallies


class _Person:
    """Measures again and again, never the same, and compares what the program read."""

    def __init__(self, room: VirtualRoom, cuff: Cuff) -> None:
        self._room, self._cuff = room, cuff
        self._measurements = _measurements()
        self._faults = cycle(_FAULTS)
        self._last = (0, 0, 0)
        self._count = 0
        self.has_been_read = False

    async def measure(self) -> None:
        """Measure, with the next fault in turn."""
        self.has_been_read = False
        self._count += 1
        self._cuff.peripheral.faults = next(self._faults) or Faults()
        if self._count % _UNPAIRED_EVERY == 0:
            self._room.bonds.clear()
            self._cuff.peripheral.has_bond = False
        self._last = next(self._measurements)
        await self._cuff.measure(*self._last)

    def compare(self, event: ReadingReceived) -> None:
        """Raise AssertionError unless this is what was measured last."""
        reading = event.reading
        read = [reading.quantity(kind) for kind in _KINDS]
        assert [q and int(q.value) for q in read] == list(self._last), "a wrong reading"
        assert not reading.stored, "the new reading was taken for an old one"
        self.has_been_read = True


_KINDS = (
    QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
    QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
    QuantityKind.PULSE_RATE,
)


def _measurements() -> Iterator[tuple[int, int, int]]:
    """Yield measurements for ever, of which thousands in a row differ."""
    return cycle(product(range(100, 180), range(60, 90), range(50, 100)))
