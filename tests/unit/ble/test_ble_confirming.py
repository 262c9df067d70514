"""What a connected device turns out to be, against what it advertised."""

from dataclasses import replace

import pytest

from ohx_desktop.ble.assigned_numbers import BLOOD_PRESSURE_SERVICE, WEIGHT_SCALE_SERVICE
from ohx_desktop.ble.beurer.ffe0 import FFE0_SERVICE
from ohx_desktop.ble.beurer.model import Family
from ohx_desktop.ble.confirming import confirm, memory_map, takes_key
from ohx_desktop.ble.omron.uuids import (
    CLASSIC_SERVICE,
    EXTENSION_BLOOD_PRESSURE,
    EXTENSION_WEIGHT,
    MODERN_SERVICE,
    TX,
)
from ohx_desktop.ble.recognised import (
    BLOOD_PRESSURE,
    OMRON_EEPROM,
    OMRON_EXTENSION,
    OMRON_NUDGED,
    Recognised,
)
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.errors import Unsupported

PLAIN = {BLOOD_PRESSURE_SERVICE}
CLASSIC = {BLOOD_PRESSURE_SERVICE, CLASSIC_SERVICE}
MODERN = {MODERN_SERVICE}
SWAPPED = Family.SWAPPED_BLOOD_PRESSURE.value
SIG, FFE0 = Family.SIG_SCALE.value, Family.FFE0_SCALE.value


def advertised(manufacturer: str | None, model: str | None, driver: str) -> Recognised:
    return Recognised(manufacturer=manufacturer, model=model, driver=driver)


def is_model(model: str | None) -> DeviceIdentity:
    return DeviceIdentity(model=model)


@pytest.mark.parametrize(
    ("services", "has_key", "driver"),
    [
        (PLAIN, False, BLOOD_PRESSURE),
        (PLAIN, True, BLOOD_PRESSURE),
        (CLASSIC, False, BLOOD_PRESSURE),
        (CLASSIC, True, OMRON_EEPROM),
        (MODERN, False, OMRON_EEPROM),
    ],
)
def test_an_omron_is_read_by_the_service_it_has_and_the_key_it_was_given(
    services: set[str], has_key: bool, driver: str
) -> None:
    told = advertised("OMRON", "HEM-7322T", BLOOD_PRESSURE)
    assert confirm(told, is_model("HEM-7322T"), services, has_key=has_key).driver == driver


def test_an_omron_without_the_service_it_advertised_is_refused() -> None:
    told = advertised("OMRON", "HEM-7142T2", OMRON_EEPROM)
    with pytest.raises(Unsupported):
        confirm(told, is_model("HEM-7142T2"), (), has_key=True)


@pytest.mark.parametrize(
    ("model", "standard_mode", "driver"),
    [
        ("HEM-7142T2", False, OMRON_EEPROM),
        ("HEM-7142T2", True, BLOOD_PRESSURE),
        ("HEM-7196T1-FLE", False, BLOOD_PRESSURE),  # nobody has read its memory
        ("XYZ", False, BLOOD_PRESSURE),
    ],
)
def test_a_cuff_with_both_services_is_read_by_its_memory_where_that_is_known(
    model: str, standard_mode: bool, driver: str
) -> None:
    told = replace(advertised("OMRON", model, OMRON_EEPROM), standard_mode=standard_mode)
    confirmed = confirm(told, is_model(model), MODERN | PLAIN, has_key=False)
    assert confirmed.driver == driver


@pytest.mark.parametrize(
    ("told", "model", "services", "driver"),
    [
        (("Beurer", "BM77", BLOOD_PRESSURE), "BM77", PLAIN, BLOOD_PRESSURE),
        (("Beurer", "BM77", BLOOD_PRESSURE), None, PLAIN, BLOOD_PRESSURE),
        (("Beurer", "BM77", BLOOD_PRESSURE), "BM85", PLAIN, SWAPPED),
        ((None, "CUFF", BLOOD_PRESSURE), "BM85", PLAIN, SWAPPED),
        ((None, "CUFF", BLOOD_PRESSURE), "CUFF", PLAIN, BLOOD_PRESSURE),
        (("Beurer", "BF720", SIG), "BF720", {WEIGHT_SCALE_SERVICE}, SIG),
        (("Beurer", "BF710", FFE0), None, {FFE0_SERVICE}, FFE0),
    ],
)
def test_the_model_number_decides_over_the_name(
    told: tuple[str | None, str, str], model: str | None, services: set[str], driver: str
) -> None:
    assert confirm(advertised(*told), is_model(model), services, has_key=False).driver == driver


