"""Virtual Omron cuffs whose memory is read: what an unmodified bleak meets, byte for byte."""

from datetime import datetime, timedelta
from functools import reduce
from operator import xor
from typing import Any

import pytest
from bleak.exc import BleakError
from hosts import Host, carry_in, host_for, is_quiet
from meeting import ADDRESS, Meeting, Person, until

from ohx_desktop.virtual.encoding import StatusFlag
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.omron_eeprom import OmronEepromCuff
from ohx_desktop.virtual.omron_models import (
    HEM_7142T2,
    HEM_7155T,
    HEM_7322T,
    HEM_7380T1,
    EepromProfile,
)
from ohx_desktop.virtual.omron_uuids import RX, TX, UNLOCK
from ohx_desktop.virtual.profiles import BRISK

KEY = bytes.fromhex("deadbeaf12341234deadbeaf12341234")
START, END = "0800000000100018", "080f000000000007"


def put(
    meeting: Meeting, profile: EepromProfile, *, is_bonded: bool = True, **options: Any
) -> OmronEepromCuff:
    """Put a brisk cuff into the room; bonded, and with the key where it wants one."""
    options = {"key": KEY, "pace": BRISK, **options}
    cuff = OmronEepromCuff(profile, address=ADDRESS, **options)
    carry_in(meeting, cuff, is_bonded=is_bonded)
    return cuff


