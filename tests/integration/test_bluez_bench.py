"""The emulated BlueZ where it is more than the in-process backend: agents, discovery, crashes."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError, BleakError
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from meeting import (
    ADDRESS,
    MEASUREMENT,
    Heard,
    Meeting,
    Person,
    bench_process,
    close_bleak,
    register_agent,
    until,
)

from ohx_desktop.virtual.bluez import ADAPTER_PATH
from ohx_desktop.virtual.bluez_bus import private_system_bus
from ohx_desktop.virtual.bluez_surroundings import Quirks
from ohx_desktop.virtual.cast import AGES
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.profiles import BEURER_BM54, BRISK, OMRON_HEM_7155T
from ohx_desktop.virtual.room import Adapter
from ohx_desktop.virtual.scenarios import SCENARIOS

DEVICE_PATH = f"{ADAPTER_PATH}/dev_{ADDRESS.replace(':', '_')}"


@asynccontextmanager
async def program(bench: Meeting) -> AsyncIterator["Program"]:
    """Be one more program on the bus."""
    assert bench.bluez is not None
    bus = await MessageBus(bus_address=bench.bluez.address, negotiate_unix_fd=True).connect()
    yield Program(bus)
    bus.disconnect()


class Program:
    """A program that calls BlueZ without bleak."""

    def __init__(self, bus: MessageBus) -> None:
        self.bus = bus

    async def call(self, path: str, interface: str, member: str, *args: Any) -> Message:
        """Call a method; the first of `args` is the signature where there are any."""
        signature, body = (args[0], list(args[1:])) if args else ("", [])
        return await self.bus.call(
            Message(
                destination="org.bluez",
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=body,
            )
        )

    async def device(self, member: str) -> Message:
        return await self.call(DEVICE_PATH, "org.bluez.Device1", member)

    async def property(self, path: str, interface: str, name: str) -> Any:
        reply = await self.call(
            path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name
        )
        return reply.body[0].value if reply.message_type is MessageType.METHOD_RETURN else None


async def advertising_cuff(bench: Meeting, **options: Any) -> Cuff:
    cuff = bench.cuff(OMRON_HEM_7155T, **options)
    await cuff.measure(128, 82, 71)
    return cuff


def is_deaf(socket_path: str) -> bool:
    """Whether nobody listens at the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(socket_path) != 0


# ── pairing and agents ───────────────────────────────────────────────────────────────────────


async def test_even_just_works_pairing_fails_without_an_agent(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench)
    async with await bluez_bench.client() as session:
        with pytest.raises(BleakDBusError) as caught:
            await session.client.pair()
    assert caught.value.dbus_error == "org.bluez.Error.AuthenticationFailed"


async def test_a_protected_subscription_pairs_by_itself(bluez_bench: Meeting) -> None:
    person = Person()
    await bluez_bench.seat(person)
    cuff = bluez_bench.cuff(BEURER_BM54)
    await cuff.measure(121, 87, 98)
    async with await bluez_bench.client() as session:
        assert len(await session.collect()) == 1
    assert person.questions == 1
    assert cuff.peripheral.has_bond


async def test_a_protected_subscription_without_agent_is_not_permitted(
    bluez_bench: Meeting,
) -> None:
    await advertising_cuff(bluez_bench)
    async with await bluez_bench.client() as session:
        with pytest.raises(BleakDBusError) as caught:
            await session.subscribe()
    assert caught.value.dbus_error == "org.bluez.Error.NotPermitted"


async def test_a_subscription_may_never_return_after_failed_pairing(
    bluez_bench: Meeting,
) -> None:
    assert bluez_bench.bluez is not None
    await bluez_bench.bluez.stop()
    bluez_bench.bluez._quirks = Quirks(failed_pairing_hangs=True)
    await bluez_bench.bluez.start()
    await advertising_cuff(bluez_bench)
    async with await bluez_bench.client() as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await session.subscribe()


