"""The same plays over an emulated BlueZ: a D-Bus, a daemon that crashes, pairing by an agent.

In real time, with the program's deadlines as they are; so each family has fewer cases here.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import patch

from faults_to_try import Case
from playing import Play, Playing, Stage, tasks_left_behind
from soaking import close_bleak
from tally import descriptors_open

from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.virtual.bluez import emulated_bluez
from ohx_desktop.virtual.cast import PASSKEY
from ohx_desktop.virtual.room import VirtualRoom
from ohx_desktop.virtual.scenarios import Scenario

# Longer than the program takes to notice that its scan has died with the daemon.
_NOTHING_HEARD_S = 25.0
# For one more visit after a failure.
_AFTERWARDS_S = 6.0
_MOST_SESSIONS = 2


def play_on_bus(scenario: Scenario, case: Case) -> Play:
    """Play a case over an emulated BlueZ of its own."""
    return asyncio.run(_play(scenario, case))


async def _play(scenario: Scenario, case: Case) -> Play:
    problems: list[str] = []

    def note(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        problems.append(f"{context.get('message')}: {type(context.get('exception')).__name__}")

    async def type_digits(_: str) -> int:
        return PASSKEY

    asyncio.get_running_loop().set_exception_handler(note)
    room = VirtualRoom()
    descriptors = descriptors_open()
    async with emulated_bluez(room, quirks=case.quirks) as bluez:

        def left_behind() -> Iterator[str]:
            if bluez.agents:
                yield "an agent is left behind"
            yield from problems

        stage = Stage(
            room=room,
            radio=BleakRadio(ask_passkey=type_digits),
            bluez=bluez,
            left_behind=left_behind,
            nothing_heard_s=_NOTHING_HEARD_S,
            afterwards_s=_AFTERWARDS_S,
            most_sessions=_MOST_SESSIONS,
        )
        with patch.dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=bluez.address):
            played = await Playing(stage, scenario, case).run()
            await close_bleak()
    played.problems += await tasks_left_behind()
    if descriptors_open() > descriptors:
        played.problems.append("a descriptor is left open")
    return played
