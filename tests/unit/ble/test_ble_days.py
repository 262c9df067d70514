"""Listening for hours and days: several devices, sleeping computers, scales that take long."""

import asyncio
import gc
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from ble_time import VirtualNow, elapsed_s, run
from days import CUFF_A, CUFF_B, CUFF_C, QUICK, SCALE, START, Workstation, new, readings, stored
from hypothesis import given, settings
from hypothesis import strategies as st

from ohx_desktop.ble.events import CaptureEvent, LinkState, SessionFailed, StateChanged
from ohx_desktop.ble.farewells import PART_S
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.memory import CuffClock
from ohx_desktop.virtual.pairing import PairingMethod
from ohx_desktop.virtual.profiles import GENERIC_CUFF, OMRON_HEM_7155T, OMRON_HEM_7322T
from ohx_desktop.virtual.scale import Scale
from ohx_desktop.virtual.scale_profiles import BF720

SILENT = replace(QUICK, link_timeout_s=3600.0)
KEPT = ("Conversation", "BleakLink", "BleakScan", "_Session", "_Standing", "Task", "Future")


def objects() -> Counter[str]:
    gc.collect()
    return Counter(
        name for thing in gc.get_objects() if (name := type(thing).__qualname__).endswith(KEPT)
    )


def test_a_day_with_five_hundred_measurements_misses_none_and_grows_nothing() -> None:
    async def day() -> None:
        station = Workstation()
        cuffs = [station.cuff(OMRON_HEM_7322T, CUFF_A), station.cuff(GENERIC_CUFF, CUFF_B)]
        async with station.patient() as told:
            for n in range(500):
                values = (100 + n % 100, 60 + n % 30, 50 + n // 100)
                if n % 5 == 0:  # both at once
                    await asyncio.gather(*(cuff.measure(*values) for cuff in cuffs))
                else:
                    await cuffs[n % 2].measure(*values)
                if n == 100:
                    await asyncio.sleep(60.0)
                    before = objects()
                await asyncio.sleep(170.0)
            assert elapsed_s() > 86_400
            # Each cuff sends its whole memory again: what was met is not told twice.
            assert len(new(told)) == len(readings(told)) == 600
            assert not [event for event in told if isinstance(event, SessionFailed)]
            told.clear()
            grown = {kind: count for kind, count in (objects() - before).items() if count > 3}
            assert not grown
        await station.leave()

    run(day())


def test_a_silent_cuff_does_not_hold_up_another_one() -> None:
    async def hour() -> None:
        station = Workstation()
        silent = station.cuff(GENERIC_CUFF, CUFF_A, pace=SILENT, faults=Faults(silent=True))
        other = station.cuff(OMRON_HEM_7322T, CUFF_B)
        async with station.patient() as told:
            await silent.measure(140, 90, 80)
            await asyncio.sleep(1.0)
            assert silent.peripheral.connection is not None
            await other.measure(121, 81, 71)
            await asyncio.sleep(5.0)
            assert new(told) == ["121"]
            assert silent.peripheral.connection is not None
        await station.leave()

    run(hour())


# ── whose reading it is ──────────────────────────────────────────────────────────────────────

WAYS = st.sampled_from(
    [
        Faults(),
        Faults(silent=True, connections=1),
        Faults(refuse_connections=2),
        Faults(connect_delay_s=7.0),
        Faults(lose_link_mid_transfer=True, connections=1),
        Faults(lose_link_after_operations=3, connections=2),
        Faults(indication_interval_s=2.0),
        Faults(duplicated_indication=0),
    ]
)
MOMENTS = st.lists(st.floats(0.0, 20.0), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(WAYS, MOMENTS), min_size=3, max_size=3))
def test_interleaved_sessions_never_deliver_a_record_as_another_devices(
    devices: list[tuple[Faults, list[float]]],
) -> None:
    """The hundreds of the systolic pressure say which cuff measured it."""

    async def measure(cuff: Cuff, base: int, moments: list[float]) -> None:
        for n, moment_s in enumerate(moments):
            await asyncio.sleep(moment_s)
            await cuff.measure(base + n, 80, 70)

    async def room() -> list[CaptureEvent]:
        station = Workstation()
        profiles = (OMRON_HEM_7322T, GENERIC_CUFF, OMRON_HEM_7155T)
        cuffs = [
            station.cuff(profile, address, faults=faults)
            for profile, address, (faults, _) in zip(
                profiles, (CUFF_A, CUFF_B, CUFF_C), devices, strict=True
            )
        ]
        async with station.patient() as told:
            await asyncio.gather(
                *(
                    measure(cuff, 100 + 50 * k, moments)
                    for k, (cuff, (_, moments)) in enumerate(zip(cuffs, devices, strict=True))
                )
            )
            await asyncio.sleep(240.0)
            for cuff in cuffs:  # whatever went wrong, a press of the button brings the rest
                cuff.press_bluetooth_button()
            await asyncio.sleep(120.0)
        await station.leave()
        return told

    told = run(room())
    met = {}
    for reading in readings(told):
        assert reading.device is not None
        met[int(reading.quantities[0].value)] = (reading.device.address, reading.device.serial)
    expected = {
        100 + 50 * k + n: (address, f"S-{address[-1]}")
        for k, (address, (_, moments)) in enumerate(
            zip((CUFF_A, CUFF_B, CUFF_C), devices, strict=True)
        )
        for n in range(len(moments))
    }
    assert met == expected
    assert sorted(new(told)) == sorted(str(value) for value in expected)