class Reader:
    """The host's half of the protocol, in its plainest form."""

    def __init__(self, host: Host, *, channels: int) -> None:
        self._host = host
        self._channels = channels

    async def command(self, frame: bytes | str) -> bytes:
        """Send a frame and return the reply, put together from its channels."""
        await self.send(frame)
        reply = await self._host.next_value(RX[0])
        for channel in range(1, -(-reply[0] // 16) if self._channels > 1 else 1):
            reply += await self._host.next_value(RX[channel])
        return reply

    async def send(self, frame: bytes | str) -> None:
        """Send a frame, cut as the stack wants it."""
        raw = bytes.fromhex(frame) if isinstance(frame, str) else frame
        size = 16 if self._channels > 1 else len(raw)
        for channel, at in enumerate(range(0, len(raw), size)):
            await self._host.write(TX[channel], raw[at : at + size])

    async def read(self, address: int, count: int) -> bytes:
        """Return `count` bytes of the memory."""
        reply = await self.command(checked(b"\x08\x01\x00" + pointed(address, count) + b"\x00"))
        assert reduce(xor, reply) == 0
        assert reply[:6] == bytes((count + 8, 0x81, 0x00)) + pointed(address, count)
        assert reply[-2] == 0
        return reply[6:-2]

    async def write(self, address: int, data: bytes) -> bytes:
        """Write to the memory and return the reply."""
        head = bytes((len(data) + 8, 0x01, 0xC0)) + pointed(address, len(data))
        return await self.command(checked(head + data + b"\x00"))


def pointed(address: int, count: int) -> bytes:
    return address.to_bytes(2, "big") + bytes((count,))


def checked(frame: bytes) -> bytes:
    return frame + bytes((reduce(xor, frame),))


async def opened(host: Host, profile: EepromProfile) -> Reader:
    """Unlock and start a session."""
    reader = Reader(host, channels=1 if profile.is_modern else 4)
    await host.subscribe(*RX[: 1 if profile.is_modern else 4], UNLOCK)
    if profile is HEM_7142T2:
        assert await host.ask(UNLOCK, "1101020304" + "00" * 15) == bytes.fromhex("910001020304")
    elif not profile.is_modern:
        assert (await host.ask(UNLOCK, b"\x01" + KEY))[:2] == b"\x81\x00"
    await reader.command(START)
    return reader


# ── pairing ──────────────────────────────────────────────────────────────────────────────────


async def test_a_key_is_programmed_in_pairing_mode_and_opens_later(meeting: Meeting) -> None:
    await meeting.seat(Person())
    cuff = put(meeting, HEM_7155T, is_bonded=False, key=None)
    cuff.hold_bluetooth_button()
    assert cuff.peripheral.display == "-P-"
    async with await host_for(meeting, cuff) as host:
        await host.client.pair()
        await host.subscribe(RX[0], UNLOCK)
        assert await host.ask(UNLOCK, b"\x02" + bytes(16)) == b"\x82\x00"
        assert await host.ask(UNLOCK, b"\x00" + KEY) == b"\x80\x00"
        reader = Reader(host, channels=4)
        await host.subscribe(*RX[1:])
        await reader.command(START)
        await reader.command(END)
    assert cuff.lock.key == KEY
    await until(lambda: cuff.peripheral.display is None)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await opened(host, HEM_7155T)


async def test_listening_to_the_first_channel_has_the_system_pair(meeting: Meeting) -> None:
    await meeting.seat(Person())
    cuff = put(meeting, HEM_7155T, is_bonded=False, key=None)
    cuff.hold_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(UNLOCK)
        assert await host.ask(UNLOCK, b"\x02" + bytes(16)) == b"\x82\x0f"
        await host.subscribe(RX[0])
        await until(lambda: meeting.room.is_bonded(ADDRESS))
        assert await host.ask(UNLOCK, b"\x02" + bytes(16)) == b"\x82\x00"


async def test_no_key_is_programmed_outside_pairing_mode(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, key=None)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(UNLOCK)
        await host.write(UNLOCK, b"\x02" + bytes(16))
        assert await is_quiet(host, UNLOCK)
        await host.write(UNLOCK, b"\x00" + KEY)
        assert await is_quiet(host, UNLOCK)
    assert cuff.lock.key is None


async def test_a_key_of_another_host_is_refused_and_opens_nothing(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, key=b"UBPM-PairingKey!")
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(*RX, UNLOCK)
        assert (await host.ask(UNLOCK, b"\x01" + KEY))[:2] == b"\x81\x04"
        await Reader(host, channels=4).send(START)
        assert await is_quiet(host, RX[0])


async def test_a_pairing_without_a_session_leaves_the_button_dead(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, key=None)
    cuff.hold_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(UNLOCK)
        await host.ask(UNLOCK, b"\x02" + bytes(16))
        await host.ask(UNLOCK, b"\x00" + KEY)
    await until(lambda: cuff.peripheral.connection is None)
    cuff._appliance.sleep()
    cuff.press_bluetooth_button()
    assert cuff.peripheral.advertising is None


async def test_a_modern_cuff_bonds_in_pairing_mode_only(meeting: Meeting) -> None:
    await meeting.seat(Person())
    cuff = put(meeting, HEM_7380T1, is_bonded=False)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        with pytest.raises(BleakError):
            await host.client.pair()
    cuff.hold_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.client.pair()
        reader = await opened(host, HEM_7380T1)
        await reader.command(END)
    await cuff.measure(128, 82, 71)
    async with await host_for(meeting, cuff) as host:
        await opened(host, HEM_7380T1)


async def test_a_modern_cuff_forgets_a_bond_without_a_session(meeting: Meeting) -> None:
    await meeting.seat(Person())
    cuff = put(meeting, HEM_7380T1, is_bonded=False)
    cuff.hold_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.client.pair()
        assert cuff.peripheral.has_bond
    await until(lambda: not cuff.peripheral.has_bond)


async def test_a_modern_cuff_that_wants_a_token_answers_nothing_before_it(
    meeting: Meeting,
) -> None:
    cuff = put(meeting, HEM_7142T2)
    await cuff.measure(126, 88, 84)
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(RX[0])
        await Reader(host, channels=1).send(START)
        assert await is_quiet(host, RX[0])
        await host.subscribe(UNLOCK)
        await host.ask(UNLOCK, "11aabbccdd" + "00" * 15)
        assert await Reader(host, channels=1).command(START) == bytes.fromhex("0880000000100098")


# ── sessions ─────────────────────────────────────────────────────────────────────────────────


async def test_a_classic_cuff_tells_its_model_on_two_channels(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T)
    await cuff.measure(128, 82, 71)
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(*RX, UNLOCK)
        await host.ask(UNLOCK, b"\x01" + KEY)
        reply = await Reader(host, channels=4).command(START)
    assert len(reply) == 24
    assert reply[:10] == bytes.fromhex("18800000001000940264")


@pytest.mark.parametrize("profile", [HEM_7155T, HEM_7322T, HEM_7142T2, HEM_7380T1])
async def test_the_newest_record_is_in_the_slot_before_the_pointer(
    meeting: Meeting, profile: EepromProfile
) -> None:
    clock = CuffClock(now=lambda: datetime.fromisoformat("2026-11-23T09:41:07+01:00"))
    cuff = put(meeting, profile, clock=clock)
    cuff.remember(141, 93, 80, ago=timedelta(days=1))
    await cuff.measure(128, 82, 71, status=StatusFlag.IRREGULAR_PULSE)
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, profile)
        index = await reader.read(profile.settings_read, 8)
        pointer = int.from_bytes(index[:2], profile.byte_order) & 0x3FFF
        assert pointer == 2
        record = await reader.read(
            profile.users[0] + (pointer - 1) * profile.record_size, profile.record_size
        )
        assert await reader.command(END) == bytes.fromhex("088f000000000087")
    words = [int.from_bytes(record[at : at + 2], profile.byte_order) for at in range(0, 12, 2)]
    assert words[:4] == [82 << 8 | 103, 26 << 8 | 71, 0x4000 | 11 << 10 | 23 << 5 | 9, 0x1A47]
    await until(lambda: cuff.peripheral.advertising is None)


async def test_four_records_come_in_one_reply_on_four_channels(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7322T)
    for systolic in (121, 122, 123, 124):
        cuff.remember(systolic, 80, 60)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7322T)
        records = await reader.read(0x02AC, 0x38)
    assert [25 + records[at] for at in (1, 15, 29, 43)] == [121, 122, 123, 124]


async def test_a_read_that_is_too_long_is_not_answered(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7155T)
        await reader.send(checked(b"\x08\x01\x00" + pointed(0x0098, 0x38) + b"\x00"))
        assert await is_quiet(host, RX[0])
        assert len(await reader.read(0x0098, 0x10)) == 16


