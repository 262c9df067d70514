"""Several devices at once, over the program's own radio: each is read, and nothing is mixed up.

On the emulated BlueZ and on the in-process backend alike.
"""

import asyncio
import gc
import os
from collections import Counter
from dataclasses import replace

import pytest
from attended import ADDRESSES, Heard
from meeting import Meeting, until

from ohx_desktop.ble.events import LinkState, StateChanged
from ohx_desktop.domain.reading import Reading
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.profiles import BRISK, GENERIC_CUFF, OMRON_HEM_7155T, OMRON_HEM_7322T

PROFILES = [OMRON_HEM_7155T, OMRON_HEM_7322T, GENERIC_CUFF, OMRON_HEM_7155T, GENERIC_CUFF]
SILENT = replace(BRISK, link_timeout_s=60.0)


def cuffs(meeting: Meeting, count: int) -> list[Cuff]:
    return [
        meeting.cuff(PROFILES[n], address=ADDRESSES[n], serial=f"S{n}", is_bonded=True)
        for n in range(count)
    ]


def systolic(reading: Reading) -> int:
    return int(reading.quantities[0].value)


def sources(readings: list[Reading]) -> dict[int, tuple[str | None, str | None]]:
    """Return which device each value is of: address and serial number."""
    assert all(reading.device for reading in readings)
    return {
        systolic(reading): (reading.device.address, reading.device.serial)
        for reading in readings
        if reading.device
    }


async def test_three_cuffs_that_call_at_once_are_all_read_as_themselves(meeting: Meeting) -> None:
    devices = cuffs(meeting, 3)
    async with Heard(meeting) as heard:
        await asyncio.gather(*(cuff.measure(120 + n, 80, 70) for n, cuff in enumerate(devices)))
        await until(lambda: len(heard.new) == 3, deadline_s=8.0)
    assert sources(heard.new) == {120 + n: (ADDRESSES[n], f"S{n}") for n in range(3)}
    assert heard.talking_at_once() >= 2


async def test_a_silent_cuff_does_not_hold_up_another_one(meeting: Meeting) -> None:
    silent = meeting.cuff(
        OMRON_HEM_7155T,
        address=ADDRESSES[0],
        is_bonded=True,
        faults=Faults(silent=True),
        pace=SILENT,
    )
    other = meeting.cuff(GENERIC_CUFF, address=ADDRESSES[1], is_bonded=True)
    async with Heard(meeting) as heard:
        await silent.measure(140, 90, 80)
        await until(lambda: silent.peripheral.connection is not None)
        await other.measure(121, 81, 71)
        await until(lambda: bool(heard.new), deadline_s=5.0)
        assert silent.peripheral.connection is not None
    assert sources(heard.new) == {121: (ADDRESSES[1], "20261123-0001")}


async def test_a_cuff_that_never_accepts_a_connection_does_not_hold_up_another_one(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = meeting.cuff(
        OMRON_HEM_7155T, address=ADDRESSES[0], is_bonded=True, faults=Faults(connect_delay_s=60.0)
    )
    other = meeting.cuff(GENERIC_CUFF, address=ADDRESSES[1], is_bonded=True)
    monkeypatch.setattr("ohx_desktop.ble.radio._ALONE_S", 0.3)
    async with Heard(meeting) as heard:
        await slow.measure(140, 90, 80)
        await until(lambda: LinkState.CONNECTING in heard.states(ADDRESSES[0]))
        await other.measure(121, 81, 71)
        await until(lambda: bool(heard.new), deadline_s=5.0)
    assert LinkState.ENDED not in heard.states(ADDRESSES[0])


async def test_more_devices_than_turns_are_read_one_after_the_other(meeting: Meeting) -> None:
    devices = cuffs(meeting, 5)
    async with Heard(meeting) as heard:
        await asyncio.gather(*(cuff.measure(120 + n, 80, 70) for n, cuff in enumerate(devices)))
        await until(lambda: len(heard.new) == 5, deadline_s=10.0)
    assert sources(heard.new) == {120 + n: (ADDRESSES[n], f"S{n}") for n in range(5)}
    assert heard.talking_at_once() <= 3


async def test_a_failing_device_is_told_by_its_address_while_another_delivers(
    meeting: Meeting,
) -> None:
    failing = meeting.cuff(
        OMRON_HEM_7155T,
        address=ADDRESSES[0],
        is_bonded=True,
        faults=Faults(lose_link_after_operations=2),
    )
    other = meeting.cuff(GENERIC_CUFF, address=ADDRESSES[1], is_bonded=True)
    async with Heard(meeting) as heard:
        await asyncio.gather(failing.measure(140, 90, 80), other.measure(121, 81, 71))
        await until(lambda: bool(heard.new) and bool(heard.failed), deadline_s=8.0)
    assert set(heard.failed) == {ADDRESSES[0]}
    assert sources(heard.new) == {121: (ADDRESSES[1], "20261123-0001")}


async def test_leaving_while_three_sessions_run_ends_all_of_them(meeting: Meeting) -> None:
    devices = [
        meeting.cuff(
            OMRON_HEM_7155T,
            address=address,
            is_bonded=True,
            faults=Faults(silent=True),
            pace=SILENT,
        )
        for address in ADDRESSES[:3]
    ]
    async with Heard(meeting) as heard:
        await asyncio.gather(*(cuff.measure(120, 80, 70) for cuff in devices))
        await until(
            lambda: all(cuff.peripheral.connection is not None for cuff in devices), deadline_s=8.0
        )
        left_s = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - left_s < 3.0
    assert all(cuff.peripheral.connection is None for cuff in devices)
    assert heard.new == []


def objects() -> Counter[str]:
    gc.collect()
    names = (type(thing).__qualname__ for thing in gc.get_objects())
    watched = ("Conversation", "BleakLink", "BleakScan", "_Session", "Task", "MessageBus", "Event")
    return Counter(name for name in names if name.endswith(watched))


async def test_fifty_sessions_leave_no_descriptor_no_task_and_no_object_behind(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AFTER_NEWS_S", "AFTER_NO_NEWS_S", "AFTER_FAILURE_S"):
        monkeypatch.setattr(f"ohx_desktop.ble.pauses.{name}", 0.02)
    devices = [
        meeting.cuff(GENERIC_CUFF, address=address, is_bonded=True) for address in ADDRESSES[:2]
    ]

    async def measure_each(rounds: range) -> None:
        for n in rounds:
            before = len(heard.new)
            await asyncio.gather(
                *(cuff.measure(100 + n, 60 + k, 70) for k, cuff in enumerate(devices))
            )
            await until(lambda target=before + 2: len(heard.new) >= target, deadline_s=8.0)
            heard.events.clear()
            heard.events.append(StateChanged(state=LinkState.LISTENING))

    async with Heard(meeting) as heard:
        await measure_each(range(5))
        await until(lambda: all(not c.peripheral.connection for c in devices))
        files, tasks, kinds = _open_files(), len(asyncio.all_tasks()), objects()
        await measure_each(range(5, 30))
        await until(
            lambda: _open_files() <= files and len(asyncio.all_tasks()) <= tasks, deadline_s=5.0
        )
        grown = {kind: n for kind, n in (objects() - kinds).items() if n > 5}
        assert not grown


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count
