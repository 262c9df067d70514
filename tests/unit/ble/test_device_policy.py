"""What an administrator may switch on; by default nothing is written to a device but its protocol.

Every write of a session with a virtual device is compared with the list of what its driver needs.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from ble_time import run
from omron_bench import ADDRESS, Bench, Told, bench, clock, minutes, now

from ohx_desktop.ble.assigned_numbers import (
    CURRENT_TIME,
    RECORD_ACCESS_CONTROL_POINT,
    USER_CONTROL_POINT,
)
from ohx_desktop.ble.omron.memory_map import MemoryMap
from ohx_desktop.ble.omron.model_table import MAPS
from ohx_desktop.ble.policy import NOTHING_SWITCHED_ON, DevicePolicy
from ohx_desktop.domain.device import ClockTrust
from ohx_desktop.domain.errors import ConfigurationError, DeviceNotSet
from ohx_desktop.domain.flags import Flag
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.extension_profiles import BP7900, HBF_222T
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.omron_eeprom import OmronEepromCuff
from ohx_desktop.virtual.omron_extension import ExtensionDevice
from ohx_desktop.virtual.omron_models import (
    HEM_6232T,
    HEM_7142T2,
    HEM_7155T,
    HEM_7322T,
    HEM_7380T1,
    EepromProfile,
)
from ohx_desktop.virtual.omron_scale import OmronEepromScale
from ohx_desktop.virtual.omron_uuids import TX, UNLOCK
from ohx_desktop.virtual.profiles import (
    BEURER_BM54,
    OMRON_BP7255,
    OMRON_HEM_7155T,
    CuffProfile,
    Pace,
)

KEY = bytes(range(16))
CODE = 3752
NEW = (128, 82, 71)
DAY = minutes(60 * 24)


def policy(**switched: Any) -> DevicePolicy:
    nothing: dict[str, tuple[str, ...]] = {
        "set_clock": (),
        "clear_unread": (),
        "allow_unconfirmed": (),
    }
    return DevicePolicy.of(**{**nothing, **switched})


def eeprom(profile: EepromProfile, **options: Any) -> OmronEepromCuff:
    cuff = OmronEepromCuff(profile, address=ADDRESS, **{"clock": clock(), "key": KEY, **options})
    cuff.remember(141, 93, 80, ago=DAY)
    cuff.remember(133, 86, 74, ago=minutes(90))
    return cuff


def plain(profile: CuffProfile, **options: Any) -> Cuff:
    cuff = Cuff(profile, address=ADDRESS, **{"clock": clock(), "passkey": 314159, **options})
    cuff.remember(141, 93, 80, ago=DAY)
    return cuff


def extension(profile: Any, **options: Any) -> ExtensionDevice:
    device = ExtensionDevice(profile, address=ADDRESS, **{"clock": clock(), **options})
    device.users.register(CODE)
    return device


async def measured(at: Bench, *new: Any) -> Told:
    """Measure once the person was called, and read the device."""
    began = now()
    await (at.device.weigh("79.95") if isinstance(at.device, OmronEepromScale)
           else at.device.measure(*(new or NEW)))  # fmt: skip
    return await at.session_since(began)


def told_by(device: Any, given: DevicePolicy = NOTHING_SWITCHED_ON, kept: str = "") -> Told:
    async def play() -> Told:
        async with bench(device, policy=given) as at:
            await at.secrets.set(ADDRESS, kept)
            is_scale = getattr(device, "profile", None) is HBF_222T
            return await measured(at, *((Decimal("79.95"),) if is_scale else NEW))

    return run(play())


def frame_types(device: Any) -> set[str]:
    """Return the types of all frames that were written to the memory's channels."""
    return {value[1:3].hex() for uuid, value in device.peripheral.written if uuid == TX[0]}


# ── by default ───────────────────────────────────────────────────────────────────────────────

READ_ONLY = {"0000", "0100", "0f00"}


