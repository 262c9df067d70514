"""Every family, enrolled and read through a real bluetoothd: the values exactly, and no others."""

import pytest
from computer import Computer
from meeting_bluez import errors, new, readings, scene, stored

from ohx_desktop.virtual.scenarios import ADDRESS

PRESSURES = ("128", "82", "71")
WEIGHT = ("79.95",)


async def test_a_scan_hears_a_device_with_all_it_says(computer: Computer) -> None:
    async with scene(computer, "omron-unpaired") as heard:
        heard.actor.wake()
        found = await heard.listener.discover(6.0)
    ((advertisement, recognised),) = found
    assert advertisement.address == ADDRESS
    assert advertisement.name is not None
    assert advertisement.name.lower().startswith("blesmart_")
    assert recognised is not None
    assert recognised.model == "HEM-7155T"


async def test_a_just_works_cuff_is_enrolled_and_read(computer: Computer) -> None:
    async with scene(computer, "omron-unpaired") as cuff:
        identity, driver = await cuff.enrol()
        assert (identity.model, driver) == ("HEM-7155T", "blood-pressure")
        assert await computer.device(ADDRESS, "Bonded")
        events = await cuff.session()
    assert errors(events) == []
    assert new(events) == [PRESSURES]
    assert stored(events) == 3
    assert cuff.asked == 0


async def test_a_passkey_cuff_is_enrolled_by_the_number_it_shows(computer: Computer) -> None:
    async with scene(computer, "beurer-unpaired") as cuff:
        identity, _ = await cuff.enrol()
        assert identity.model == "BM54"
        assert cuff.asked == 1
        events = await cuff.session()
    assert errors(events) == []
    assert new(events) == [PRESSURES]


async def test_an_omron_cuff_by_its_memory_is_enrolled_and_read(computer: Computer) -> None:
    async with scene(computer, "omron-eeprom-unpaired") as cuff:
        identity, driver = await cuff.enrol()
        assert (identity.model, driver) == ("HEM-7155T", "omron-eeprom")
        events = await cuff.session()
    assert errors(events) == []
    assert new(events) == [PRESSURES]
    assert stored(events) == 3


async def test_a_cuff_that_opens_by_its_bond_is_enrolled_and_read(computer: Computer) -> None:
    async with scene(computer, "omron-fe4a-unpaired") as cuff:
        await cuff.enrol()
        events = await cuff.session()
    assert errors(events) == []
    assert new(events) == [PRESSURES]


async def test_a_scale_is_enrolled_with_consent_and_weighs(computer: Computer) -> None:
    async with scene(computer, "scale-unpaired") as scale:
        identity, driver = await scale.enrol()
        assert (identity.model, driver) == ("BF720", "beurer-sig-scale")
        events = await scale.session()
    assert errors(events) == []
    assert new(events) == [WEIGHT]


@pytest.mark.thorough
async def test_a_cuff_without_bond_is_read(computer: Computer) -> None:
    async with scene(computer, "generic") as cuff:
        events = await cuff.session()
    assert errors(events) == []
    assert new(events) == [PRESSURES]


@pytest.mark.thorough
async def test_a_scale_with_frames_of_its_own_weighs(computer: Computer) -> None:
    async with scene(computer, "ffe0-scale") as scale:
        events = await scale.session()
    assert errors(events) == []
    assert new(events) == [WEIGHT]
    assert len(readings(events)) == 1