@pytest.mark.parametrize("capability", ["NoInputNoOutput", "DisplayYesNo", "DisplayOnly"])
async def test_an_agent_that_cannot_type_cannot_pair_a_passkey_device(
    bluez_bench: Meeting, capability: str
) -> None:
    assert bluez_bench.bluez is not None
    cuff = bluez_bench.cuff(BEURER_BM54)
    await cuff.measure(121, 87, 98)
    person = Person()
    agent = await register_agent(bluez_bench.bluez.address, person, capability=capability)
    async with await bluez_bench.client() as session:
        with pytest.raises(BleakDBusError):
            await session.client.pair()
    assert person.questions == 0
    agent.disconnect()


async def test_an_agent_is_gone_with_its_program(bluez_bench: Meeting) -> None:
    assert bluez_bench.bluez is not None
    await advertising_cuff(bluez_bench)
    agent = await register_agent(bluez_bench.bluez.address, Person())
    agent.disconnect()
    async with await bluez_bench.client() as session:
        with pytest.raises(BleakDBusError):
            await session.client.pair()


async def test_cancel_pairing_ends_a_pairing_that_never_ends(bluez_bench: Meeting) -> None:
    await bluez_bench.seat(Person())
    await advertising_cuff(bluez_bench, faults=Faults(pairing_never_ends=True))
    async with await bluez_bench.client() as session, program(bluez_bench) as other:
        pairing = asyncio.create_task(session.client.pair())
        reply = await other.device("CancelPairing")
        while reply.message_type is MessageType.ERROR:
            reply = await other.device("CancelPairing")
        with pytest.raises(BleakDBusError) as caught:
            await pairing
    assert caught.value.dbus_error == "org.bluez.Error.AuthenticationCanceled"


async def test_removing_a_device_forgets_its_bond(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench, is_bonded=True)
    session = await bluez_bench.client()
    await session.client.connect()
    await session.client.unpair()
    assert not bluez_bench.room.is_bonded(ADDRESS)
    async with asyncio.timeout(1.0):
        await session.ended.wait()
    await session.client.disconnect()


# ── discovery ────────────────────────────────────────────────────────────────────────────────


async def test_a_changing_signal_strength_is_told(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench)
    strengths: set[int] = set()
    async with bluez_bench.scanner(lambda _, data: strengths.add(data.rssi)):
        await until(lambda: len(strengths) > 1)


async def test_new_manufacturer_data_is_told(bluez_bench: Meeting) -> None:
    cuff = await advertising_cuff(bluez_bench)
    heard: list[Heard] = []
    async with bluez_bench.scanner(lambda _, data: heard.append(data)):
        await until(lambda: bool(heard))
        await cuff.measure(118, 76, 64)
        await until(lambda: heard[-1].manufacturer_data[0x020E][2] == 2)


async def test_a_device_that_is_not_paired_is_removed_once_it_is_silent(
    bluez_bench: Meeting,
) -> None:
    cuff = await advertising_cuff(bluez_bench, pace=replace(BRISK, advertising_s=0.1))
    assert bluez_bench.bluez is not None
    bluez = bluez_bench.bluez
    async with bluez_bench.scanner(lambda _, __: None):
        await until(lambda: bluez.device_path(ADDRESS) == DEVICE_PATH)
        await until(lambda: bluez.device_path(ADDRESS) is None)
    async with program(bluez_bench) as other:
        reply = await other.device("Connect")
    assert reply.error_name == "org.freedesktop.DBus.Error.UnknownObject"
    assert cuff.peripheral.advertising is None


async def test_a_paired_device_is_known_before_any_scan(bluez_bench: Meeting) -> None:
    bluez_bench.cuff(OMRON_HEM_7155T, is_bonded=True)
    assert bluez_bench.bluez is not None
    await bluez_bench.bluez.stop()
    await bluez_bench.bluez.start()
    async with program(bluez_bench) as other:
        assert await other.property(DEVICE_PATH, "org.bluez.Device1", "Paired") is True
        assert await other.property(DEVICE_PATH, "org.bluez.Device1", "RSSI") is None


