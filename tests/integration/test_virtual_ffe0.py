"""Virtual scales of the FFE0 family: what an unmodified bleak meets, from captured frames."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from hosts import Host, carry_in, host_for, is_quiet
from meeting import ADDRESS, Meeting, until

from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.ffe0 import FFE0_SERVICE, FFE1, Ffe0Scale
from ohx_desktop.virtual.ffe0_profiles import BF700, BF800, SBF70, Ffe0Profile
from ohx_desktop.virtual.ffe0_records import Ffe0User
from ohx_desktop.virtual.profiles import BRISK

UID = bytes.fromhex("0000000000000065")
NOW = datetime.fromisoformat("2026-06-04T21:57:26+00:00")


def put(
    meeting: Meeting, profile: Ffe0Profile = SBF70, *, has_user: bool = True, **options: Any
) -> Ffe0Scale:
    """Put a brisk scale, with the vendor app's first user, into the room, awake."""
    options = {"pace": BRISK, "now": lambda: NOW, **options}
    scale = Ffe0Scale(profile, address=ADDRESS, **options)
    if has_user:
        scale.memory.add_user(Ffe0User(uid=UID, name=b"T\x00\x00"))
    carry_in(meeting, scale)
    scale.press_button()
    return scale


async def started(host: Host, nibble: str = "e") -> None:
    await host.subscribe(FFE1)
    await host.write(FFE1, f"{nibble}601")
    assert (await host.next_value(FFE1))[:2].hex() == f"{nibble}600"


async def acknowledged(host: Host) -> bytes:
    """Take a part and acknowledge it."""
    part = await host.next_value(FFE1)
    await host.write(FFE1, bytes((part[0], 0xF1)) + part[1:4])
    return part


async def test_the_users_come_one_by_one_against_acknowledgement(meeting: Meeting) -> None:
    scale = put(meeting)
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert await host.ask(FFE1, "e733") == bytes.fromhex("e7f033000108")
        row = await acknowledged(host)
        assert row == bytes.fromhex("e734010100000000000000655400004b")


async def test_a_stored_record_comes_in_two_parts(meeting: Meeting) -> None:
    scale = put(meeting)
    scale.remember("83.55", uid=UID)
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert await host.ask(FFE1, b"\xe7\x41" + UID) == bytes.fromhex("e7f0410200")
        first = await acknowledged(host)
        second = await acknowledged(host)
    assert first == bytes.fromhex("e74202016a21f4c6068701b500df02")
    # 83.55 kg at 1.78 m is 26.4 kg/m².
    assert second == bytes.fromhex("e742020209018d00e907170aa20108")


@pytest.mark.parametrize("acknowledgement", [None, "e7f1420202", "e7f1410101"])
async def test_the_stream_stops_without_the_right_acknowledgement(
    meeting: Meeting, acknowledgement: str | None
) -> None:
    scale = put(meeting)
    scale.remember("83.55", uid=UID)
    async with await host_for(meeting, scale) as host:
        await started(host)
        await host.ask(FFE1, b"\xe7\x41" + UID)
        await host.next_value(FFE1)
        if acknowledgement is not None:
            await host.write(FFE1, acknowledgement)
        assert await is_quiet(host, FFE1)


async def test_a_live_result_follows_live_weights(meeting: Meeting) -> None:
    scale = put(meeting)
    scale.remember("83.50", uid=UID, ago=timedelta(days=1))
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert await host.ask(FFE1, b"\xe7\x40" + UID) == bytes.fromhex("e7f04000")
        weighing = asyncio.create_task(scale.weigh("83.55"))
        assert await acknowledged(host) == bytes.fromhex("e75801012b")  # 14.95 kg, not stable
        assert await acknowledged(host) == bytes.fromhex("e758000687")
        parts = [await acknowledged(host) for _ in range(3)]
        await weighing
        await until(lambda: scale._unfetched is None)
    assert [part.hex() for part in parts] == [
        "e7590301010000000000000065",
        "e75903026a21f4c6068701b500df02",
        "e759030309018d00e907170aa20108",
    ]
    assert len(scale.memory.stored[UID]) == 1


async def test_a_live_result_not_fetched_to_its_end_is_stored(meeting: Meeting) -> None:
    scale = put(meeting)
    async with await host_for(meeting, scale) as host:
        await started(host)
        await host.ask(FFE1, b"\xe7\x40" + UID)
        weighing = asyncio.create_task(scale.weigh("83.55"))
        for _ in range(3):
            await acknowledged(host)
        await weighing
    await until(lambda: len(scale.memory.unknown) == 1)


async def test_stepping_on_breaks_a_list_off(meeting: Meeting) -> None:
    scale = put(meeting)
    scale.remember("83.55", uid=UID)
    async with await host_for(meeting, scale) as host:
        await started(host)
        await host.ask(FFE1, b"\xe7\x41" + UID)
        part = await host.next_value(FFE1)
        await scale.weigh("83.55")
        assert (await host.next_value(FFE1))[:3].hex() == "e75801"
        await host.write(FFE1, bytes((0xE7, 0xF1)) + part[1:4])
        assert await is_quiet(host, FFE1)
    assert len(scale.memory.stored[UID]) == 2


