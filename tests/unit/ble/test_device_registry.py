"""The registered devices: who is ours, and who only looks like it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import DeviceNotFound, StoreDamaged, StoreEnvironment

CUFF = EnrolledDevice(
    identity=DeviceIdentity(model="BM54", address="AA:BB:CC:DD:EE:FF", serial="SN1"),
    driver="blood-pressure",
    enrolled_at=datetime(2026, 11, 23, tzinfo=UTC),
)


def test_a_registered_device_is_there_after_a_restart(tmp_path: Path) -> None:
    DeviceRegistry(tmp_path / "devices.json").add(CUFF)
    again = DeviceRegistry(tmp_path / "devices.json")
    assert again.devices == (CUFF,)
    assert again.knows(CUFF.identity)


def test_an_address_with_another_serial_number_is_a_stranger(tmp_path: Path) -> None:
    registry = DeviceRegistry(tmp_path / "devices.json")
    registry.add(CUFF)
    assert not registry.knows(replace(CUFF.identity, serial="SN2"))
    assert registry.knows(replace(CUFF.identity, serial=None)), "reading a serial may fail"
    assert not registry.knows(replace(CUFF.identity, address="AA:BB:CC:DD:EE:00"))


def test_a_forgotten_device_is_a_stranger(tmp_path: Path) -> None:
    registry = DeviceRegistry(tmp_path / "devices.json")
    registry.add(CUFF)
    assert registry.remove("AA:BB:CC:DD:EE:FF") == CUFF
    assert DeviceRegistry(tmp_path / "devices.json").devices == ()
    with pytest.raises(DeviceNotFound):
        registry.remove("AA:BB:CC:DD:EE:FF")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": "other", "devices": []}'])
def test_a_damaged_list_is_told_and_not_taken_for_an_empty_one(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "devices.json"
    path.write_text(content)
    with pytest.raises(StoreDamaged):
        DeviceRegistry(path)


def test_a_list_that_cannot_be_written_says_so_and_keeps_what_it_had(tmp_path: Path) -> None:
    registry = DeviceRegistry(tmp_path / "gone" / "devices.json")
    with pytest.raises(StoreEnvironment):
        registry.add(CUFF)
    assert registry.devices == ()
