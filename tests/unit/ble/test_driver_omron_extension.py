"""Omron's numbered records: what is told as new, whatever breaks, and what is never written."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from ble_time import run
from omron_bench import ADDRESS, Bench, Told, bench, clock, minutes, now

from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import (
    ConnectionLost,
    DeviceError,
    DeviceSilent,
    MeasurementFailed,
    OhxError,
    PairingRefused,
    Truncated,
)
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.virtual.extension_profiles import BP7900, HBF_222T, ExtensionProfile
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.omron_extension import ExtensionDevice

PRESSURE, WEIGHT = (128, 82, 71), (Decimal("79.95"),)
NEW_PRESSURE = ("128", "82", "97", "71")
CODE = 3752


def cuff(**options: Any) -> ExtensionDevice:
    device = ExtensionDevice(BP7900, address=ADDRESS, **{"clock": clock(), **options})
    device.remember(141, 93, 80, ago=minutes(60 * 24))
    device.remember(133, 86, 74, ago=minutes(60))
    return device


def scale(profile: ExtensionProfile = HBF_222T, **options: Any) -> ExtensionDevice:
    device = ExtensionDevice(profile, address=ADDRESS, **{"clock": clock(), **options})
    assert device.users.register(CODE) == 1
    device.remember(Decimal("80.6"), ago=minutes(60 * 24))
    device.remember(Decimal("80.1"), ago=minutes(60))
    device.remember(Decimal("71.5"), user=2, ago=minutes(30))
    return device


async def measured_once(at: Bench, *new: Any, **fields: Any) -> Told:
    began = now()
    await at.device.measure(*new, **fields)
    return await at.session_since(began)


def told_by(device: ExtensionDevice, *new: Any, user: int = 1, kept: str = "") -> Told:
    async def play() -> Told:
        async with bench(device) as at:
            await at.secrets.set(ADDRESS, kept)
            return await measured_once(at, *new, user=user)

    return run(play())


def test_of_a_cuff_exactly_the_new_record_is_new() -> None:
    device = cuff()
    told = told_by(device, *PRESSURE)
    assert told.errors == []
    assert told.new == [NEW_PRESSURE]
    assert told.stored == 2
    (reading,) = (one for one in told.readings if not one.stored)
    assert (reading.sequence, reading.user_slot) == (3, 1)
    assert reading.clock.trust is ClockTrust.DEVICE
    assert [request.hex() for request in device.requests] == ["0401", "0101", "1000"]
    assert len(device.records) == 3


def test_of_a_scale_exactly_the_new_weight_of_our_user_is_new_and_nothing_of_its_profile() -> None:
    device = scale()
    told = told_by(device, *WEIGHT, kept=f"1:{CODE}")
    assert told.errors == []
    assert told.new == [("79.95",)]
    assert told.stored == 2
    assert {q.kind for one in told.readings for q in one.quantities} == {QuantityKind.BODY_WEIGHT}
    assert [request.hex() for request in device.requests] == ["0201a80e", "0401", "0101", "1000"]


def test_without_a_user_of_ours_the_guest_is_asked_for() -> None:
    device = scale()
    told = told_by(device, *WEIGHT, user=0xFF)
    assert (told.errors, told.new, told.stored) == ([], [("79.95",)], 0)
    assert device.requests[0].hex() == "02ff0000"


def test_a_scale_is_enrolled_once_and_then_read_as_our_user() -> None:
    async def play() -> None:
        device = ExtensionDevice(HBF_222T, address=ADDRESS, clock=clock())
        async with bench(device, is_bonded=False) as at:
            device.press_button()
            _, driver = await at.ear.identify(ADDRESS, deadline_s=5.0)
            assert driver == "omron-extension"
            kept = await at.secrets.get(ADDRESS)
            assert kept is not None
            assert kept.startswith("1:")
            device.press_button()
            await at.ear.identify(ADDRESS, deadline_s=5.0)
            assert await at.secrets.get(ADDRESS) == kept
            assert device.users.indexes == (1,)
            assert (await measured_once(at, *WEIGHT)).new == [("79.95",)]

    run(play())


def test_a_scale_without_a_free_user_says_so_and_none_is_taken_from_anybody() -> None:
    async def play() -> None:
        device = ExtensionDevice(replace(HBF_222T, slots=1), address=ADDRESS, clock=clock())
        device.users.register(CODE)
        async with bench(device) as at:
            device.press_button()
            with pytest.raises(DeviceError, match="free user"):
                await at.ear.identify(ADDRESS, deadline_s=5.0)
            assert device.users[1].consent_code == CODE

    run(play())


def test_a_user_that_the_scale_no_longer_knows_is_told() -> None:
    told = told_by(scale(), *WEIGHT, kept="1:1")
    assert told.errors == [PairingRefused]
    assert told.readings == []


def test_a_scale_that_is_busy_longer_than_usual_is_asked_again() -> None:
    slow = replace(HBF_222T, busy_s=7.0, subscribing_s=0.0)
    assert told_by(scale(slow), *WEIGHT, kept=f"1:{CODE}").new == [("79.95",)]
    too_slow = replace(HBF_222T, busy_s=30.0)
    assert told_by(scale(too_slow), *WEIGHT, kept=f"1:{CODE}").errors == [DeviceError]


FAULTS: list[tuple[Faults, type[OhxError]]] = [
    (Faults(record_response=2), DeviceError),
    (Faults(lost_indications=(7,)), Truncated),
    (Faults(truncated_indication=7), Truncated),
    (Faults(lost_indications=(6, 7)), DeviceError),  # the whole new record: fewer than counted
    (Faults(failed_measurement=True), MeasurementFailed),
    (Faults(silent=True), DeviceSilent),
    (Faults(lose_link_after_indications=5), ConnectionLost),
    (Faults(lose_link_after_indications=7), ConnectionLost),
]


@pytest.mark.parametrize(("faults", "error"), FAULTS)
def test_of_a_scale_what_goes_wrong_is_told_and_no_other_record_takes_its_place(
    faults: Faults, error: type[OhxError]
) -> None:
    told = told_by(scale(faults=faults), *WEIGHT, kept=f"1:{CODE}")
    assert told.new == []
    assert error in told.errors


@pytest.mark.parametrize("at", range(6))
def test_a_broken_transfer_comes_again_whole(at: int) -> None:
    async def play() -> None:
        device = scale(faults=Faults(lose_link_after_indications=at, connections=1))
        async with bench(device) as place:
            await place.secrets.set(ADDRESS, f"1:{CODE}")
            began = now()
            await device.measure(*WEIGHT)
            new: list[Any] = []
            events = place.ear.listen(session_began=began, wanted=lambda _, __: True)
            async with asyncio.timeout(120.0), aclosing(events):
                async for event in events:
                    reading = getattr(event, "reading", None)
                    new += [] if reading is None or reading.stored else [reading]
                    if new and getattr(event, "state", None) == "ended":
                        break
            assert len(new) == 1

    run(play())


def test_a_cuff_that_sends_unasked_and_refuses_requests_still_gives_what_is_certain() -> None:
    told = told_by(cuff(faults=Faults(record_response=2)), *PRESSURE)
    assert (told.errors, told.new) == ([DeviceError], [NEW_PRESSURE])


# ── clocks ───────────────────────────────────────────────────────────────────────────────────


def test_a_clock_that_was_never_set_is_measured_and_its_times_corrected() -> None:
    unset = clock(started_at=HBF_222T.factory_time)
    told = told_by(scale(clock=unset), *WEIGHT, kept=f"1:{CODE}")
    (reading,) = (one for one in told.readings if not one.stored)
    assert reading.clock.trust is ClockTrust.CORRECTED
    assert told.stored == 2


@pytest.mark.parametrize("is_measured", [True, False])
def test_where_no_clock_can_be_read_the_newest_number_is_worth_a_look(is_measured: bool) -> None:
    async def play() -> None:
        unset = clock(started_at=BP7900.factory_time)
        closed = Faults(att_errors={"00002a2b-0000-1000-8000-00805f9b34fb": 0x80})
        device = cuff(clock=unset, faults=closed)
        async with bench(device) as at:
            device.press_button()
            first = await at.session()
            assert [one.needs_display_check for one in first.readings if not one.stored] == [True]
            if is_measured:
                second = await measured_once(at, *PRESSURE)
                assert second.new == [NEW_PRESSURE]
                assert [one.needs_display_check for one in second.readings].count(True) == 1
            else:
                device.press_button()
                assert (await at.session()).new == []

    run(play())


def test_no_reading_is_new_to_two_people() -> None:
    async def play() -> None:
        device = scale()
        async with bench(device) as at:
            await at.secrets.set(ADDRESS, f"1:{CODE}")
            assert (await measured_once(at, *WEIGHT)).new == [("79.95",)]
            device.press_button()
            again = await at.session()
            assert (again.new, again.stored) == ([], 3)
            at.restart()
            device.press_button()
            assert (await at.session()).new == []

    run(play())


def test_nothing_is_switched_on_by_itself() -> None:
    assert not NOTHING_SWITCHED_ON.sets_clock("HBF-222T", "HEM-7155T", None)