async def test_a_command_outside_the_memory_is_refused_with_a_code(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7155T)
        reply = await reader.command(checked(b"\x08\x01\x00" + pointed(0x0000, 8) + b"\x00"))
        assert (reply[1:3], reply[6]) == (b"\x8f\x00", 0xE5)


async def test_nothing_is_read_before_the_session_starts(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(*RX, UNLOCK)
        await host.ask(UNLOCK, b"\x01" + KEY)
        reader = Reader(host, channels=4)
        await reader.send(checked(b"\x08\x01\x00" + pointed(0x0098, 8) + b"\x00"))
        assert await is_quiet(host, RX[0])


async def test_an_abandoned_session_shows_on_the_display(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await opened(host, HEM_7155T)
    await until(lambda: cuff.peripheral.display == "Err")


async def test_the_clock_is_set_and_read_back(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7322T, clock=CuffClock(offset=timedelta(hours=-5)))
    cuff.press_bluetooth_button()
    block = bytes.fromhex("a0c0061a120f131437c8")
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7322T)
        reply = await reader.write(0x0286 + 0x14, block)
        assert (reply[1:3], reply[-2]) == (b"\x81\xc0", 0)
        assert (await reader.read(0x0260 + 0x14, 10))[:5] == block[:5]
    assert cuff.clock.read().isoformat(timespec="minutes") == "2026-06-15T18:20"


async def test_a_clock_with_a_wrong_check_is_refused_and_shown(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7322T)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7322T)
        reply = await reader.write(0x0286 + 0x14, bytes.fromhex("a0c0061a120f131437c9"))
        assert (reply[1:3], reply[6]) == (b"\x8f\x00", 0xE5)
        assert cuff.peripheral.display == "Err"
    assert cuff.clock.read().year != 2026 or cuff.clock.read().month != 6


async def test_reading_leaves_the_unread_count_and_a_write_clears_it(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7322T)
    await cuff.measure(128, 82, 71, user=2)
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7322T)
        assert await reader.read(0x0260, 8) == bytes.fromhex("8000000180000001")
        await reader.read(0x0824, 14)
        assert cuff.memory.unread[2][1] == 1
        await reader.write(0x0286, bytes.fromhex("8000000180008000"))
        assert await reader.read(0x0260, 8) == bytes.fromhex("8000000180008000")
    assert cuff.memory.unread[2][1] == 0


# ── on the air ───────────────────────────────────────────────────────────────────────────────


async def test_the_air_tells_memory_mode_users_and_unread_records(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T)
    for _ in range(100):
        cuff.remember(128, 82, 71)
    await cuff.measure(118, 76, 60, user=2)
    data = cuff.peripheral.advertising
    assert data is not None
    assert data.name == "BLESmart_00000264005FBF123456"
    # 100 records of user 1, of which 60 fit; standard-service bit clear.
    assert data.manufacturer_data == {0x020E: bytes.fromhex("0101 6400 3c 0100 01")}
    cuff.hold_bluetooth_button()
    data = cuff.peripheral.advertising
    assert data is not None
    assert (data.name or "").startswith("BLEsmart_")
    assert data.manufacturer_data[0x020E][1] == 0x09


# ── faults ───────────────────────────────────────────────────────────────────────────────────


async def test_a_reply_with_a_wrong_check_does_not_xor_to_zero(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, faults=Faults(wrong_checksum=1))
    await cuff.measure(128, 82, 71)
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7155T)
        spoilt = await reader.command(checked(b"\x08\x01\x00" + pointed(0x0098, 16) + b"\x00"))
        assert reduce(xor, spoilt) == 0xFF
        assert (await reader.read(0x0098, 16))[0] == 103


async def test_a_damaged_record_contradicts_its_own_check_byte(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, faults=Faults(damaged_record=True))
    await cuff.measure(128, 82, 71)
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7155T)
        record = await reader.read(0x0098, 16)
    assert sum(record[:14]) & 0xFF != record[14]


async def test_a_failed_measurement_is_a_slot_that_no_reader_may_take(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, faults=Faults(failed_measurement=True))
    await cuff.measure(128, 82, 71)
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7155T)
        assert (await reader.read(0x0098, 16))[0] > 0xE1


async def test_the_link_is_lost_while_records_are_read(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, faults=Faults(lose_link_mid_transfer=True, connections=1))
    await cuff.measure(128, 82, 71)
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7155T)
        await reader.read(0x0098, 16)
        await host.wait_ended()
    async with await host_for(meeting, cuff) as host:
        reader = await opened(host, HEM_7155T)
        await reader.read(0x0098, 16)
        await reader.command(END)


async def test_a_silent_cuff_answers_nothing(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T, faults=Faults(silent=True))
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.subscribe(*RX, UNLOCK)
        await host.write(UNLOCK, b"\x01" + KEY)
        assert await is_quiet(host, UNLOCK)


async def test_a_host_that_says_nothing_is_dropped(meeting: Meeting) -> None:
    cuff = put(meeting, HEM_7155T)
    cuff.press_bluetooth_button()
    async with await host_for(meeting, cuff) as host:
        await host.wait_ended()