# ── a computer that slept ────────────────────────────────────────────────────────────────────


def test_what_was_measured_while_the_computer_slept_is_nobodys() -> None:
    async def night() -> None:
        station = Workstation()
        cuff = station.cuff(OMRON_HEM_7155T, CUFF_A)
        async with station.patient() as told:
            await asyncio.sleep(60.0)
            station.sleep(timedelta(hours=14))
            cuff.remember(150, 95, 88, ago=timedelta(hours=3))  # by somebody else, in the night
            cuff.press_bluetooth_button()
            await asyncio.sleep(30.0)
            assert (new(told), stored(told)) == ([], ["150"])
            await cuff.measure(121, 81, 71)
            await asyncio.sleep(30.0)
            assert new(told) == ["121"]
        await station.leave()

    run(night())


def test_a_session_that_a_sleep_cut_through_is_over_and_its_device_read_anew() -> None:
    async def nap() -> None:
        station = Workstation()
        cuff = station.cuff(
            GENERIC_CUFF, CUFF_A, pace=SILENT, faults=Faults(silent=True, connections=1)
        )
        async with station.patient() as told:
            cuff.press_bluetooth_button()
            await asyncio.sleep(3.0)
            assert cuff.peripheral.connection is not None
            station.sleep(timedelta(minutes=20))
            await asyncio.sleep(6.0)
            assert StateChanged(state=LinkState.ENDED, address=CUFF_A, name="Virtual BP") in told
            await cuff.measure(121, 81, 71)
            await asyncio.sleep(20.0)
            assert new(told) == ["121"]
        await station.leave()

    run(nap())


def test_what_a_session_receives_on_waking_before_anybody_noticed_is_kept_out() -> None:
    async def wake() -> None:
        station = Workstation()
        cuff = station.cuff(GENERIC_CUFF, CUFF_A, pace=replace(QUICK, quiet_s=60.0))
        async with station.patient() as told:
            cuff.press_bluetooth_button()
            await asyncio.sleep(2.0)
            assert cuff.peripheral.connection is not None
            station.sleep(timedelta(minutes=20))
            cuff.remember(150, 95, 88)  # sent at once, over the link that still stands
            await asyncio.sleep(0.5)
            assert (new(told), stored(told)) == ([], ["150"])
            await asyncio.sleep(30.0)
            assert new(told) == []
        await station.leave()

    run(wake())