@pytest.mark.parametrize(
    ("profile", "unlocks"),
    [
        (HEM_7322T, {"01"}),
        (HEM_6232T, {"01"}),
        (HEM_7155T, {"01"}),
        (HEM_7142T2, {"11"}),
        (HEM_7380T1, {"11"}),
    ],
)
@pytest.mark.parametrize("offset", [timedelta(), -minutes(60)])
def test_nothing_is_written_to_a_cuff_s_memory_by_default(
    profile: EepromProfile, unlocks: set[str], offset: timedelta
) -> None:
    device = eeprom(profile, clock=clock(offset=offset))
    told = told_by(device, kept=KEY.hex())
    assert (told.errors, len(told.new)) == ([], 1)
    assert frame_types(device) == READ_ONLY
    assert {v[:1].hex() for u, v in device.peripheral.written if u == UNLOCK} == unlocks
    assert {u for u, _ in device.peripheral.written} <= {UNLOCK, *TX}
    assert device.memory.unread[1][1] == 3


def test_nothing_is_written_to_a_scale_s_memory_by_default() -> None:
    device = OmronEepromScale(address=ADDRESS, clock=clock(offset=-minutes(60)))
    device.remember_weight("80.6", ago=DAY)
    told = told_by(device)
    assert (told.errors, told.new, told.stored) == ([], [("79.95",)], 1)
    assert frame_types(device) == READ_ONLY
    assert {u for u, _ in device.peripheral.written} == {UNLOCK, TX[0]}


@pytest.mark.parametrize(
    ("profile", "kept", "consent"),
    [(BP7900, "", []), (HBF_222T, f"1:{CODE}", [(USER_CONTROL_POINT, "0201a80e")])],
)
def test_only_requests_for_records_are_written_to_a_device_with_numbers(
    profile: Any, kept: str, consent: list[tuple[str, str]]
) -> None:
    device = extension(profile, clock=clock(offset=-minutes(60)))
    told = told_by(device, kept=kept)
    assert (told.errors, len(told.new)) == ([], 1)
    asked = [(RECORD_ACCESS_CONTROL_POINT, request) for request in ("0401", "0101", "1000")]
    assert [(u, v.hex()) for u, v in device.peripheral.written] == consent + asked


@pytest.mark.parametrize(
    ("profile", "written"),
    [(OMRON_HEM_7155T, []), (OMRON_BP7255, [(TX[0], bytes(20))]), (BEURER_BM54, [])],
)
def test_nothing_is_written_to_a_plain_cuff_by_default(profile: CuffProfile, written: Any) -> None:
    device = plain(profile, clock=clock(offset=-minutes(3)), pace=Pace(quiet_s=20.0))
    assert len(told_by(device).new) == 1
    assert list(device.peripheral.written) == written


# ── the clock ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("profile", [HEM_7322T, HEM_6232T, HEM_7155T, HEM_7142T2])
def test_a_clock_is_set_after_the_records_are_in_and_read_back(profile: EepromProfile) -> None:
    device = eeprom(profile, clock=clock(offset=-minutes(60)))
    told = told_by(device, policy(set_clock=[profile.model]), KEY.hex())
    assert told.errors == []
    (reading,) = (one for one in told.readings if not one.stored)
    assert reading.clock.trust is ClockTrust.CORRECTED
    assert told.stored == 2
    assert abs(device.clock._offset) < timedelta(seconds=3)
    assert device.memory.unread[1][1] == 3, "setting the clock cleared the counters"
    assert frame_types(device) == READ_ONLY | {"01c0"}


def test_a_clock_that_is_right_is_left_alone() -> None:
    device = eeprom(HEM_7142T2, clock=clock(offset=timedelta(seconds=30)))
    assert told_by(device, policy(set_clock=["HEM-7142T2"])).errors == []
    assert frame_types(device) == READ_ONLY


