"""A virtual cuff behind an emulated BlueZ, as a process of its own: what the radio side would be.

Prints one line of JSON when ready, then for every line on standard input measures and prints the
monotonic time in ns at which the cuff sent the indication. Ends when standard input closes.
"""

import asyncio
import json
import sys
import time
from itertools import cycle

from ohx_desktop.virtual.bluez import emulated_bluez
from ohx_desktop.virtual.connection import Connection
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.gatt import Characteristic, Property
from ohx_desktop.virtual.profiles import BRISK, OMRON_HEM_7155T
from ohx_desktop.virtual.room import VirtualRoom

ADDRESS = "00:5F:BF:12:34:56"
# No two of these in a row are alike: a copy of a record is no new reading.
_MEASUREMENTS = ((128, 82, 71), (134, 86, 66), (119, 74, 80))

send = Connection.send


async def send_and_tell(
    connection: Connection, characteristic: Characteristic, value: bytes
) -> None:
    """Send as ever, and print when."""
    if Property.INDICATE in characteristic.properties:
        _say({"sent_ns": time.monotonic_ns()})
    await send(connection, characteristic, value)


async def main() -> None:
    """Serve until standard input closes."""
    setattr(Connection, send.__name__, send_and_tell)
    cuff = Cuff(OMRON_HEM_7155T, address=ADDRESS, pace=BRISK)
    room = VirtualRoom()
    room.add(cuff)
    room.bond(cuff)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with emulated_bluez(room) as bluez:
        _say({"bus": bluez.address})
        for systolic, diastolic, pulse in cycle(_MEASUREMENTS):
            if not await reader.readline():
                break
            await cuff.measure(systolic, diastolic, pulse)
    await room.close()


def _say(facts: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