async def test_filters_of_all_programs_are_merged(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench)
    assert bluez_bench.bluez is not None
    async with program(bluez_bench) as scales_only:
        scales = {"UUIDs": Variant("as", [uuid16(0x181D)])}
        for member, arguments in (
            ("SetDiscoveryFilter", ["a{sv}", scales]),
            ("StartDiscovery", []),
        ):
            reply = await scales_only.call(ADAPTER_PATH, "org.bluez.Adapter1", member, *arguments)
            assert reply.error_name is None
        assert bluez_bench.bluez.device_path(ADDRESS) is None
        assert await bluez_bench.find() is not None
        rssi = await scales_only.property(DEVICE_PATH, "org.bluez.Device1", "RSSI")
    assert rssi is not None


async def test_a_program_that_leaves_stops_scanning(bluez_bench: Meeting) -> None:
    async with program(bluez_bench) as watcher:
        async with program(bluez_bench) as scanning:
            await scanning.call(ADAPTER_PATH, "org.bluez.Adapter1", "StartDiscovery")
            assert await watcher.property(ADAPTER_PATH, "org.bluez.Adapter1", "Discovering")
        async with asyncio.timeout(1.0):
            while await watcher.property(ADAPTER_PATH, "org.bluez.Adapter1", "Discovering"):
                pass


async def test_scanning_twice_or_without_power_is_refused_by_name(bluez_bench: Meeting) -> None:
    async with program(bluez_bench) as other:

        async def start() -> str | None:
            reply = await other.call(ADAPTER_PATH, "org.bluez.Adapter1", "StartDiscovery")
            return reply.error_name

        assert await start() is None
        assert await start() == "org.bluez.Error.InProgress"
        bluez_bench.room.adapter = Adapter.OFF
        assert await start() == "org.bluez.Error.NotReady"


async def test_an_adapter_plugged_in_again_can_be_used(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench)
    assert await bluez_bench.find() is not None
    bluez_bench.room.adapter = Adapter.MISSING
    with pytest.raises(BleakError):
        await bluez_bench.find()
    bluez_bench.room.adapter = Adapter.ON
    async with asyncio.timeout(2.0):
        found = None
        while found is None:
            await asyncio.sleep(0.01)  # until bleak has heard of the adapter
            with suppress(BleakError):
                found = await bluez_bench.find()


# ── links ────────────────────────────────────────────────────────────────────────────────────


async def test_connecting_is_tried_again_after_an_abort(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench, is_bonded=True, faults=Faults(refuse_connections=2))
    async with await bluez_bench.client() as session:
        assert session.client.is_connected


async def test_connecting_to_a_sleeping_device_waits_for_it(bluez_bench: Meeting) -> None:
    cuff = await advertising_cuff(
        bluez_bench, is_bonded=True, pace=replace(BRISK, advertising_s=0.3)
    )
    session = await bluez_bench.client(timeout=2.0)
    await until(lambda: cuff.peripheral.advertising is None)
    connecting = asyncio.create_task(session.client.connect())
    cuff.press_bluetooth_button()
    await connecting
    await session.client.disconnect()


async def test_a_client_left_connected_makes_every_value_arrive_twice(
    bluez_bench: Meeting,
) -> None:
    cuff = await advertising_cuff(bluez_bench, is_bonded=True)
    left = await bluez_bench.client()
    await left.client.connect()
    await left.collect()
    cuff.remember(118, 76, 64)
    cuff.press_bluetooth_button()
    async with await bluez_bench.client() as session:
        frames = await session.collect()
    assert len(frames) == 2
    assert frames[0] == frames[1]
    await left.client.disconnect()


async def test_acquired_values_come_by_a_socket_of_their_own(bluez_bench: Meeting) -> None:
    cuff = await advertising_cuff(bluez_bench, is_bonded=True)
    received: list[bytes] = []
    async with await bluez_bench.client() as session:
        await session.client.start_notify(
            MEASUREMENT,
            lambda _, value: received.append(bytes(value)),
            bluez={"use_start_notify": False},
        )
        await until(lambda: len(received) == 1)
        await until(lambda: not session.client.is_connected)
    assert len(cuff.memory.to_send()) == 0


async def test_bluez_reads_the_battery_by_itself(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench, is_bonded=True)
    async with await bluez_bench.client(), program(bluez_bench) as other:
        assert await other.property(DEVICE_PATH, "org.bluez.Battery1", "Percentage") == 87


