"""A virtual scale of the SIG services: what an unmodified bleak meets, quirk by quirk."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from bleak.exc import BleakError
from hosts import Host, carry_in, host_for, is_quiet
from meeting import ADDRESS, Meeting, Person, until

from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.profiles import BRISK
from ohx_desktop.virtual.scale import Scale
from ohx_desktop.virtual.scale_profiles import BF600, BF720, BF788, SBF73, ScaleProfile

WEIGHT, COMPOSITION = uuid16(0x2A9D), uuid16(0x2A9C)
CONTROL, TIME = uuid16(0x2A9F), uuid16(0x2A2B)
INCREMENT, INDEX, BIRTH, GENDER, HEIGHT = map(uuid16, (0x2A99, 0x2A9A, 0x2A85, 0x2A8C, 0x2A8E))
LIST_720, TAKE_720 = uuid16(0x0001), uuid16(0x0006)
CODE = 3752
CONSENT = bytes.fromhex("0201a80e")


def put(
    meeting: Meeting,
    profile: ScaleProfile = BF720,
    *,
    is_bonded: bool = True,
    users: int = 1,
    **options: Any,
) -> Scale:
    """Put a brisk scale with registered users into the room, awake."""
    profile = replace(profile, data_after_consent_s=0.02)
    scale = Scale(profile, address=ADDRESS, **{"pace": BRISK, **options})
    for _ in range(users):
        scale.users.register(CODE)
    carry_in(meeting, scale, is_bonded=is_bonded)
    scale.step_on()
    return scale


async def listening(host: Host) -> None:
    await host.subscribe(WEIGHT, INCREMENT, COMPOSITION, CONTROL)


# ── bond, consent, users ─────────────────────────────────────────────────────────────────────


async def test_an_unbonded_host_subscribes_and_is_sent_nothing(meeting: Meeting) -> None:
    scale = put(meeting, is_bonded=False)
    scale.remember("79.96", user=1)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.write(CONTROL, CONSENT)
        assert await is_quiet(host, CONTROL)
        assert not host.heard[WEIGHT]


async def test_a_bonded_host_without_consent_is_sent_nothing(meeting: Meeting) -> None:
    scale = put(meeting)
    scale.remember("79.96", user=1)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        assert await is_quiet(host, WEIGHT)


async def test_a_new_host_bonds_sets_the_time_registers_and_weighs(meeting: Meeting) -> None:
    await meeting.seat(Person())
    never_set = CuffClock(started_at=BF720.factory_time)
    scale = put(meeting, is_bonded=False, users=0, clock=never_set)
    async with await host_for(meeting, scale) as host:
        await host.client.pair()
        await listening(host)
        await host.subscribe(LIST_720, TAKE_720)
        await scale.weigh("79.96")
        assert scale.records == ()  # it does not measure before the time is set
        await host.write(TIME, "ea07050c12352b021101")
        assert await host.ask(LIST_720, "00") == b"\x02"
        assert await host.ask(CONTROL, "01a80e") == bytes.fromhex("20010101")
        assert await host.ask(CONTROL, CONSENT) == bytes.fromhex("200201")
        await until(lambda: scale._may_send)
        await host.write(TAKE_720, "00")
        await scale.weigh("79.96")
        weight = await host.next_value(WEIGHT)
        composition = await host.next_value(COMPOSITION)
        assert await host.next_value(TAKE_720) == b"\x01"
    assert weight[:8] == bytes.fromhex("0e783eea07050c12")
    assert (weight[10], weight[13:]) == (1, (1650).to_bytes(2, "little"))
    assert composition[:4] == bytes.fromhex("9803c200")
    assert composition[-2:] == bytes.fromhex("a811")


async def test_a_weight_is_followed_by_the_composition_without_time_and_user(
    meeting: Meeting,
) -> None:
    scale = put(meeting)
    scale.remember("81.2", user=1, ago=timedelta(days=1))
    scale.remember("79.96", user=1)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        await until(lambda: len(host.heard[COMPOSITION]) == 2)
        assert [value[1:3].hex() for value in host.heard[WEIGHT]] == ["703f", "783e"]
        assert {value[:2].hex() for value in host.heard[COMPOSITION]} == {"9803"}
    async with await host_for(meeting, scale) as host:  # each record once
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        assert await is_quiet(host, WEIGHT)


@pytest.mark.parametrize(
    ("request_hex", "response"),
    [
        ("0201ffff", "200205"),  # wrong code
        ("0205a80e", "200205"),  # empty slot
        ("02000000", "200205"),  # nobody
        ("04", "200402"),  # list all users
        ("0100", "200103"),  # too short
        ("011027", "200103"),  # code above 9999
        ("03", "200305"),  # without consent
    ],
)
async def test_the_control_point_refuses_with_its_result(
    meeting: Meeting, request_hex: str, response: str
) -> None:
    scale = put(meeting)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        assert (await host.ask(CONTROL, request_hex)).hex() == response


async def test_a_full_scale_registers_nobody_and_its_list_just_ends(meeting: Meeting) -> None:
    scale = put(meeting, users=8)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.subscribe(LIST_720)
        assert (await host.ask(CONTROL, "010100")).hex() == "200104"
        await host.write(LIST_720, "00")
        await until(lambda: len(host.heard[LIST_720]) == 8)
        assert host.heard[LIST_720][7].hex() == "0008ffffffc7070a01a50103"
        host.heard[LIST_720].clear()
        assert await is_quiet(host, LIST_720)


async def test_a_control_point_wants_its_subscription_first(meeting: Meeting) -> None:
    scale = put(meeting)
    async with await host_for(meeting, scale) as host:
        with pytest.raises(BleakError):
            await host.write(CONTROL, CONSENT)


async def test_body_data_is_unknown_and_refused_without_consent(meeting: Meeting) -> None:
    scale = put(meeting)
    async with await host_for(meeting, scale) as host:
        assert await host.read(INDEX) == b"\xff"
        assert await host.read(BIRTH) == b"\xff" * 4
        with pytest.raises(BleakError):
            await host.write(HEIGHT, "b700")
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        assert await host.read(INDEX) == b"\x01"
        assert await host.read(BIRTH) == bytes.fromhex("c7070a01")
        await host.write(HEIGHT, "b700")
        assert await host.read(HEIGHT) == bytes.fromhex("b700")
    assert scale.users[1].height_cm == 183


async def test_the_last_consented_user_stays_active_when_the_host_has_left(
    meeting: Meeting,
) -> None:
    scale = put(meeting, users=2)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, "0202a80e")
    await scale.weigh("60.0")
    assert [record.user for record in scale.records] == [2]
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, "02000000")  # takes the active user back
    await scale.weigh("95.5")
    assert len(scale.records) == 1


async def test_a_consent_during_a_measurement_takes_it_over(meeting: Meeting) -> None:
    scale = put(meeting, users=2, pace=replace(BRISK, measuring_s=0.2))
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        await until(lambda: scale._may_send)
        weighing = asyncio.create_task(scale.weigh("79.96"))
        assert (await host.next_value(WEIGHT))[10] == 1
        await host.ask(CONTROL, "0202a80e")
        await weighing
    assert [record.user for record in scale.records] == [2]


async def test_new_batteries_wipe_the_users_and_the_clock(meeting: Meeting) -> None:
    scale = put(meeting)
    scale.remember("79.96", user=1)
    scale.change_batteries()
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.subscribe(LIST_720)
        assert await host.ask(LIST_720, "00") == b"\x02"
        assert (await host.ask(CONTROL, CONSENT)).hex() == "200205"
    assert not scale.clock.is_set


async def test_a_scale_shows_the_code_of_a_user(meeting: Meeting) -> None:
    scale = put(meeting, SBF73)
    async with await host_for(meeting, scale) as host:
        await host.subscribe(LIST_720)
        assert (await host.ask(LIST_720, "11"))[:1] == b"\x11"
    assert scale.peripheral.display == "3752"


# ── values ───────────────────────────────────────────────────────────────────────────────────


async def test_socks_leave_energy_and_a_lean_mass_that_is_the_weight(meeting: Meeting) -> None:
    scale = put(meeting, SBF73)
    scale.remember("78.81", user=1, has_bare_feet=False)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        value = await host.next_value(COMPOSITION)
    assert value[:4].hex() == "98030000"
    assert value[6:].hex() == "0000923d00000000"


async def test_a_bf788_sends_stubs_until_the_body_data_is_written_back(meeting: Meeting) -> None:
    scale = put(meeting, BF788)
    scale.remember("117.92", user=1)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        stub = await host.next_value(COMPOSITION)
        assert (stub[2:4], stub[6:]) == (bytes(2), bytes(8))
        for uuid in (BIRTH, GENDER, HEIGHT):
            await host.write(uuid, await host.read(uuid))
        await host.write(INCREMENT, "01000000")
        await scale.weigh("117.92")
        assert (await host.next_value(COMPOSITION))[2:4] != bytes(2)


async def test_a_measurement_is_taken_for_nobody_without_consent(meeting: Meeting) -> None:
    scale = put(meeting)
    async with await host_for(meeting, scale) as host:
        await host.subscribe(TAKE_720)
        assert await host.ask(TAKE_720, "00") == b"\x04"


async def test_a_bf600_tells_on_the_air_whose_records_wait(meeting: Meeting) -> None:
    scale = put(meeting, BF600, users=3)
    scale.remember("60.0", user=3)
    scale.remember("80.0", user=1)
    data = scale.peripheral.advertising
    assert data is not None
    assert (data.name, dict(data.service_data)) == ("BF600", {uuid16(0x181D): b"\x01\x03"})


# ── faults ───────────────────────────────────────────────────────────────────────────────────


async def test_an_unsuccessful_weight_is_all_ones(meeting: Meeting) -> None:
    clock = CuffClock(now=lambda: datetime.fromisoformat("2026-11-23T09:30:15+01:00"))
    scale = put(meeting, clock=clock, faults=Faults(failed_measurement=True))
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        await until(lambda: scale._may_send)
        await scale.weigh("79.96")
        assert (await host.next_value(WEIGHT)).hex() == "06ffffea070b17091e0f01"
    assert scale.records == ()


async def test_a_link_lost_between_weight_and_composition_keeps_the_record(
    meeting: Meeting,
) -> None:
    # The first indication answers the consent.
    scale = put(meeting, faults=Faults(lose_link_after_indications=2, connections=1))
    scale.remember("79.96", user=1)
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        await host.wait_ended()
        assert len(host.heard[WEIGHT]) == 1
        assert not host.heard[COMPOSITION]
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.ask(CONTROL, CONSENT)
        await host.next_value(COMPOSITION)
        assert len(host.heard[WEIGHT]) == 1


async def test_a_silent_scale_answers_no_consent(meeting: Meeting) -> None:
    scale = put(meeting, faults=Faults(silent=True))
    async with await host_for(meeting, scale) as host:
        await listening(host)
        await host.write(CONTROL, CONSENT)
        assert await is_quiet(host, CONTROL)
