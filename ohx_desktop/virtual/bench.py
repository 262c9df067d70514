"""A Bluetooth bench for another process: an emulated BlueZ with a device, on a bus of its own.

    python -m ohx_desktop.virtual.bench --scenario omron

prints one JSON line when ready; point the program under test at its `DBUS_SYSTEM_BUS_ADDRESS`,
and at its `SYSFS_PATH` where radio switches and adapters of the kernel matter.
The devices measure soon after a program begins to scan. Lines on standard input are what a person
does: `measure`, `button` (wake them), `pair` (pairing mode); and what happens to the computer:
`off`, `unplug`, `on` (the adapter is back), `crash` (the Bluetooth service), `restart` (it is
back). The bench ends when standard input closes. A developer's tool; Linux only.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence

from ohx_desktop.virtual.bluez import EmulatedBlueZ
from ohx_desktop.virtual.cast import PASSKEY, Actor
from ohx_desktop.virtual.computer import RunningComputer, running_computer
from ohx_desktop.virtual.room import Adapter
from ohx_desktop.virtual.scenarios import SCENARIOS, Scenario

_LOOKS_UP_S = 0.05
_ADAPTER = {"off": Adapter.OFF, "unplug": Adapter.MISSING, "on": Adapter.ON}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench until standard input closes."""
    parser = argparse.ArgumentParser(
        prog="python -m ohx_desktop.virtual.bench",
        description="Run an emulated BlueZ with a virtual device on a private D-Bus.",
    )
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="omron", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    options = parser.parse_args(arguments)
    if options.list:
        sys.stdout.write("".join(f"{name}\n" for name in SCENARIOS))
        return 0
    asyncio.run(_run(options.scenario))
    return 0


async def _run(name: str) -> None:
    scenario = SCENARIOS[name]
    room, actor = scenario.furnish()
    try:
        async with running_computer(scenario.computer, room) as computer:
            _announce(name, actor, computer)
            acting = asyncio.create_task(_act_when_scanned(scenario, actor, computer.bluez))
            async for line in _standard_input():
                if line == "measure" and scenario.measures:
                    await actor.measure()
                elif line == "button":
                    actor.wake()
                elif line == "pair" and actor.enter_pairing is not None:
                    actor.enter_pairing()
                elif line in _ADAPTER:
                    room.adapter = _ADAPTER[line]
                elif line == "crash" and computer.bluez is not None:
                    await computer.bluez.stop()
                elif line == "restart" and computer.bluez is not None:
                    await computer.bluez.start()
            acting.cancel()
            await asyncio.wait({acting})
    finally:
        await room.close()


def _announce(name: str, actor: Actor, computer: RunningComputer) -> None:
    facts = {
        "DBUS_SYSTEM_BUS_ADDRESS": computer.bus_address,
        "SYSFS_PATH": str(computer.sysfs),
        "address": actor.device.peripheral.address,
        "model": actor.model,
        "passkey": f"{PASSKEY:06d}",
        "scenario": name,
        **actor.facts,
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def _act_when_scanned(scenario: Scenario, actor: Actor, bluez: EmulatedBlueZ | None) -> None:
    if bluez is None or scenario.stays_asleep:
        return
    await bluez.wait_for_scan()
    await asyncio.sleep(scenario.measure_after_s)
    if scenario.starts_pairing and actor.enter_pairing is not None:
        actor.enter_pairing()
        await _until_paired(actor)
        await bluez.wait_for_scan()
        await asyncio.sleep(scenario.measure_after_s)
    if scenario.measures:
        await actor.measure()
    else:
        actor.wake()


async def _until_paired(actor: Actor) -> None:
    radio = actor.device.peripheral
    while not radio.has_bond or radio.connection is not None:  # noqa: ASYNC110 - looks up
        await asyncio.sleep(_LOOKS_UP_S)


async def _standard_input() -> AsyncIterator[str]:
    """Yield lines until standard input closes or the process is asked to end."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    for ending in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(ending, reader.feed_eof)
    with contextlib.closing(transport):
        while line := await reader.readline():
            yield line.decode().strip()


if __name__ == "__main__":
    raise SystemExit(main())
