"""The scenes of the other families as a process of their own, met by an unmodified bleak."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from hosts import Host
from meeting import MEASUREMENT, Person, bench_process, close_bleak, register_agent, until

from ohx_desktop.virtual.ffe0 import FFE1
from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.omron_uuids import RX, TX, UNLOCK

START, END = "0800000000100018", "080f000000000007"
READ_INDEX = "0801000010100009"
WEIGHT, COMPOSITION, CONTROL = map(uuid16, (0x2A9D, 0x2A9C, 0x2A9F))


@asynccontextmanager
async def scene(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Run a scenario; yields what the bench printed."""
    async with bench_process(name) as (_, facts):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", facts["DBUS_SYSTEM_BUS_ADDRESS"])
        yield facts
        await close_bleak()


async def host_of(facts: Any) -> Host:
    device = await BleakScanner.find_device_by_address(facts["address"], timeout=5.0)
    assert device is not None
    return Host(BleakClient(device))


async def joined(host: Host, channels: int) -> bytes:
    return b"".join([await host.next_value(RX[channel]) for channel in range(channels)])


async def test_an_omron_is_read_with_the_key_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene("omron-eeprom", monkeypatch) as facts, await host_of(facts) as host:
        await host.subscribe(*RX, UNLOCK)
        answer = await host.ask(UNLOCK, b"\x01" + bytes.fromhex(facts["key"]))
        assert answer[:2] == b"\x81\x00"
        await host.write(TX[0], START)
        await joined(host, 2)
        await host.write(TX[0], READ_INDEX)
        assert (await joined(host, 2))[6:8] == b"\x04\x00"  # three old records and the new one
        await host.write(TX[0], END)
        await joined(host, 1)


async def test_an_unpaired_modern_omron_is_paired_then_measures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene("omron-fe4a-unpaired", monkeypatch) as facts:
        agent = await register_agent(facts["DBUS_SYSTEM_BUS_ADDRESS"], Person())
        counts = []
        for _ in range(2):
            async with await host_of(facts) as host:
                await host.subscribe(RX[0])
                await host.write(TX[0], START)
                assert await joined(host, 1) == bytes.fromhex("0880000000100098")
                await host.write(TX[0], READ_INDEX)
                counts.append((await joined(host, 1))[6])
                await host.write(TX[0], END)
                await joined(host, 1)
        agent.disconnect()
    assert counts == [3, 4]


async def test_a_bm85_sends_its_backlog_and_the_new_record(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scene("beurer-bm85", monkeypatch) as facts, await host_of(facts) as host:
        await host.read(uuid16(0x2A24))
        await until(lambda: host.client.is_connected)
        await asyncio.sleep(0.15)  # the pause this model wants
        await host.subscribe(MEASUREMENT)
        await until(lambda: len(host.heard[MEASUREMENT]) == 4)
    assert [frame[1] for frame in host.heard[MEASUREMENT]] == [141, 135, 133, 128]
    assert {frame[0] for frame in host.heard[MEASUREMENT]} == {0x56}


async def test_a_scale_sends_its_backlog_and_the_new_weight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene("scale", monkeypatch) as facts, await host_of(facts) as host:
        await host.subscribe(WEIGHT, COMPOSITION, CONTROL)
        code = int(facts["consent_code"]).to_bytes(2, "little")
        assert await host.ask(CONTROL, b"\x02\x01" + code) == bytes.fromhex("200201")
        await until(lambda: len(host.heard[COMPOSITION]) == 4, deadline_s=6.0)
    weights = [int.from_bytes(value[1:3], "little") * 5 for value in host.heard[WEIGHT]]
    assert weights == [80600, 80350, 80100, 79950]


async def test_an_ffe0_scale_gives_its_backlog_and_a_live_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with scene("ffe0-scale", monkeypatch) as facts, await host_of(facts) as host:
        await host.subscribe(FFE1)
        await host.ask(FFE1, "e601")
        uid = bytes.fromhex(facts["uid"])
        assert (await host.ask(FFE1, b"\xe7\x41" + uid))[3] == 6
        await host.next_value(FFE1)
        assert await host.ask(FFE1, b"\xe7\x40" + uid) == bytes.fromhex("e7f04000")
        weight = b""
        while weight[:3] != bytes.fromhex("e75800"):
            weight = await host.next_value(FFE1)
            await host.write(FFE1, bytes((0xE7, 0xF1)) + weight[1:4])
    assert int.from_bytes(weight[3:5], "big") * 50 == 79950