async def test_the_status_tells_known_and_unknown_persons_apart(meeting: Meeting) -> None:
    scale = put(meeting)
    scale.remember("83.55", uid=UID)
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert await host.ask(FFE1, "e74f" + "00" * 8) == bytes.fromhex("e7f04f015e14dc0101010105")
        assert await host.ask(FFE1, b"\xe7\x4f" + UID) == bytes.fromhex("e7f04f005e14dc0100000005")


async def test_persons_it_does_not_know_are_told_apart_and_get_no_estimates(
    meeting: Meeting,
) -> None:
    scale = put(meeting)
    await scale.weigh("107.1")
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert await host.ask(FFE1, "e746") == bytes.fromhex("e7f04600")
        row = await acknowledged(host)
        assert row == bytes.fromhex("e7470101016a21f4c6085e01b5")


async def test_a_new_person_is_added_once(meeting: Meeting) -> None:
    scale = put(meeting, has_user=False)
    new = b"\xe7\x31" + bytes(7) + b"\x07" + b"OHX" + bytes((80, 4, 17, 170, 0x83))
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert await host.ask(FFE1, "e746") == bytes.fromhex("e7f04601")
        assert await host.ask(FFE1, new) == bytes.fromhex("e7f03100")
        assert await host.ask(FFE1, new) == bytes.fromhex("e7f03102")
        details = await host.ask(FFE1, b"\xe7\x36" + bytes(7) + b"\x07")
    assert details == bytes.fromhex("e7f03600") + b"OHX" + bytes((80, 4, 17, 170, 0x83))


async def test_stored_records_stay_until_they_are_deleted(meeting: Meeting) -> None:
    scale = put(meeting)
    for _ in range(31):
        scale.remember("83.55", uid=UID)
    assert scale.peripheral.display == "Full"
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert (await host.ask(FFE1, b"\xe7\x41" + UID))[3] == 60
        await host.next_value(FFE1)  # the first part, not acknowledged
        assert await host.ask(FFE1, b"\xe7\x43" + UID) == bytes.fromhex("e7f04300")
        assert (await host.ask(FFE1, b"\xe7\x41" + UID))[3] == 0
    assert scale.peripheral.display is None


async def test_the_host_sets_the_clock_in_utc(meeting: Meeting) -> None:
    scale = put(meeting, clock_is_set=False)
    scale.remember("83.55", uid=UID)
    assert scale.memory.stored[UID][0].epoch_s == 0
    async with await host_for(meeting, scale) as host:
        await started(host)
        await host.write(FFE1, "e96a21f4c6")
        await until(lambda: scale.epoch_s == 0x6A21F4C6)


async def test_the_host_ends_the_session(meeting: Meeting) -> None:
    scale = put(meeting)
    async with await host_for(meeting, scale) as host:
        await started(host)
        await host.write(FFE1, "ea02")
        await host.wait_ended()
    assert scale.peripheral.advertising is None


async def test_frames_of_the_other_nibble_are_not_answered(meeting: Meeting) -> None:
    scale = put(meeting, BF700)
    async with await host_for(meeting, scale) as host:
        await host.subscribe(FFE1)
        for start in ("e601", "f701"):
            await host.write(FFE1, start)
            assert await is_quiet(host, FFE1)
        assert await host.ask(FFE1, "f601") == bytes.fromhex("f60020")


async def test_a_bf800_marks_live_times_and_answers_when_its_button_is_pressed(
    meeting: Meeting,
) -> None:
    scale = put(meeting, BF800)
    scale.leave_alone()
    async with await host_for(meeting, scale) as host:
        await host.subscribe(FFE1)
        await host.write(FFE1, "f601")
        assert await is_quiet(host, FFE1)
        scale.press_button()
        assert await host.ask(FFE1, "f601") == bytes.fromhex("f60024")
        await host.ask(FFE1, b"\xf7\x40" + UID)
        weighing = asyncio.create_task(scale.weigh("83.55"))
        parts = [await acknowledged(host) for _ in range(5)]
        await weighing
    assert parts[3][4:8].hex() == "ea21f4c6"


async def test_it_is_found_by_name_and_service(meeting: Meeting) -> None:
    scale = put(meeting)
    data = scale.peripheral.advertising
    assert data is not None
    assert (data.name, data.service_uuids) == ("SANITAS SBF70", (FFE0_SERVICE,))


# ── faults ───────────────────────────────────────────────────────────────────────────────────


async def test_frames_are_spoilt_as_ordered(meeting: Meeting) -> None:
    scale = put(meeting, faults=Faults(truncated_indication=1, duplicated_indication=2))
    async with await host_for(meeting, scale) as host:
        await started(host)
        assert await host.ask(FFE1, "e733") == bytes.fromhex("e7f03300")
        rows = [await host.next_value(FFE1) for _ in range(2)]
    assert rows[0] == rows[1]


async def test_a_link_lost_at_a_frame_keeps_what_is_stored(meeting: Meeting) -> None:
    scale = put(meeting, faults=Faults(lose_link_after_indications=2))
    scale.remember("83.55", uid=UID)
    async with await host_for(meeting, scale) as host:
        await started(host)
        await host.ask(FFE1, b"\xe7\x41" + UID)
        await host.wait_ended()
    assert len(scale.memory.stored[UID]) == 1
