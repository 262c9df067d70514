"""What an unmodified bleak meets, the same in this process and through the emulated BlueZ."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakError,
    BleakGATTProtocolError,
)
from meeting import ADDRESS, MODEL, PASSKEY, Heard, Meeting, Person, until

from ohx_desktop.virtual.cuff import Cuff, CuffState
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.profiles import BEURER_BM54, BRISK, GENERIC_CUFF, OMRON_HEM_7155T
from ohx_desktop.virtual.room import Adapter

NEW = bytes.fromhex("1e800052006100")
"""Flags and pressures of 128/82, mean 97."""


async def with_three_records(meeting: Meeting, faults: Faults) -> Cuff:
    """Put a bonded Omron with two old records and a new one on the air."""
    cuff = meeting.cuff(OMRON_HEM_7155T, is_bonded=True, faults=faults)
    cuff.remember(141, 93, 80, ago=timedelta(days=1))
    cuff.remember(133, 86, 74, ago=timedelta(hours=9))
    await cuff.measure(128, 82, 71)
    return cuff


async def test_a_cuff_is_heard_only_while_it_advertises(meeting: Meeting) -> None:
    cuff = meeting.cuff(OMRON_HEM_7155T)
    heard: list[Heard] = []
    async with meeting.scanner(lambda _, data: heard.append(data)):
        assert heard == []
        await cuff.measure(128, 82, 71)
        await until(lambda: bool(heard))
    advertisement = heard[0]
    assert advertisement.local_name == "BLESmart_00000264005FBF123456"
    assert advertisement.manufacturer_data == {0x020E: bytes.fromhex("0161010001000000")}
    assert advertisement.rssi == cuff.peripheral.rssi_dbm


async def test_scan_connect_pair_read_subscribe_three_indications(meeting: Meeting) -> None:
    await meeting.seat(Person())
    cuff = await with_three_records(meeting, Faults())
    meeting.room.bonds.clear()
    started = time.monotonic()
    async with await meeting.client() as session:
        assert session.client.address == ADDRESS
        await session.client.pair()
        assert await session.client.read_gatt_char(MODEL) == b"HEM-7155T"
        frames = await session.collect()
        assert not session.client.is_connected
    assert [frame[1] for frame in frames] == [141, 133, 128]
    assert frames[-1].startswith(NEW)
    assert cuff.state is CuffState.IDLE
    assert meeting.room.is_bonded(ADDRESS)
    assert time.monotonic() - started < 1.5


async def test_values_stop_when_the_host_unsubscribes(meeting: Meeting) -> None:
    cuff = await with_three_records(meeting, Faults(indication_interval_s=0.05))
    async with await meeting.client() as session:
        await session.subscribe()
        await until(lambda: len(session.received) == 1)
        await session.client.stop_notify("2a35")
    assert len(session.received) == 1
    assert len(cuff.memory.to_send()) == 2


async def test_the_host_sets_the_clock_of_the_cuff(meeting: Meeting) -> None:
    cuff = await with_three_records(meeting, Faults())
    async with await meeting.client() as session:
        await session.client.write_gatt_char(
            "2a2b", bytes.fromhex("ea070b170a0f1e010001"), response=True
        )
    assert cuff.clock.read().isoformat(timespec="minutes") == "2026-11-23T10:15"


async def test_a_passkey_device_asks_the_person(meeting: Meeting) -> None:
    person = Person()
    await meeting.seat(person)
    cuff = meeting.cuff(BEURER_BM54)
    await cuff.measure(121, 87, 98)
    async with await meeting.client() as session:
        await session.client.pair()
        frames = await session.collect()
    assert person.questions == 1
    assert cuff.peripheral.display is None
    assert len(frames) == 1


@pytest.mark.parametrize("typed", [PASSKEY + 1, None], ids=["wrong", "given up"])
async def test_a_wrong_passkey_leaves_no_bond(meeting: Meeting, typed: int | None) -> None:
    await meeting.seat(Person(typed))
    cuff = meeting.cuff(BEURER_BM54)
    await cuff.measure(121, 87, 98)
    async with await meeting.client() as session:
        with pytest.raises(BleakError):
            await session.client.pair()
    assert not cuff.peripheral.has_bond
    assert not meeting.room.is_bonded(ADDRESS)


async def test_a_passkey_device_cannot_be_paired_with_nobody_there(meeting: Meeting) -> None:
    cuff = meeting.cuff(BEURER_BM54)
    await cuff.measure(121, 87, 98)
    async with await meeting.client() as session:
        with pytest.raises(BleakError):
            await session.client.pair()
    assert not cuff.peripheral.has_bond


async def test_a_cuff_without_bond_shows_the_pressure_while_it_measures(meeting: Meeting) -> None:
    cuff = meeting.cuff(GENERIC_CUFF, pace=replace(BRISK, measuring_s=0.4))
    measuring = asyncio.create_task(cuff.measure(128, 82, 71))
    pressures: list[int] = []
    async with await meeting.client() as session:
        await session.client.start_notify("2a36", lambda _, value: pressures.append(value[1]))
        frames = await session.collect()
    await measuring
    assert pressures
    assert pressures == sorted(pressures, reverse=True)
    assert [frame[:7] for frame in frames] == [NEW]


# ── faults ───────────────────────────────────────────────────────────────────────────────────


async def test_a_refused_connection_is_an_error_within_the_time_limit(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults(refuse_connections=1000))
    session = await meeting.client(timeout=0.3)
    with pytest.raises((BleakError, TimeoutError)):
        await session.client.connect()


async def test_a_slow_connection_runs_into_the_time_limit(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults(connect_delay_s=30.0))
    session = await meeting.client(timeout=0.3)
    with pytest.raises(TimeoutError):
        await session.client.connect()


async def test_a_forgotten_bond_ends_the_connection(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults(bond_forgotten=True))
    session = await meeting.client(timeout=0.5)
    with pytest.raises((BleakError, TimeoutError)):
        await session.client.connect()
    assert not session.client.is_connected


async def test_refused_pairing_is_an_error(meeting: Meeting) -> None:
    await meeting.seat(Person())
    cuff = meeting.cuff(OMRON_HEM_7155T, faults=Faults(refuse_pairing=True))
    await cuff.measure(128, 82, 71)
    async with await meeting.client() as session:
        with pytest.raises(BleakError):
            await session.client.pair()
    assert not cuff.peripheral.has_bond


async def test_pairing_that_never_ends_is_cancelled_by_the_caller(meeting: Meeting) -> None:
    await meeting.seat(Person())
    cuff = meeting.cuff(OMRON_HEM_7155T, faults=Faults(pairing_never_ends=True))
    await cuff.measure(128, 82, 71)
    async with await meeting.client() as session:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await session.client.pair()


async def test_a_link_lost_at_an_operation_fails_it(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults(lose_link_after_operations=1))
    async with await meeting.client() as session:
        await session.client.read_gatt_char(MODEL)
        with pytest.raises(BleakError):
            await session.client.read_gatt_char(MODEL)
        async with asyncio.timeout(1.0):
            await session.ended.wait()


async def test_a_link_lost_after_an_indication_keeps_the_rest_unsent(meeting: Meeting) -> None:
    cuff = await with_three_records(meeting, Faults(lose_link_after_indications=2))
    async with await meeting.client() as session:
        frames = await session.collect()
    assert [frame[1] for frame in frames] == [141, 133]
    assert [stored.record.systolic for stored in cuff.memory.to_send()] == [128]


async def test_a_link_lost_once_gives_the_rest_at_the_next_connection(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults(lose_link_mid_transfer=True, connections=1))
    async with await meeting.client() as first:
        await first.collect()
    async with await meeting.client() as second:
        await second.collect()
    assert [frame[1] for frame in first.received] == [141]
    assert [frame[1] for frame in second.received] == [133, 128]


async def test_a_silent_cuff_hangs_up_without_a_word(meeting: Meeting) -> None:
    cuff = meeting.cuff(
        OMRON_HEM_7155T,
        is_bonded=True,
        faults=Faults(silent=True),
        pace=replace(BRISK, link_timeout_s=0.2),
    )
    await cuff.measure(128, 82, 71)
    async with await meeting.client() as session:
        assert await session.collect() == []
    assert len(cuff.memory.to_send()) == 1


async def test_slow_indications_take_their_time(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults(indication_interval_s=0.1))
    async with await meeting.client() as session:
        started = time.monotonic()
        await session.subscribe()
        await until(lambda: len(session.received) == 3)
    assert time.monotonic() - started >= 0.29


async def test_spoilt_indications_arrive_as_ordered(meeting: Meeting) -> None:
    await with_three_records(
        meeting,
        Faults(malformed_indication=0, truncated_indication=1, duplicated_indication=2),
    )
    async with await meeting.client() as session:
        frames = await session.collect()
    assert [len(frame) for frame in frames] == [21, 17, 19, 19]
    assert frames[2] == frames[3]


async def test_a_failed_measurement_is_sent_as_not_a_number(meeting: Meeting) -> None:
    cuff = meeting.cuff(OMRON_HEM_7155T, is_bonded=True, faults=Faults(failed_measurement=True))
    await cuff.measure(128, 82, 71)
    async with await meeting.client() as session:
        (frame,) = await session.collect()
    assert frame[:7] == bytes.fromhex("1eff07ff07ff07")
    assert frame[-2:] == b"\x00\x00"


async def test_an_att_error_reaches_the_program_with_its_code(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults(att_errors={MODEL: 0x0E}))
    async with await meeting.client() as session:
        with pytest.raises(BleakGATTProtocolError) as caught:
            await session.client.read_gatt_char(MODEL)
    assert caught.value.code == 0x0E


async def test_writing_what_cannot_be_written_is_refused(meeting: Meeting) -> None:
    await with_three_records(meeting, Faults())
    async with await meeting.client() as session:
        with pytest.raises(BleakGATTProtocolError) as caught:
            await session.client.write_gatt_char("2a49", b"\x00\x00", response=True)
    assert caught.value.code == 0x03


@pytest.mark.parametrize(
    ("adapter", "reason"),
    [
        (Adapter.OFF, BleakBluetoothNotAvailableReason.POWERED_OFF),
        (Adapter.MISSING, BleakBluetoothNotAvailableReason.NO_BLUETOOTH),
    ],
)
async def test_without_a_working_adapter_nobody_scans(
    meeting: Meeting, adapter: Adapter, reason: BleakBluetoothNotAvailableReason
) -> None:
    await with_three_records(meeting, Faults())
    meeting.room.adapter = adapter
    with pytest.raises(BleakBluetoothNotAvailableError) as caught:
        await meeting.find()
    assert caught.value.reason is reason


async def test_switching_the_adapter_off_ends_the_link(meeting: Meeting) -> None:
    cuff = await with_three_records(meeting, Faults())
    async with await meeting.client() as session:
        assert cuff.state is CuffState.CONNECTED
        meeting.room.adapter = Adapter.OFF
        async with asyncio.timeout(1.0):
            await session.ended.wait()


async def test_carrying_the_cuff_away_ends_the_link(meeting: Meeting) -> None:
    cuff = await with_three_records(meeting, Faults())
    async with await meeting.client() as session:
        meeting.room.remove(cuff)
        async with asyncio.timeout(1.0):
            await session.ended.wait()
    assert await meeting.find(timeout=0.1) is None
    await cuff.close()