def test_a_clock_of_another_model_is_left_alone() -> None:
    device = eeprom(HEM_7142T2, clock=clock(offset=-minutes(60)))
    assert told_by(device, policy(set_clock=["HEM-7155T", "HEM-6232T"])).errors == []
    assert frame_types(device) == READ_ONLY


def test_a_clock_is_never_set_back_behind_a_record_which_would_then_look_new() -> None:
    async def play() -> None:
        device = eeprom(HEM_7142T2, clock=clock(offset=minutes(30)))
        async with bench(device, policy=policy(set_clock=["HEM-7142T2"])) as at:
            told = await measured(at)
            assert (told.errors, len(told.new)) == ([], 1)
            assert frame_types(device) == READ_ONLY
            at.restart()
            device.press_bluetooth_button()
            later = await at.session_since(now() + minutes(29))
            assert later.new == []

    run(play())


@pytest.mark.parametrize("profile", [HEM_7322T, HEM_7142T2])
def test_a_clock_that_the_device_does_not_take_is_told_by_name(profile: EepromProfile) -> None:
    faults = Faults(ignored_writes=True)
    device = eeprom(profile, clock=clock(offset=-minutes(60)), faults=faults)
    told = told_by(device, policy(set_clock=[profile.model]), KEY.hex())
    assert told.errors == [DeviceNotSet]
    assert len(told.new) == 1


def test_a_clock_that_was_never_set_is_told_and_not_copied_back() -> None:
    device = eeprom(HEM_7155T, clock=clock(started_at=datetime(2022, 1, 1)))
    told = told_by(device, policy(set_clock=["HEM-7155T"]), KEY.hex())
    assert told.errors == [DeviceNotSet]
    assert [one.needs_display_check for one in told.readings if not one.stored] == [True]
    assert frame_types(device) == READ_ONLY


def test_the_clock_of_a_plain_cuff_is_set_once_its_records_are_in() -> None:
    slow = Pace(quiet_s=20.0)
    device = plain(OMRON_HEM_7155T, clock=clock(offset=-minutes(60)), pace=slow)
    told = told_by(device, policy(set_clock=["HEM-7155T"]))
    assert (told.errors, len(told.new), told.stored) == ([], 1, 1)
    ((uuid, value),) = device.peripheral.written
    assert (uuid, value[-1]) == (CURRENT_TIME, 1)
    assert abs(device.clock._offset) < timedelta(seconds=3)


@pytest.mark.parametrize(
    ("profile", "faults"),
    [
        (OMRON_HEM_7155T, Faults(ignored_writes=True)),
        (replace(OMRON_HEM_7155T, accepts_time=False), Faults()),
    ],
)
def test_a_plain_cuff_that_does_not_take_the_time_is_told_by_name(
    profile: CuffProfile, faults: Faults
) -> None:
    wrong, slow = clock(offset=-minutes(60)), Pace(quiet_s=20.0)
    told = told_by(
        plain(profile, clock=wrong, pace=slow, faults=faults), policy(set_clock=["HEM-7155T"])
    )
    assert (told.errors, len(told.new)) == ([DeviceNotSet], 1)


def test_the_clock_of_a_scale_with_numbers_is_set_where_that_is_wanted() -> None:
    model = replace(HBF_222T, model="SC-150")
    device = extension(model, clock=clock(offset=-minutes(60)))

    async def play() -> Told:
        async with bench(device, policy=policy(set_clock=["SC-150"])) as at:
            await at.secrets.set(ADDRESS, f"1:{CODE}")
            return await measured(at, Decimal("79.95"))

    told = run(play())
    assert (told.errors, told.new) == ([], [("79.95",)])
    assert abs(device.clock._offset) < timedelta(seconds=3)


