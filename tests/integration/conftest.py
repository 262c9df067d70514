"""Fixtures to meet virtual devices.

`virtual_room`: an empty VirtualRoom in this process; put cuffs in with `room.add(cuff)` and meet
    them by `virtual_backend(room)`. Switched off after the test.
`bluez_bench`: the same room behind an emulated BlueZ on a bus of its own, already named by
    DBUS_SYSTEM_BUS_ADDRESS: `bench.room`, `bench.bluez`, `bench.cuff(profile, ...)`. Linux only.
`meeting.bench_process(scenario)`: a context with the emulated BlueZ as a process of its own, for
    tests of the command line; yields the process and its facts (bus address, device address).
`meeting`: a test with it runs twice, once for each of the two ways.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from meeting import Meeting, Person, close_bleak, register_agent

from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.bluez import emulated_bluez
from ohx_desktop.virtual.bluez_surroundings import Quirks
from ohx_desktop.virtual.pairing import PairingFailed, PairingFailure
from ohx_desktop.virtual.room import VirtualRoom

QUICK = Quirks(disconnect_s=0.0, failed_attempt_s=0.02, temporary_timeout_s=0.2)


class RoomPerson:
    """The person where the operating system asks."""

    def __init__(self, person: Person) -> None:
        self._person = person

    async def enter_passkey(self) -> int:
        self._person.questions += 1
        if self._person.passkey is None:
            raise PairingFailed(PairingFailure.REFUSED)
        return self._person.passkey

    async def confirm(self, passkey: int) -> bool:
        self._person.questions += 1
        return self._person.passkey == passkey


@pytest.fixture
async def virtual_room() -> AsyncIterator[VirtualRoom]:
    room = VirtualRoom()
    yield room
    await room.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}, "something left a task behind"


@pytest.fixture
async def bluez_bench(
    virtual_room: VirtualRoom, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Meeting]:
    agents = []

    async def seat(person: Person) -> None:
        agents.append(await register_agent(bluez.address, person))

    async with emulated_bluez(virtual_room, quirks=QUICK) as bluez:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bluez.address)
        yield Meeting(room=virtual_room, seat=seat, bluez=bluez)
        for agent in agents:
            agent.disconnect()
        await close_bleak()


@pytest.fixture
async def in_process(virtual_room: VirtualRoom) -> Meeting:
    backend = virtual_backend(virtual_room)

    async def seat(person: Person) -> None:
        virtual_room.agent = RoomPerson(person)

    return Meeting(
        room=virtual_room,
        scanner_options={"backend": backend.scanner},
        client_options={"backend": backend.client},
        seat=seat,
    )


@pytest.fixture(params=["in_process", "bluez_bench"])
def meeting(request: pytest.FixtureRequest) -> Meeting:
    found: Meeting = request.getfixturevalue(request.param)
    return found