@pytest.mark.parametrize(
    ("told", "model", "services"),
    [
        ((None, "CUFF", BLOOD_PRESSURE), "BM59", PLAIN),
        (("Beurer", "BF720", SIG), "BF450", {WEIGHT_SCALE_SERVICE}),
        (("Beurer", "BF720", SIG), "BF720", PLAIN),
        (("Beurer", "BF720", SIG), "BM77", {WEIGHT_SCALE_SERVICE}),
    ],
)
def test_what_is_not_what_it_advertised_is_refused(
    told: tuple[str | None, str, str], model: str, services: set[str]
) -> None:
    with pytest.raises(Unsupported):
        confirm(advertised(*told), is_model(model), services, has_key=False)


@pytest.mark.parametrize(
    ("model", "services", "takes"),
    [
        ("HEM-7322T", CLASSIC, True),
        ("HEM-7322T", PLAIN, False),
        ("HEM-7155T", CLASSIC, True),
        ("HEM-7511T", CLASSIC, False),  # nobody has read its memory
        ("HEM-7142T2", MODERN, False),  # wants a bond, no key
        ("XYZ", CLASSIC, False),
    ],
)
def test_only_a_cuff_that_needs_it_is_given_a_key(
    model: str, services: set[str], takes: bool
) -> None:
    told = advertised("OMRON", model, BLOOD_PRESSURE)
    assert takes_key(told, is_model(model), services) is takes
    in_standard_mode = replace(told, standard_mode=True)
    assert not takes_key(in_standard_mode, is_model(model), services)


def test_an_advertised_id_tells_apart_what_a_marketing_name_does_not() -> None:
    told = Recognised(manufacturer="OMRON", model=None, driver=OMRON_EEPROM, model_id="000000D3")
    assert memory_map(told, is_model("M7 AFIB"), MODERN).model == "7380T1"
    assert memory_map(told, is_model("HEM-7142T2"), MODERN).model == "7142T2"


@pytest.mark.parametrize(
    ("model_id", "model", "services"),
    [
        ("000000D3", None, MODERN),
        ("000000D3", "XYZ", MODERN),
        ("000000D3", "HEM-7380T1-EBK", CLASSIC),
        (None, "X4 SMART", MODERN),  # two maps of the same service
    ],
)
def test_a_memory_that_leaves_a_doubt_is_not_read(
    model_id: str | None, model: str | None, services: set[str]
) -> None:
    told = Recognised(manufacturer="OMRON", model=None, driver=OMRON_EEPROM, model_id=model_id)
    with pytest.raises(Unsupported):
        memory_map(told, is_model(model), services)


NUMBERED_CUFF = {BLOOD_PRESSURE_SERVICE, CLASSIC_SERVICE, EXTENSION_BLOOD_PRESSURE}
NUMBERED_SCALE = {WEIGHT_SCALE_SERVICE, EXTENSION_WEIGHT}
GREETED = {BLOOD_PRESSURE_SERVICE, MODERN_SERVICE, TX[0]}


@pytest.mark.parametrize(
    ("model", "offers", "standard_mode", "driver"),
    [
        ("Complete", NUMBERED_CUFF, False, OMRON_EXTENSION),
        ("Complete", NUMBERED_CUFF, True, BLOOD_PRESSURE),
        ("XYZ", NUMBERED_CUFF, False, OMRON_EXTENSION),
        ("HEM-6232T", NUMBERED_CUFF, False, BLOOD_PRESSURE),  # its memory is the better way
        ("HBF-222T", NUMBERED_SCALE, False, OMRON_EXTENSION),
        ("SC-150", NUMBERED_SCALE, False, OMRON_EXTENSION),
        ("HN300T2IntelliIT", NUMBERED_SCALE | MODERN, False, OMRON_EEPROM),
        ("BP7255", GREETED, True, OMRON_NUDGED),
        ("BP7255", GREETED, False, OMRON_EEPROM),
        ("HEM-7142T2", GREETED, True, BLOOD_PRESSURE),
    ],
)
def test_an_omron_with_several_ways_is_read_by_the_one_that_is_proven(
    model: str, offers: set[str], standard_mode: bool, driver: str
) -> None:
    told = replace(advertised("OMRON", None, BLOOD_PRESSURE), standard_mode=standard_mode)
    assert confirm(told, is_model(model), offers, has_key=False).driver == driver


def test_a_cuff_with_numbered_records_is_given_no_key() -> None:
    told = advertised("OMRON", None, BLOOD_PRESSURE)
    assert not takes_key(told, is_model("Complete"), NUMBERED_CUFF)
    assert takes_key(told, is_model("HEM-6232T"), NUMBERED_CUFF)


@pytest.mark.parametrize("model", ["HBF-227T", "HBF-702T"])
def test_a_scale_whose_memory_is_the_only_way_is_refused_with_the_reason(model: str) -> None:
    told = advertised("OMRON", model, OMRON_EXTENSION)
    with pytest.raises(Unsupported, match=r"step of the weight|nobody has shown"):
        confirm(told, is_model(model), {WEIGHT_SCALE_SERVICE, CLASSIC_SERVICE}, has_key=False)
