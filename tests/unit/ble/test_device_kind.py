"""The picture on the waiting page is of the device that is meant, or of none in particular."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.device_kind import kind_of
from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
from ohx_desktop.ble.recognised import (
    BLOOD_PRESSURE,
    GLUCOSE,
    OMRON_EEPROM,
    OMRON_EXTENSION,
    OMRON_NUDGED,
    PULSE_OXIMETER,
    THERMOMETER,
)
from ohx_desktop.domain.device import DeviceIdentity, DeviceKind

_CUFF = EnrolledDevice(
    identity=DeviceIdentity(manufacturer="OMRON", model="HEM-7361T", address="00:5F:BF:00:00:01"),
    driver=OMRON_EEPROM,
    enrolled_at=datetime(2026, 9, 1, tzinfo=UTC),
)
_SCALE = replace(
    _CUFF,
    identity=DeviceIdentity(manufacturer="Beurer", model="BF720", address="A4:C1:38:00:00:02"),
    driver=Family.SIG_SCALE.value,
)


@pytest.fixture
def registry(tmp_path: Path) -> DeviceRegistry:
    return DeviceRegistry(tmp_path / "devices.json")


@pytest.mark.parametrize(
    "driver",
    [*Family, BLOOD_PRESSURE, OMRON_NUDGED, THERMOMETER, PULSE_OXIMETER, GLUCOSE],
)
def test_a_driver_of_one_kind_of_device_tells_it(driver: str) -> None:
    assert kind_of(driver, None) is not None


@pytest.mark.parametrize("driver", [OMRON_EEPROM, OMRON_EXTENSION])
@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("HEM-7361T", DeviceKind.CUFF),
        ("HBF-222T", DeviceKind.SCALE),
        ("HN-300T2", DeviceKind.SCALE),
        ("X7 Smart", None),
        (None, None),
    ],
)
def test_a_driver_of_several_kinds_tells_it_by_the_model_or_not_at_all(
    driver: str, model: str | None, kind: DeviceKind | None
) -> None:
    assert kind_of(driver, model) is kind


def test_an_unknown_driver_is_no_kind() -> None:
    assert kind_of("another", "HEM-7361T") is None


def test_without_a_device_any_may_answer(registry: DeviceRegistry) -> None:
    assert registry.kind_of(None) is None


def test_all_registered_devices_of_one_kind_are_shown_as_that(registry: DeviceRegistry) -> None:
    registry.add(_CUFF)
    assert registry.kind_of(None) is DeviceKind.CUFF


def test_of_several_kinds_none_is_shown_until_one_of_them_answers(
    registry: DeviceRegistry,
) -> None:
    registry.add(_CUFF)
    registry.add(_SCALE)
    assert registry.kind_of(None) is None
    assert registry.kind_of(_SCALE.identity.address) is DeviceKind.SCALE
    assert registry.kind_of("C0:00:00:00:00:09") is None