# ── unread counters ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("profile", [HEM_7322T, HEM_6232T, HEM_7155T, HEM_7142T2])
def test_unread_counters_are_cleared_where_that_is_wanted_and_nothing_else(
    profile: EepromProfile,
) -> None:
    async def play() -> None:
        device = eeprom(profile, clock=clock(offset=-minutes(60)))
        async with bench(device, policy=policy(clear_unread=[profile.model])) as at:
            await at.secrets.set(ADDRESS, KEY.hex())
            told = await measured(at)
            assert (told.errors, len(told.new), told.stored) == ([], 1, 2)
            assert device.memory.unread[1][1] == 0
            assert abs(device.clock._offset + minutes(60)) < timedelta(seconds=1)
            at.restart()
            await asyncio.sleep(60.0)
            device.press_bluetooth_button()
            assert (await at.session()).stored == 3, "the records are still there"

    run(play())


def test_counters_that_the_device_does_not_clear_are_told_by_name() -> None:
    device = eeprom(HEM_7142T2, faults=Faults(ignored_writes=True))
    told = told_by(device, policy(clear_unread=["HEM-7142T2"]))
    assert (told.errors, len(told.new)) == ([DeviceNotSet], 1)


# ── models that nobody has shown to be read rightly ──────────────────────────────────────────

UNPROVEN = replace(
    HEM_7380T1, model="HEM-7196T1-FLE", model_id=None, users=(0x01C4, 0x0584), slots=60
)


def test_an_unproven_model_is_read_only_where_that_is_allowed_and_always_compared() -> None:
    async def play(given: DevicePolicy) -> list[Any]:
        device = eeprom(UNPROVEN)
        async with bench(device, policy=given) as at:
            device.press_bluetooth_button()
            found = await at.ear.discover(3.0)
            if not found:
                return []
            return (await measured(at)).readings

    assert run(play(NOTHING_SWITCHED_ON)) == []
    assert run(play(policy(allow_unconfirmed=["HEM-7194T1"]))) != []
    assert run(play(policy(allow_unconfirmed=["HEM-7191T1"]))) == []
    readings = run(play(policy(allow_unconfirmed=["HEM-7196T1-FLE"])))
    (new,) = (one for one in readings if not one.stored)
    assert new.clock.trust is ClockTrust.DEVICE
    assert new.needs_display_check
    assert all(Flag.UNPROVEN_MODEL in one.flags for one in readings)
    assert not any(one.needs_display_check for one in readings if one.stored)


def test_nothing_is_written_to_an_unproven_model() -> None:
    with pytest.raises(ConfigurationError, match="nothing to switch on"):
        policy(set_clock=["HEM-7196T1"])
    device = eeprom(UNPROVEN, clock=clock(offset=-minutes(60)))
    told = told_by(device, policy(allow_unconfirmed=["HEM-7196T1"]))
    assert len(told.new) == 1
    assert frame_types(device) == READ_ONLY


@pytest.mark.parametrize(
    "switched",
    [
        {"clear_unread": ["HEM-7380T1"]},
        {"clear_unread": ["BM54"]},
        {"allow_unconfirmed": ["HEM-7322T"]},  # proven: nothing to allow
        {"allow_unconfirmed": ["HBF-222T"]},  # sources contradict each other
        {"allow_unconfirmed": ["XYZ"]},
        {"set_clock": ["HEM-7530T"]},
    ],
)
def test_a_name_for_which_there_is_nothing_to_switch_on_is_refused(switched: Any) -> None:
    with pytest.raises(ConfigurationError, match="devices"):
        policy(**switched)


@pytest.mark.parametrize("memory", MAPS, ids=lambda memory: memory.model)
def test_every_map_is_proven_or_refused_unless_it_is_allowed(memory: MemoryMap) -> None:
    assert NOTHING_SWITCHED_ON.allows(memory) is memory.is_proven
    if not memory.is_proven and not memory.is_disputed:
        assert policy(allow_unconfirmed=[memory.model]).allows(memory)
    if memory.is_writable:
        given = policy(set_clock=[memory.model], clear_unread=[memory.model])
        assert given.sets_clock(memory.model)
        assert given.clears_unread(memory)