def test_a_clock_that_is_put_back_makes_nothing_new() -> None:
    async def put_back() -> None:
        station = Workstation()
        cuff = station.cuff(OMRON_HEM_7155T, CUFF_A, now=VirtualNow(START))
        cuff.remember(150, 95, 88, ago=timedelta(minutes=30))
        async with station.patient() as told:
            station.sleep(timedelta(hours=-1))
            cuff.press_bluetooth_button()
            await asyncio.sleep(30.0)
            assert (new(told), stored(told)) == ([], ["150"])
        await station.leave()

    run(put_back())


# ── a scale that must be told goodbye ────────────────────────────────────────────────────────


async def scale_of(station: Workstation, *, measuring_s: float = 12.0) -> Scale:
    profile = replace(BF720, pairing_method=PairingMethod.JUST_WORKS)
    pace = replace(QUICK, measuring_s=measuring_s, advertising_s=120.0)
    scale = station.carry_in(
        Scale(profile, address=SCALE, clock=CuffClock(now=station.now), pace=pace)
    )
    user = scale.users.register(3752)
    await station.secrets.set(SCALE, f"{user}:3752")
    return scale


async def listened_to(scale: Scale) -> None:
    async with asyncio.timeout(60.0):
        while not (scale.is_listened_to and scale._is_taking):
            await asyncio.sleep(0.1)


def test_leaving_a_scale_does_not_keep_the_window_and_no_weight_reaches_the_next() -> None:
    async def two_patients() -> None:
        station = Workstation()
        scale = await scale_of(station)
        async with station.patient():
            scale.step_on()
            await listened_to(scale)
            weighing = asyncio.create_task(scale.weigh("80.0"))
            await asyncio.sleep(2.0)
            left_s = elapsed_s()
        assert elapsed_s() - left_s <= PART_S + 0.5
        assert scale.peripheral.connection is not None, "the goodbye goes on"
        async with station.patient() as omar:
            await weighing
            await asyncio.sleep(60.0)  # the goodbye ends, and the scale is talked to again
            assert scale.users.active is None or scale.is_listened_to
            assert new(omar) == []
            scale.step_on()
            await listened_to(scale)
            await scale.weigh("64.5")
            await asyncio.sleep(5.0)
            assert new(omar) == ["64.50"]
        await station.listener.close(60.0)
        assert scale.users.active is None
        await station.leave()

    run(two_patients())


def test_what_a_scale_weighed_during_a_goodbye_is_not_the_next_ones_though_it_broke() -> None:
    async def broken() -> None:
        station = Workstation()
        scale = await scale_of(station)
        async with station.patient():
            scale.step_on()
            await listened_to(scale)
        async with station.patient() as omar:
            await asyncio.sleep(1.0)
            assert scale.peripheral.connection is not None, "the goodbye goes on"
            scale.peripheral.connection.faults = Faults(silent=True)
            scale.remember("80.0", user=1)  # timed after the next patient was called
            await asyncio.sleep(6.0)
            station.room.remove(scale)
            await asyncio.sleep(30.0)
            station.room.add(scale)
            scale.step_on()
            await asyncio.sleep(220.0)  # nobody steps on, so the session ends by itself
            assert (new(omar), stored(omar)) == ([], ["80.00"])
        await station.leave()

    run(broken())


@pytest.mark.parametrize("within_s", [0.5, 5.0])
def test_the_program_ends_in_time_whatever_a_scale_still_wants(within_s: float) -> None:
    async def close() -> None:
        station = Workstation()
        scale = await scale_of(station, measuring_s=600.0)
        async with station.patient():
            scale.step_on()
            await listened_to(scale)
            weighing = asyncio.create_task(scale.weigh("80.0"))
            await asyncio.sleep(1.0)
        began_s = elapsed_s()
        await station.listener.close(within_s)
        assert elapsed_s() - began_s <= within_s + 0.5
        assert scale.peripheral.connection is None
        weighing.cancel()
        await asyncio.wait({weighing})
        await station.leave()

    run(close())
