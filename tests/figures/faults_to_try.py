"""Every fault, as cases for a family whose good session took so many operations and indications."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from ohx_desktop.virtual.bluez import EmulatedBlueZ
from ohx_desktop.virtual.bluez_surroundings import Quirks
from ohx_desktop.virtual.cast import Actor
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.room import Adapter, VirtualRoom

_NO_FAULTS = Faults()
# A real BlueZ takes up to two seconds to disconnect; nothing depends on it.
_QUICK = Quirks(disconnect_s=0.0, failed_attempt_s=0.05)
# Long memories send hundreds of frames; the first and the last of them are all tried, and so many
# of those between.
_ALL_OF_THE_FIRST = 12
_OF_THE_REST = 12
_LOOKS_UP_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where something happens; `bluez` is None in this process."""

    room: VirtualRoom
    actor: Actor
    bluez: EmulatedBlueZ | None = None

    async def until_connected(self) -> None:
        """Return in the middle of the first session."""
        while self.actor.device.peripheral.connection is None:
            await asyncio.sleep(_LOOKS_UP_S)
        await asyncio.sleep(_LOOKS_UP_S)


Event = Callable[[Scene], Awaitable[None]]
"""Something that happens while the program listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that goes wrong. `group` is its line in the table, `name` this very case.

    `ends_well` marks cases after which the reading must have come all the same.
    """

    group: str
    name: str = ""
    faults: Faults = _NO_FAULTS
    is_bonded: bool | None = None
    clock_offset: timedelta = timedelta()
    clock_is_set: bool = True
    is_memory_full: bool = False
    link_timeout_s: float | None = None
    adapter: Adapter = Adapter.ON
    event: Event | None = None
    ends_well: bool = False
    quirks: Quirks = _QUICK

    @property
    def is_clock_right(self) -> bool:
        """Whether the device's time can be used as it is."""
        return self.clock_is_set and not self.clock_offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a good session went."""

    operations: int
    indications: int
    characteristics: tuple[str, ...]


HEALTHY = Case(group="no fault", ends_well=True)


def cases_for(course: Course) -> Iterator[Case]:
    """Yield every case for a family."""
    yield HEALTHY
    yield from _of_the_link(course)
    yield from _of_pairing(course)
    yield from _of_the_device()
    yield from _of_frames(course)
    yield from _of_the_computer()


def _of_the_link(course: Course) -> Iterator[Case]:
    for times in (1, 2, 3):
        faults = Faults(refuse_connections=times)
        yield Case(group="connection refused", name=f"{times} times", faults=faults, ends_well=True)
    yield Case(group="connection slow", faults=Faults(connect_delay_s=15.0), ends_well=True)
    yield Case(group="advertises, never connects", faults=Faults(connect_delay_s=1e6))
    for number in range(course.operations + 1):
        name = f"operation {number}"
        lost = Faults(lose_link_after_operations=number)
        yield Case(group="link lost at operation n", name=name, faults=lost)
        once = Faults(lose_link_after_operations=number, connections=1)
        yield Case(group="link lost at operation n, once", name=name, faults=once)
        silent = Faults(no_answer_after_operations=number)
        yield Case(group="no answer from operation n on", name=name, faults=silent)
        changed = Faults(services_change_after_operations=number)
        yield Case(group="services change at operation n", name=name, faults=changed)
    for number in _some(course.indications + 1):
        lost = Faults(lose_link_after_indications=number)
        yield Case(group="link lost at indication n", name=f"indication {number}", faults=lost)
    yield Case(group="link lost half-way", faults=Faults(lose_link_mid_transfer=True))
    once = Faults(lose_link_mid_transfer=True, connections=1)
    yield Case(group="link lost half-way, once", faults=once)


def _of_pairing(course: Course) -> Iterator[Case]:
    yield Case(group="unpaired", is_bonded=False)
    refused = Faults(refuse_pairing=True)
    yield Case(group="pairing refused", is_bonded=False, faults=refused)
    endless = Faults(pairing_never_ends=True)
    yield Case(group="pairing never ends", is_bonded=False, faults=endless)
    yield Case(group="bond forgotten", is_bonded=True, faults=Faults(bond_forgotten=True))
    needed = Faults(needs_pairing=True)
    yield Case(group="wants a bond for everything", is_bonded=False, faults=needed)
    for code in (0x05, 0x0E, 0x80):
        for uuid in course.characteristics:
            faults = Faults(att_errors={uuid: code})
            name = f"0x{code:02x} at {uuid[:8]}"
            yield Case(group="ATT error at characteristic n", name=name, faults=faults)


def _of_the_device() -> Iterator[Case]:
    yield Case(group="silent", faults=Faults(silent=True))
    yield Case(group="slow", faults=Faults(indication_interval_s=3.0))
    yield Case(group="sends megabytes beside its records", faults=Faults(flood_interval_s=0.001))
    endless = Faults(flood_interval_s=0.001, silent=True)
    yield Case(group="sends megabytes without end", faults=endless, link_timeout_s=1e6)
    yield Case(group="measurement failed", faults=Faults(failed_measurement=True))
    yield Case(group="record damaged", faults=Faults(damaged_record=True))
    yield Case(group="clock never set", clock_is_set=False)
    for minutes in (-600, -60, -3, 3, 60, 600):
        offset = timedelta(minutes=minutes)
        yield Case(group="clock wrong", name=f"{minutes} minutes", clock_offset=offset)
    yield Case(group="memory of two users full", is_memory_full=True)
    faults = Faults(lose_link_mid_transfer=True, connections=1)
    yield Case(group="memory full, link lost half-way", is_memory_full=True, faults=faults)


def _of_frames(course: Course) -> Iterator[Case]:
    yield Case(group="all repeated", faults=Faults(repeats=3))
    for number in _some(course.indications):
        name = f"indication {number}"
        for group, faults in (
            ("truncated indication n", Faults(truncated_indication=number)),
            ("overlong indication n", Faults(malformed_indication=number)),
            ("wrong checksum in indication n", Faults(wrong_checksum=number)),
            ("indication n twice", Faults(duplicated_indication=number)),
            ("indication n after its follower", Faults(reordered_indication=number)),
            ("hostile bytes for indication n", Faults(hostile_indication=number)),
        ):
            yield Case(group=group, name=name, faults=faults)


def _of_the_computer() -> Iterator[Case]:
    for state in (Adapter.OFF, Adapter.MISSING):
        word = state.name.lower()
        yield Case(group=f"adapter {word}", adapter=state)
        for after_s in (0.5, 1.3, 2.5):
            yield Case(
                group=f"adapter {word} meanwhile",
                name=f"{after_s} s",
                event=_adapter(state, after_s),
            )
    for after_s in (1.3, 2.5):
        yield Case(group="carried out of range", name=f"{after_s} s", event=_carried_away(after_s))


def _adapter(state: Adapter, after_s: float) -> Event:
    async def switch(scene: Scene) -> None:
        await asyncio.sleep(after_s)
        scene.room.adapter = state

    return switch


def _carried_away(after_s: float) -> Event:
    async def carry(scene: Scene) -> None:
        await asyncio.sleep(after_s)
        scene.room.remove(scene.actor.device)

    return carry


def _some(count: int) -> Iterable[int]:
    """Return numbers below `count`: the first, the last, and some between."""
    rest = range(_ALL_OF_THE_FIRST, count)
    every = max(1, len(rest) // _OF_THE_REST)
    return sorted({*range(min(count, _ALL_OF_THE_FIRST)), *rest[::every], *rest[-1:]})


# ── what needs a bus and a daemon ────────────────────────────────────────────────────────────


def cases_on_bus() -> Iterator[Case]:
    """Yield the cases that an emulated BlueZ adds, or shows in another way."""
    yield HEALTHY
    yield Case(group="unpaired", is_bonded=False)
    refused = Faults(refuse_pairing=True)
    yield Case(group="pairing refused", is_bonded=False, faults=refused)
    hangs = replace(_QUICK, failed_pairing_hangs=True)
    faults = Faults(refuse_pairing=True, needs_pairing=True)
    yield Case(group="pairing refused, call hangs", is_bonded=False, faults=faults, quirks=hangs)
    yield Case(group="bond forgotten", is_bonded=True, faults=Faults(bond_forgotten=True))
    once = Faults(lose_link_after_operations=3, connections=1)
    yield Case(group="link lost at operation n, once", name="operation 3", faults=once)
    for state in (Adapter.OFF, Adapter.MISSING):
        word = state.name.lower()
        yield Case(group=f"adapter {word}", adapter=state)
        yield Case(group=f"adapter {word} while scanning", event=_adapter(state, 0.5))
        yield Case(group=f"adapter {word} in the session", event=_in_session(state))
    yield Case(group="daemon restarted while scanning", event=_restart_early, ends_well=True)
    yield Case(group="daemon restarted in the session", event=_restart_in_session)
    yield Case(group="carried out of range in the session", event=_carried_away_in_session)


def _in_session(state: Adapter) -> Event:
    async def switch(scene: Scene) -> None:
        await scene.until_connected()
        scene.room.adapter = state

    return switch


async def _carried_away_in_session(scene: Scene) -> None:
    await scene.until_connected()
    scene.room.remove(scene.actor.device)


async def _restart_early(scene: Scene) -> None:
    await asyncio.sleep(0.3)
    await _restart(scene)


async def _restart_in_session(scene: Scene) -> None:
    await scene.until_connected()
    await _restart(scene)


async def _restart(scene: Scene) -> None:
    """Let bluetoothd crash without a word, and come back as a service manager brings it back."""
    if scene.bluez is not None:
        await scene.bluez.stop()
        await asyncio.sleep(0.1)
        await scene.bluez.start()
