"""A virtual cuff by itself: its states, its memory, its clock and what it says on the air."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ohx_desktop.virtual.connection import Connection, LinkDropped
from ohx_desktop.virtual.cuff import Cuff, CuffState
from ohx_desktop.virtual.encoding import encode_current_time
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import AttError, uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.peripheral import BondMissing, ConnectFailed
from ohx_desktop.virtual.profiles import (
    BEURER_BM54,
    BRISK,
    GENERIC_CUFF,
    OMRON_HEM_7155T,
    CuffProfile,
)

ADDRESS = "00:5F:BF:12:34:56"
NOW = datetime.fromisoformat("2026-11-23T10:15:00+01:00")
LOCAL_NOW = datetime.fromisoformat("2026-11-23T10:15:00")

MakeCuff = Callable[..., Cuff]


@pytest.fixture
async def make_cuff() -> AsyncIterator[MakeCuff]:
    cuffs: list[Cuff] = []

    def make(profile: CuffProfile = OMRON_HEM_7155T, **options: object) -> Cuff:
        options = {"clock": CuffClock(now=lambda: NOW), "pace": BRISK, **options}
        cuffs.append(Cuff(profile, address=ADDRESS, **options))  # type: ignore[arg-type]  # test shorthand
        return cuffs[-1]

    yield make
    for cuff in cuffs:
        await cuff.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def handle_of(cuff: Cuff, number: int) -> int:
    (found,) = (
        characteristic.handle
        for characteristic in cuff.peripheral.table.characteristics
        if characteristic.uuid == uuid16(number)
    )
    return found


async def connected(cuff: Cuff) -> Connection:
    cuff.peripheral.has_bond = True
    return await cuff.peripheral.connect(is_bonded=True)


async def drained(cuff: Cuff) -> list[int]:
    """Connect, subscribe, and return the systolic values sent until the cuff hangs up."""
    connection = await connected(cuff)
    ended = asyncio.Event()
    connection.when_closed(ended.set)
    sent: list[int] = []
    await connection.subscribe(handle_of(cuff, 0x2A35), lambda frame: sent.append(frame[1]))
    async with asyncio.timeout(2.0):
        await ended.wait()
    return sent


# ── states ───────────────────────────────────────────────────────────────────────────────────


async def test_a_measurement_puts_the_cuff_on_the_air_until_it_is_handed_over(
    make_cuff: MakeCuff,
) -> None:
    cuff = make_cuff()
    states = [cuff.state]
    measuring = asyncio.create_task(cuff.measure(128, 82, 71))
    await asyncio.sleep(0)
    states.append(cuff.state)
    await measuring
    states.append(cuff.state)
    assert await drained(cuff) == [128]
    states.append(cuff.state)
    assert states == [
        CuffState.IDLE,
        CuffState.MEASURING,
        CuffState.ADVERTISING,
        CuffState.IDLE,
    ]


async def test_a_cuff_nobody_asks_goes_to_sleep_and_keeps_its_record(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(pace=replace(BRISK, advertising_s=0.05))
    await cuff.measure(128, 82, 71)
    asleep = asyncio.Event()
    cuff.peripheral.watch(lambda _: asleep.set() if cuff.state is CuffState.IDLE else None)
    async with asyncio.timeout(2.0):
        await asleep.wait()
    cuff.press_bluetooth_button()
    assert await drained(cuff) == [128]


async def test_a_cuff_measures_once_at_a_time(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(pace=replace(BRISK, measuring_s=5.0))
    first = asyncio.create_task(cuff.measure(128, 82, 71))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError):
        await cuff.measure(118, 76, 64)
    first.cancel()
    await asyncio.wait({first})
    assert cuff.memory.records == ()


async def test_a_measurement_taken_while_connected_is_sent_in_the_same_link(
    make_cuff: MakeCuff,
) -> None:
    cuff = make_cuff()
    cuff.press_bluetooth_button()
    draining = asyncio.create_task(drained(cuff))
    while cuff.state is not CuffState.CONNECTED:
        await asyncio.sleep(0)
    await cuff.measure(128, 82, 71)
    assert await draining == [128]


# ── memory ───────────────────────────────────────────────────────────────────────────────────


async def test_an_omron_sends_each_record_once_oldest_first(make_cuff: MakeCuff) -> None:
    cuff = make_cuff()
    cuff.remember(141, 93, 80, ago=timedelta(days=1))
    await cuff.measure(128, 82, 71)
    assert await drained(cuff) == [141, 128]
    await cuff.measure(118, 76, 64)
    assert await drained(cuff) == [118]


async def test_a_beurer_sends_all_users_and_all_records_every_time(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(BEURER_BM54)
    cuff.remember(141, 93, 80, user=1)
    await cuff.measure(128, 82, 71)
    assert await drained(cuff) == [141, 128]
    cuff.press_bluetooth_button()
    assert await drained(cuff) == [141, 128]


async def test_a_full_memory_drops_the_oldest_record_of_that_user(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(replace(BEURER_BM54, memory_per_user=2))
    cuff.remember(150, 90, 70, user=1)
    for systolic in (121, 122, 123):
        cuff.remember(systolic, 80, 60)
    assert [record.systolic for record in cuff.memory.records] == [150, 122, 123]


async def test_a_beurer_measures_no_mean_and_an_omron_does(make_cuff: MakeCuff) -> None:
    assert make_cuff(BEURER_BM54).remember(128, 82, 71).mean == 0
    assert make_cuff(OMRON_HEM_7155T).remember(128, 82, 71).mean == 97


# ── clock ────────────────────────────────────────────────────────────────────────────────────


def test_a_clock_runs_with_its_offset() -> None:
    clock = CuffClock(now=lambda: NOW, offset=timedelta(minutes=-7))
    assert clock.read() == LOCAL_NOW - timedelta(minutes=7)
    clock.set(LOCAL_NOW)
    assert clock.read() == LOCAL_NOW


def test_a_clock_that_was_never_set_starts_at_its_factory_time() -> None:
    factory = datetime.fromisoformat("2022-01-01T00:00:00")
    now = [NOW]
    clock = CuffClock(now=lambda: now[0], started_at=factory)
    now[0] += timedelta(minutes=2)
    assert clock.read() == factory + timedelta(minutes=2)
    assert not clock.is_set


async def test_a_host_may_set_the_clock_unless_the_model_refuses(make_cuff: MakeCuff) -> None:
    written = encode_current_time(datetime.fromisoformat("2026-11-23T11:00:00"))
    willing = make_cuff()
    willing.press_bluetooth_button()
    await (await connected(willing)).write(handle_of(willing, 0x2A2B), written)
    assert willing.clock.read().hour == 11
    stubborn = make_cuff(replace(OMRON_HEM_7155T, accepts_time=False))
    stubborn.press_bluetooth_button()
    with pytest.raises(AttError) as caught:
        await (await connected(stubborn)).write(handle_of(stubborn, 0x2A2B), written)
    assert caught.value.code == 0x80


# ── on the air ───────────────────────────────────────────────────────────────────────────────


async def test_an_omron_tells_mode_clock_and_unsent_records_on_the_air(make_cuff: MakeCuff) -> None:
    cuff = make_cuff()
    cuff.remember(141, 93, 80)
    cuff.remember(138, 90, 78, user=2)
    await cuff.measure(128, 82, 71)
    data = cuff.peripheral.advertising
    assert data is not None
    # Format 01; two users, standard mode, data pending; user 1: 2 of 2, user 2: 1 of 1.
    assert data.manufacturer_data == {0x020E: bytes.fromhex("01 61 0200 02 0100 01")}
    assert data.name == "BLESmart_00000264005FBF123456"
    assert await drained(cuff) == [141, 138, 128]
    cuff.hold_bluetooth_button()
    data = cuff.peripheral.advertising
    assert data is not None
    assert data.manufacturer_data == {0x020E: bytes.fromhex("01 29 0200 00 0100 00")}
    assert data.name == "BLEsmart_00000264005FBF123456"


async def test_an_omron_tells_that_its_clock_is_not_set(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(clock=CuffClock(now=lambda: NOW, started_at=LOCAL_NOW))
    cuff.press_bluetooth_button()
    data = cuff.peripheral.advertising
    assert data is not None
    assert data.manufacturer_data[0x020E][1] & 0x04


async def test_a_beurer_tells_that_it_wants_a_passkey(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(BEURER_BM54)
    cuff.press_bluetooth_button()
    data = cuff.peripheral.advertising
    assert data is not None
    assert (data.name, data.manufacturer_data) == ("BM54", {0x0611: b"\x01\x03"})


# ── links ────────────────────────────────────────────────────────────────────────────────────


async def test_an_unencrypted_link_cannot_subscribe_to_a_protected_value(
    make_cuff: MakeCuff,
) -> None:
    cuff = make_cuff(BEURER_BM54)
    cuff.press_bluetooth_button()
    connection = await cuff.peripheral.connect(is_bonded=False)
    with pytest.raises(AttError) as caught:
        await connection.subscribe(handle_of(cuff, 0x2A35), lambda _: None)
    assert caught.value.code == 0x05
    assert await connection.read(handle_of(cuff, 0x2A24)) == b"BM54"


async def test_the_passkey_is_shown_only_while_it_is_asked_for(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(BEURER_BM54, passkey=7)
    cuff.press_bluetooth_button()
    connection = await cuff.peripheral.connect(is_bonded=False)
    shown: list[str | None] = []

    class Reader:
        async def enter_passkey(self) -> int:
            shown.append(cuff.peripheral.display)
            return int(cuff.peripheral.display or -1)

        async def confirm(self, passkey: int) -> bool:
            return False

    await connection.pair(Reader())
    assert shown == ["000007"]
    assert cuff.peripheral.display is None
    assert connection.is_encrypted


async def test_a_device_is_connected_once_at_a_time(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(GENERIC_CUFF)
    cuff.press_bluetooth_button()
    first = await cuff.peripheral.connect(is_bonded=False)
    assert cuff.peripheral.advertising is None
    second = asyncio.create_task(cuff.peripheral.connect(is_bonded=False))
    await asyncio.sleep(0)
    assert not second.done()
    first.close()
    async with asyncio.timeout(1.0):
        assert (await second).is_open


async def test_an_operation_on_a_closed_link_is_dropped(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(GENERIC_CUFF)
    cuff.press_bluetooth_button()
    connection = await cuff.peripheral.connect(is_bonded=False)
    connection.close()
    connection.close()
    with pytest.raises(LinkDropped):
        await connection.read(handle_of(cuff, 0x2A24))


async def test_a_lost_bond_is_met_before_anything_can_be_read(make_cuff: MakeCuff) -> None:
    cuff = make_cuff()
    cuff.press_bluetooth_button()
    with pytest.raises(BondMissing):
        await cuff.peripheral.connect(is_bonded=True)


async def test_faults_last_for_as_many_connections_as_ordered(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(GENERIC_CUFF, faults=Faults(needs_pairing=True, connections=1))
    cuff.press_bluetooth_button()
    model = handle_of(cuff, 0x2A24)
    connection = await cuff.peripheral.connect(is_bonded=False)
    with pytest.raises(AttError):
        await connection.read(model)
    connection.close()
    connection = await cuff.peripheral.connect(is_bonded=False)
    assert await connection.read(model) == b"Virtual BP"


async def test_connections_are_refused_as_often_as_ordered(make_cuff: MakeCuff) -> None:
    cuff = make_cuff(GENERIC_CUFF, faults=Faults(refuse_connections=2))
    cuff.press_bluetooth_button()
    for _ in range(2):
        with pytest.raises(ConnectFailed):
            await cuff.peripheral.connect(is_bonded=False)
    assert (await cuff.peripheral.connect(is_bonded=False)).is_open


@pytest.mark.parametrize(
    ("faults", "sent"),
    [
        (Faults(), (b"\x01\x02\x03\x04",)),
        (Faults(truncated_indication=3), (b"\x01\x02",)),
        (Faults(wrong_checksum=3), (b"\x01\x02\x03\xfb",)),
        (Faults(malformed_indication=3), (b"\x01\x02\x03\x04\xff\x07",)),
        (Faults(duplicated_indication=3), (b"\x01\x02\x03\x04",) * 2),
        (Faults(duplicated_indication=2), (b"\x01\x02\x03\x04",)),
    ],
)
def test_only_the_ordered_indication_is_spoilt(faults: Faults, sent: tuple[bytes, ...]) -> None:
    assert faults.frames_for(3, b"\x01\x02\x03\x04") == sent
