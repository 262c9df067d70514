"""A Bluetooth bench for another process: an emulated BlueZ with a cuff, on a bus of its own.

    python -m ohx_desktop.virtual.bench --scenario omron

prints one JSON line when ready; point the program under test at its `DBUS_SYSTEM_BUS_ADDRESS`.
The cuff measures soon after a program begins to scan, and again for every line `measure` on
standard input. The bench ends when standard input closes. A developer's tool; Linux only.
"""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence

from ohx_desktop.virtual.bluez import EmulatedBlueZ, emulated_bluez
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.scenarios import PASSKEY, SCENARIOS, Scenario


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench until standard input closes."""
    parser = argparse.ArgumentParser(
        prog="python -m ohx_desktop.virtual.bench",
        description="Run an emulated BlueZ with a virtual cuff on a private D-Bus.",
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
    room, cuff = scenario.furnish()
    try:
        async with emulated_bluez(room) as bluez:
            _announce(name, cuff, bluez)
            measuring = asyncio.create_task(_measure_when_scanned(scenario, cuff, bluez))
            async for line in _standard_input():
                if line == "measure" and scenario.measurement is not None:
                    await cuff.measure(*scenario.measurement)
            measuring.cancel()
            await asyncio.wait({measuring})
    finally:
        await room.close()


def _announce(name: str, cuff: Cuff, bluez: EmulatedBlueZ) -> None:
    facts = {
        "DBUS_SYSTEM_BUS_ADDRESS": bluez.address,
        "address": cuff.peripheral.address,
        "model": cuff.profile.model,
        "passkey": f"{PASSKEY:06d}",
        "scenario": name,
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def _measure_when_scanned(scenario: Scenario, cuff: Cuff, bluez: EmulatedBlueZ) -> None:
    await bluez.wait_for_scan()
    await asyncio.sleep(scenario.measure_after_s)
    if scenario.measurement is None:
        cuff.press_bluetooth_button()
    else:
        await cuff.measure(*scenario.measurement)


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