async def test_every_object_describes_itself(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench, is_bonded=True)
    async with await bluez_bench.client(), program(bluez_bench) as other:
        node = await other.bus.introspect("org.bluez", DEVICE_PATH)
        methods = {m.name for face in node.interfaces for m in face.methods}
    assert {"Connect", "Disconnect", "Pair", "CancelPairing"} <= methods
    assert any(child.name and "service" in child.name for child in node.nodes)


async def test_trust_can_be_set_and_the_address_cannot(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench)
    await bluez_bench.find()
    async with program(bluez_bench) as other:

        async def put(name: str, value: Variant) -> str | None:
            reply = await other.call(
                DEVICE_PATH,
                "org.freedesktop.DBus.Properties",
                "Set",
                "ssv",
                "org.bluez.Device1",
                name,
                value,
            )
            return reply.error_name

        assert await put("Trusted", Variant("b", True)) is None
        assert await other.property(DEVICE_PATH, "org.bluez.Device1", "Trusted") is True
        assert await put("Address", Variant("s", "x")) is not None


# ── the service and the bus ──────────────────────────────────────────────────────────────────


async def test_bluez_that_crashed_comes_back_without_discovery(bluez_bench: Meeting) -> None:
    await advertising_cuff(bluez_bench, is_bonded=True)
    assert bluez_bench.bluez is not None
    heard: list[Heard] = []
    scanner = bluez_bench.scanner(lambda _, data: heard.append(data))
    await scanner.start()
    await until(lambda: bool(heard))
    await bluez_bench.bluez.stop()
    with pytest.raises(BleakDBusError) as caught:
        await scanner.stop()
    assert caught.value.dbus_error == "org.freedesktop.DBus.Error.ServiceUnknown"
    await bluez_bench.bluez.start()
    async with program(bluez_bench) as other:
        assert not await other.property(ADAPTER_PATH, "org.bluez.Adapter1", "Discovering")
    assert await bluez_bench.find() is not None


async def test_without_a_bus_bleak_raises_the_bare_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with pytest.raises(OSError, match="No such file"):
        await BleakScanner.discover(0.1)


async def test_a_bus_without_bluez_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async with private_system_bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with pytest.raises(BleakDBusError):
            await BleakScanner.discover(0.1)


async def test_the_private_bus_is_gone_afterwards() -> None:
    async with private_system_bus() as address:
        path = address.removeprefix("unix:path=").split(",", maxsplit=1)[0]
        assert not is_deaf(path)
    assert is_deaf(path)


# ── the bench as a process ───────────────────────────────────────────────────────────────────


async def test_another_process_is_read_with_its_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench_process("omron") as (process, facts):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", facts["DBUS_SYSTEM_BUS_ADDRESS"])
        device = await BleakScanner.find_device_by_address(facts["address"], timeout=5.0)
        assert device is not None
        frames: list[bytes] = []
        ended = asyncio.Event()
        client = BleakClient(device, lambda _: ended.set())
        await client.connect()
        await client.start_notify(MEASUREMENT, lambda _, value: frames.append(bytes(value)))
        await ended.wait()
        await client.disconnect()
        await close_bleak()
    assert [frame[1] for frame in frames] == [141, 135, 133, 128]
    assert process.returncode == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_no_daemon_outlives_the_bench(ending: signal.Signals) -> None:
    async with bench_process("generic") as (process, facts):
        path = facts["DBUS_SYSTEM_BUS_ADDRESS"].removeprefix("unix:path=").split(",")[0]
        os.kill(process.pid, ending)
        await process.wait()
        await until(lambda: is_deaf(path))


@pytest.mark.parametrize("name", SCENARIOS)
async def test_every_scenario_furnishes_a_room(name: str) -> None:
    room, actor = SCENARIOS[name].furnish()
    radio = actor.device.peripheral
    assert room.device(radio.address) is radio
    assert room.is_bonded(radio.address) is SCENARIOS[name].is_bonded
    assert all(age > timedelta(hours=8) for age in AGES)
    await room.close()
