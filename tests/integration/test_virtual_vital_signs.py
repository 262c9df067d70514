"""Virtual thermometers, oximeters and glucose meters: what an unmodified bleak meets."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from bleak.exc import BleakError
from hosts import Host, carry_in, host_for, is_quiet
from meeting import ADDRESS, PASSKEY, Meeting, Person, until

from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.gatt import uuid16
from ohx_desktop.virtual.glucose_meter import GlucoseMeter
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.oximeter import Oximeter
from ohx_desktop.virtual.po60 import Po60
from ohx_desktop.virtual.profiles import BRISK
from ohx_desktop.virtual.record_access import Answer
from ohx_desktop.virtual.thermometer import Thermometer
from ohx_desktop.virtual.vital_encoding import Place
from ohx_desktop.virtual.vital_profiles import (
    FT95,
    GENERIC_METER,
    GENERIC_OXIMETER,
    GENERIC_THERMOMETER,
    GL50EVO,
    PO60,
)

TEMPERATURE, PROGRESS, PLACE = map(uuid16, (0x2A1C, 0x2A1E, 0x2A1D))
SPOT_CHECK, CONTINUOUS, POINT = map(uuid16, (0x2A5E, 0x2A5F, 0x2A52))
GLUCOSE, CONTEXT = map(uuid16, (0x2A18, 0x2A34))
COMMAND, ANSWER = map(uuid16, (0xFF01, 0xFF02))
MOMENT = datetime.fromisoformat("2026-11-23T10:15:30+01:00")
STAMP = "ea070b170a0f1e"


def clock(**options: Any) -> CuffClock:
    return CuffClock(now=lambda: MOMENT, **options)


def thermometer(meeting: Meeting, profile: Any = FT95, **options: Any) -> Thermometer:
    device = Thermometer(profile, address=ADDRESS, **{"pace": BRISK, "clock": clock(), **options})
    carry_in(meeting, device, is_bonded=profile.needs_bond)
    device.press_button()
    return device


def oximeter(meeting: Meeting, profile: Any = GENERIC_OXIMETER, **options: Any) -> Oximeter:
    device = Oximeter(profile, address=ADDRESS, **{"pace": BRISK, "clock": clock(), **options})
    carry_in(meeting, device)
    device.press_button()
    return device


def meter(meeting: Meeting, profile: Any = GENERIC_METER, **options: Any) -> GlucoseMeter:
    device = GlucoseMeter(profile, address=ADDRESS, **{"pace": BRISK, "clock": clock(), **options})
    carry_in(meeting, device, is_bonded=profile.needs_bond)
    device.press_button()
    return device


def po60(meeting: Meeting, **options: Any) -> Po60:
    device = Po60(PO60, address=ADDRESS, **{"pace": BRISK, "clock": clock(), **options})
    carry_in(meeting, device)
    device.press_button()
    return device


# ── thermometers ─────────────────────────────────────────────────────────────────────────────


async def test_a_thermometer_sends_its_whole_memory_every_time(meeting: Meeting) -> None:
    device = thermometer(meeting)
    device.remember("38.4", ago=timedelta(days=1))
    device.remember("36.5")
    for _ in range(2):
        device.press_button()
        async with await host_for(meeting, device) as host:
            await host.subscribe(TEMPERATURE)
            await host.wait_ended()  # it goes to sleep when all is said
        assert [value.hex() for value in host.heard[TEMPERATURE]] == [
            "86800100ffea070b160a0f1e02",  # a fever, marked by bit 7
            f"066d0100ff{STAMP}02",
        ]


async def test_an_ft95_marks_what_is_no_body(meeting: Meeting) -> None:
    device = thermometer(meeting, replace(FT95, in_fahrenheit=True))
    async with await host_for(meeting, device) as host:
        await host.subscribe(TEMPERATURE)
        await device.measure("78.4", place=Place.OBJECT)
        assert (await host.next_value(TEMPERATURE)).hex() == f"07100300ff{STAMP}ff"


async def test_an_ft95_wants_the_six_digits_it_shows(meeting: Meeting) -> None:
    person = Person()
    await meeting.seat(person)
    device = Thermometer(FT95, address=ADDRESS, pace=BRISK, passkey=PASSKEY)
    carry_in(meeting, device)
    device.press_button()
    async with await host_for(meeting, device) as host:
        await host.client.pair()
        await host.subscribe(TEMPERATURE)
    assert person.questions == 1


async def test_a_thermometer_shows_progress_and_tells_its_place_apart(meeting: Meeting) -> None:
    device = thermometer(meeting, GENERIC_THERMOMETER)
    async with await host_for(meeting, device) as host:
        assert await host.read(PLACE) == b"\x03"
        await host.subscribe(PROGRESS, TEMPERATURE)
        await device.measure("36.9")
        assert (await host.next_value(TEMPERATURE)).hex() == f"02710100ff{STAMP}"
        assert len(host.heard[PROGRESS]) == 5


async def test_a_failed_temperature_is_not_a_number(meeting: Meeting) -> None:
    device = thermometer(meeting, faults=Faults(failed_measurement=True))
    async with await host_for(meeting, device) as host:
        await host.subscribe(TEMPERATURE)
        await device.measure("36.9")
        assert (await host.next_value(TEMPERATURE))[1:5] == bytes.fromhex("ffff7f00")


# ── the control point of records ─────────────────────────────────────────────────────────────


async def listening(host: Host) -> None:
    await host.subscribe(GLUCOSE, CONTEXT, POINT)


@pytest.mark.parametrize(
    ("request_hex", "numbers"),
    [
        ("0101", [1, 2, 3]),
        ("0102010200", [1, 2]),
        ("0103010200", [2, 3]),
        ("01040102000200", [2]),
        ("0105", [1]),
        ("0106", [3]),
    ],
)
async def test_a_meter_reports_the_records_that_are_asked_for(
    meeting: Meeting, request_hex: str, numbers: list[int]
) -> None:
    device = meter(meeting)
    for value in ("142", "131", "98"):
        device.remember(value)
    async with await host_for(meeting, device) as host:
        await listening(host)
        assert await host.ask(POINT, request_hex) == bytes.fromhex("06000101")
        assert [value[1] for value in host.heard[GLUCOSE]] == numbers


@pytest.mark.parametrize(
    ("request_hex", "answer"),
    [
        ("0401", "05000100"),
        ("0103010900", "06000106"),  # no records
        ("0201", "06000202"),  # it never deletes
        ("0100", "06000103"),
        ("0107", "06000103"),
        ("0103020900", "06000109"),  # a filter by time
        ("01030109", "06000105"),
        ("010101", "06000105"),
    ],
)
async def test_a_meter_answers_what_it_cannot_report_by_its_code(
    meeting: Meeting, request_hex: str, answer: str
) -> None:
    device = meter(meeting)
    device.remember("105")
    async with await host_for(meeting, device) as host:
        await listening(host)
        assert (await host.ask(POINT, request_hex)).hex() == answer
        assert not host.heard[GLUCOSE]


async def test_a_transfer_is_aborted_on_request(meeting: Meeting) -> None:
    device = meter(meeting, pace=replace(BRISK, indication_interval_s=0.05))
    for _ in range(40):
        device.remember("105")
    async with await host_for(meeting, device) as host:
        await listening(host)
        await host.write(POINT, "0101")
        with pytest.raises(BleakError):
            await host.write(POINT, "0101")  # a procedure is in progress
        assert await host.ask(POINT, "0300") == bytes.fromhex("06000301")
        assert await is_quiet(host, POINT)
    assert len(host.heard[GLUCOSE]) < 40
    assert device.access.aborted == 1


async def test_a_meter_answers_as_it_is_told(meeting: Meeting) -> None:
    device = meter(meeting)
    device.access.answer_with = Answer.NOT_COMPLETED
    async with await host_for(meeting, device) as host:
        await listening(host)
        assert await host.ask(POINT, "0101") == bytes.fromhex("06000108")


async def test_a_control_point_of_records_wants_its_subscription_first(meeting: Meeting) -> None:
    async with await host_for(meeting, meter(meeting)) as host:
        with pytest.raises(BleakError):
            await host.write(POINT, "0101")


# ── glucose meters ───────────────────────────────────────────────────────────────────────────


async def test_a_record_with_a_meal_is_followed_by_its_context(meeting: Meeting) -> None:
    device = meter(meeting)
    await device.measure("105", meal=1)
    async with await host_for(meeting, device) as host:
        await listening(host)
        await host.ask(POINT, "0101")
        assert host.heard[GLUCOSE][0].hex() == f"1a0100{STAMP}69b0110000"
        assert host.heard[CONTEXT][0].hex() == "02010001"


async def test_a_meter_counts_in_moles(meeting: Meeting) -> None:
    device = meter(meeting, replace(GENERIC_METER, in_moles=True))
    device.remember("5.8")
    async with await host_for(meeting, device) as host:
        await listening(host)
        await host.ask(POINT, "0101")
        assert host.heard[GLUCOSE][0].hex() == f"0e0100{STAMP}3ac0110000"


async def test_a_gl50evo_is_deaf_at_first(meeting: Meeting) -> None:
    device = meter(meeting, replace(GL50EVO, deaf_s=0.5))
    device.remember("105")
    async with await host_for(meeting, device) as host:
        await listening(host)
        await host.write(POINT, "0101")
        assert await is_quiet(host, POINT)


async def test_old_firmware_hears_the_second_request(meeting: Meeting) -> None:
    device = meter(meeting, replace(GENERIC_METER, hears_second_request_only=True))
    device.remember("105")
    async with await host_for(meeting, device) as host:
        await listening(host)
        await host.write(POINT, "0101")
        assert await is_quiet(host, POINT)
        assert await host.ask(POINT, "0101") == bytes.fromhex("06000101")


async def test_a_meter_that_was_reset_counts_anew(meeting: Meeting) -> None:
    device = meter(meeting)
    device.remember("142")
    device.reset()
    assert device.remember("105").sequence == 1


# ── oximeters ────────────────────────────────────────────────────────────────────────────────


async def test_an_oximeter_shows_progress_and_then_sends_its_spot_check(meeting: Meeting) -> None:
    device = oximeter(meeting)
    async with await host_for(meeting, device) as host:
        await host.subscribe(SPOT_CHECK, CONTINUOUS)
        await device.measure(97, 72)
        assert (await host.next_value(SPOT_CHECK)).hex() == f"0361004800{STAMP}8000"
        assert len(host.heard[CONTINUOUS]) == 10


async def test_a_stored_spot_check_says_so_and_an_unset_clock_too(meeting: Meeting) -> None:
    never_set = clock(started_at=datetime.fromisoformat("2020-01-01T00:00:00"))
    device = oximeter(meeting, clock=never_set)
    device.remember(97, 72)
    async with await host_for(meeting, device) as host:
        await host.subscribe(SPOT_CHECK, POINT)
        await host.ask(POINT, "0101")
        assert host.heard[SPOT_CHECK][0].hex() == "1361004800e40701010000008002"


async def test_a_po60_answers_as_its_maker_prints_it(meeting: Meeting) -> None:
    device = po60(meeting)
    for _ in range(8):
        device.remember(96, 110)
    async with await host_for(meeting, device) as host:
        await host.subscribe(ANSWER)
        await tell(host, "8202")
        assert await host.next_value(ANSWER) == bytes.fromhex("f200070001070001")
        await tell(host, "8310041a0a2a1e520358")
        assert await host.next_value(ANSWER) == bytes.fromhex("f30073")
        await tell(host, "8909")
        assert (await host.next_value(ANSWER)).hex().startswith("f910041a0a2a1e")
        await tell(host, "900515")
        assert await host.next_value(ANSWER) == bytes.fromhex("e0050800080075")


async def test_a_po60_gives_ten_records_at_once_and_marks_the_last(meeting: Meeting) -> None:
    device = po60(meeting)
    for _ in range(11):
        device.remember(96, 150)
    async with await host_for(meeting, device) as host:
        await host.subscribe(ANSWER)
        await tell(host, "990019")
        await until(lambda: len(host.heard[ANSWER]) == 20)  # a record takes two notifications
        first = b"".join(host.heard[ANSWER][:2])
        assert (first[1], first[14], first[20:23].hex()) == (0, 0x38, "1a1316")
        host.heard[ANSWER].clear()
        await tell(host, "99011a")
        await until(lambda: len(host.heard[ANSWER]) == 2)
        assert host.heard[ANSWER][0][1] == 0x40


async def test_an_empty_po60_says_nothing_of_its_records_and_hangs_up(meeting: Meeting) -> None:
    device = po60(meeting, pace=replace(BRISK, link_timeout_s=0.3))
    async with await host_for(meeting, device) as host:
        await host.subscribe(ANSWER)
        await tell(host, "990019")
        await host.wait_ended()
        assert not host.heard[ANSWER]


async def test_a_po60_hears_nothing_with_a_wrong_checksum(meeting: Meeting) -> None:
    async with await host_for(meeting, po60(meeting)) as host:
        await host.subscribe(ANSWER)
        await tell(host, "8203")
        assert await is_quiet(host, ANSWER)


async def tell(host: Host, command: str) -> None:
    await host.client.write_gatt_char(COMMAND, bytes.fromhex(command), response=False)
