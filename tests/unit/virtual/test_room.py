"""A room: who can be heard, whom this computer knows, and what its adapter does."""

import pytest

from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.gatt import AttError, AttributeTable, Characteristic, Property, Service
from ohx_desktop.virtual.profiles import BRISK, GENERIC_CUFF, PROFILES
from ohx_desktop.virtual.room import Adapter, VirtualRoom

ADDRESS = "00:5f:bf:12:34:56"


def cuff() -> Cuff:
    return Cuff(GENERIC_CUFF, address=ADDRESS, pace=BRISK)


async def test_a_device_is_found_by_its_address_in_any_case() -> None:
    room, device = VirtualRoom(), cuff()
    room.add(device)
    assert room.device(ADDRESS.upper()) is device.peripheral
    assert room.device("00:00:00:00:00:00") is None
    await room.close()


async def test_two_devices_cannot_share_an_address() -> None:
    room = VirtualRoom()
    room.add(cuff())
    with pytest.raises(ValueError, match="address"):
        room.add(cuff())
    await room.close()


async def test_a_device_out_of_range_is_not_heard_and_loses_its_link() -> None:
    room, device = VirtualRoom(), cuff()
    room.add(device)
    device.press_bluetooth_button()
    connection = await device.peripheral.connect(is_bonded=False)
    room.remove(device)
    is_audible = [device.peripheral.advertising is not None]
    room.add(device)
    is_audible.append(device.peripheral.advertising is not None)
    assert not connection.is_open
    assert is_audible == [False, True]
    await room.close()


async def test_listeners_hear_a_device_come_and_go_until_they_leave() -> None:
    room, device = VirtualRoom(), cuff()
    room.add(device)
    heard: list[bool] = []
    leave = room.listen(lambda peripheral: heard.append(peripheral.advertising is not None))
    device.press_bluetooth_button()
    device.peripheral.stop_advertising()
    leave()
    device.press_bluetooth_button()
    assert heard == [True, False]
    await room.close()


async def test_switching_the_adapter_off_breaks_every_link() -> None:
    room, device = VirtualRoom(), cuff()
    room.add(device)
    device.press_bluetooth_button()
    connection = await device.peripheral.connect(is_bonded=False)
    changes: list[Adapter] = []
    room.watch_adapter(lambda: changes.append(room.adapter))
    room.adapter = Adapter.OFF
    assert not connection.is_open
    assert changes == [Adapter.OFF]
    await room.close()


async def test_a_bond_is_known_on_both_sides() -> None:
    room, device = VirtualRoom(), cuff()
    room.add(device)
    room.bond(device)
    assert room.is_bonded(ADDRESS)
    assert device.peripheral.has_bond
    await room.close()


def test_handles_are_numbered_without_gaps_or_overlap() -> None:
    plain = Characteristic(uuid="a", properties=frozenset({Property.READ}))
    subscribed = Characteristic(uuid="b", properties=frozenset({Property.INDICATE}))
    last = Characteristic(uuid="c", properties=frozenset({Property.READ}))
    first, second = (
        Service(uuid="s", characteristics=[plain, subscribed]),
        Service(uuid="t", characteristics=[last]),
    )
    table = AttributeTable([first, second])
    assert (first.handle, plain.handle, subscribed.handle) == (1, 2, 4)
    assert subscribed.cccd_handle == 6
    assert (second.handle, last.handle) == (7, 8)
    assert table.at(4) is subscribed
    with pytest.raises(AttError):
        table.at(3)


@pytest.mark.parametrize("name", PROFILES)
async def test_every_profile_makes_a_cuff_that_advertises_the_service(name: str) -> None:
    device = Cuff(PROFILES[name], address=ADDRESS, pace=BRISK)
    device.press_bluetooth_button()
    assert device.peripheral.advertising is not None
    assert device.peripheral.advertising.service_uuids == ("00001810-0000-1000-8000-00805f9b34fb",)
    await device.close()
