"""From the cuff's last indication to a Reading that a person can see, against a bare bleak script.

Both meet the same virtual cuff by an unmodified bleak over a private D-Bus, and both hand the value
to who waits for it. The bare script does the least that has any use: struct parse, a dict, a queue,
as bleak's own examples do it. Ours ends when the Reading leaves the listener: decoded, held against
limits, judged as new and not stored, with the device's identity and clock.
"""

import asyncio
import os
import struct
import time
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path

from bleak import BleakClient, BleakScanner
from child import Child, child_process
from figure import Figure

from ohx_desktop.ble.events import CaptureEvent, LinkState, ReadingReceived, StateChanged
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.clock import system_now
from ohx_desktop.virtual.gatt import uuid16

_SESSIONS = 25
_DEADLINE_S = 20.0
_CUFF_SERVICE, _MEASUREMENT = uuid16(0x1810), uuid16(0x2A35)
# Flags, three pressures, time, pulse, user and status: the form that this very cuff sends.
_FORM = struct.Struct("<BHHHHBBBBBHBH")
_TARGET = 1.2


async def measure() -> list[Figure]:
    """Return the one figure."""
    program = Path(__file__).with_name("cuff_process.py")
    async with child_process(str(program)) as cuff:
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = (await cuff.hear())["bus"]
        listener = Listener(BleakRadio())
        ours_ms: list[float] = []
        bare_ms: list[float] = []
        for _ in range(_SESSIONS + 1):
            ours_ms.append(await _ours(cuff, listener))
            bare_ms.append(await _bare(cuff))
    # The first session of each pays for imports.
    return [
        Figure(
            name="last indication to reading",
            ours_ms=ours_ms[1:],
            bare_ms=bare_ms[1:],
            target=_TARGET,
        )
    ]


async def _ours(cuff: Child, listener: Listener) -> float:
    received_ns = 0
    began = system_now() - timedelta(seconds=30)
    cuff.tell("measure")
    async with asyncio.timeout(_DEADLINE_S):
        events = listener.listen(session_began=began, wanted=lambda _, __: True)
        async with aclosing(events):
            async for event in events:
                if _is_new(event):
                    received_ns = time.monotonic_ns()
                elif isinstance(event, StateChanged) and event.state is LinkState.ENDED:
                    break
    return await _since_sent(cuff, received_ns)


def _is_new(event: CaptureEvent) -> bool:
    return isinstance(event, ReadingReceived) and not event.reading.stored


async def _bare(cuff: Child) -> float:
    received_ns = 0
    values: asyncio.Queue[dict[str, object] | None] = asyncio.Queue()

    def note(_: object, data: bytearray) -> None:
        values.put_nowait(_parsed(data))

    cuff.tell("measure")
    async with asyncio.timeout(_DEADLINE_S):
        device = await BleakScanner.find_device_by_filter(
            lambda _, data: _CUFF_SERVICE in data.service_uuids
        )
        if device is None:
            raise RuntimeError("the bare script heard no cuff")
        async with BleakClient(device, lambda _: values.put_nowait(None)) as client:
            await client.start_notify(_MEASUREMENT, note)
            while await values.get() is not None:
                received_ns = time.monotonic_ns()
    return await _since_sent(cuff, received_ns)


def _parsed(data: bytearray) -> dict[str, object]:
    _, systolic, diastolic, mean, *moment, pulse, user, status = _FORM.unpack(data)
    return {
        "systolic": systolic,
        "diastolic": diastolic,
        "mean": mean,
        "time": datetime(*moment).astimezone(),
        "pulse": pulse,
        "user": user,
        "status": status,
    }


async def _since_sent(cuff: Child, received_ns: int) -> float:
    sent_ns: int = (await cuff.hear())["sent_ns"]
    if received_ns < sent_ns:
        raise RuntimeError("the cuff's indication did not arrive")
    return (received_ns - sent_ns) / 1e6
