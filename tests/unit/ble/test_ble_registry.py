"""Which advertisement belongs to which driver, and which to none."""

from typing import Any

import pytest

from ohx_desktop.ble.assigned_numbers import (
    BEURER,
    BLOOD_PRESSURE_SERVICE,
    HANS_DINSLAGE,
    OMRON,
    OMRON_SECURE_SERVICE,
    full_uuid,
    uuid16,
)
from ohx_desktop.ble.drivers import DRIVERS
from ohx_desktop.ble.link import Advertisement
from ohx_desktop.ble.registry import keeps_other_records, recognise, recognise_model

BPS = frozenset({BLOOD_PRESSURE_SERVICE})
SCALE = frozenset({uuid16(0x181D)})
FE4A = frozenset({OMRON_SECURE_SERVICE})
FFE0 = frozenset({uuid16(0xFFE0)})
THERMOMETER = frozenset({uuid16(0x1809)})
GLUCOSE = frozenset({uuid16(0x1808)})

ADVERTISEMENTS: list[Any] = [
    # name, services, manufacturer data, manufacturer and model (None: not read)
    ("BLESmart_00000264005FBF123456", BPS, {OMRON: b"\x01\x20"}, ("OMRON", "HEM-7155T")),
    ("blesmart_00000116005FBF123456", frozenset(), {}, ("OMRON", "HEM-9200T")),
    ("BLESmart_0000FFFF005FBF123456", BPS, {}, ("OMRON", None)),
    ("HEM-7322T", BPS, {OMRON: b""}, ("OMRON", "HEM-7322T")),
    (None, BPS, {OMRON: b""}, ("OMRON", None)),
    ("BLESmart_00010112F974C431DBE2", SCALE, {OMRON: b""}, ("OMRON", None)),
    ("BLESmart_00000258005FBF123456", FE4A, {OMRON: b""}, ("OMRON", "HEM-7361T")),
    (None, frozenset(), {OMRON: b""}, None),
    ("BM54", BPS, {BEURER: b"\x01\x03"}, ("Beurer", "BM54")),
    ("BM54", frozenset(), {BEURER: b"\x01\x03"}, ("Beurer", "BM54")),
    ("Beurer BM77", BPS, {}, ("Beurer", "BM77")),
    (None, BPS, {BEURER: b"\x01"}, ("Beurer", None)),
    ("BM54", frozenset(), {}, None),
    ("Beurer BM85", BPS, {BEURER: b"\x01"}, ("Beurer", "BM85")),
    ("BM85", SCALE, {}, None),
    ("BM59", BPS, {}, None),
    ("BM 59", BPS, {BEURER: b"\x01"}, None),
    ("BF600", SCALE, {BEURER: b""}, ("Beurer", "BF600")),
    ("BF600", frozenset(), {}, None),
    ("BF450", SCALE, {BEURER: b""}, None),
    ("BF880", SCALE, {BEURER: b""}, None),
    ("Beurer BF710", FFE0, {}, ("Beurer", "BF710")),
    ("SANITAS SBF70", FFE0, {}, ("Sanitas", "SBF70")),
    ("PO60", frozenset({uuid16(0xFF12)}), {BEURER: b""}, ("Beurer", "PO60")),
    ("PO60", frozenset({uuid16(0xFF12)}), {}, ("Beurer", "PO60")),
    ("PO60", BPS, {}, (None, "PO60")),
    ("FT95", THERMOMETER, {BEURER: b"\x01"}, ("Beurer", "FT95")),
    ("FT95", SCALE, {BEURER: b"\x01"}, None),
    ("FT77", THERMOMETER, {BEURER: b"\x01"}, ("Beurer", "FT77")),
    ("Some Thermometer", THERMOMETER, {}, (None, "Some Thermometer")),
    ("Beurer GL50EVO", GLUCOSE, {}, ("Beurer", "GL50evo")),
    ("Some Meter", GLUCOSE, {}, (None, "Some Meter")),
    ("Some Oximeter", frozenset({uuid16(0x1822)}), {}, (None, "Some Oximeter")),
    ("BM77", BPS | THERMOMETER, {}, ("Beurer", "BM77")),
    ("SBM69", BPS, {HANS_DINSLAGE: b"\x01"}, ("Silvercrest", "SBM69")),
    ("SBF73", SCALE, {HANS_DINSLAGE: b""}, ("Sanitas", "SBF73")),
    # Omron's modern cuffs: known to be read, known to be read by nobody, in no table
    ("BLESmart_00000595005FBF123456", FE4A, {OMRON: b""}, ("OMRON", None)),
    ("HEM-7142T2-Z", FE4A, {OMRON: b""}, ("OMRON", "HEM-7142T2-Z")),
    ("HEM-7196T1-FLE", FE4A, {OMRON: b""}, None),
    ("BLESmart_0000ABCD005FBF123456", FE4A, {}, ("OMRON", None)),
    ("BLESmart_00010212005FBF123456", FE4A, {OMRON: b""}, ("OMRON", None)),
    ("BLEsmart_00010208005FBF123456", SCALE, {}, ("OMRON", None)),
    ("HBF-222T", SCALE, {OMRON: b""}, ("OMRON", "HBF-222T")),
    (None, SCALE, {OMRON: b""}, ("OMRON", None)),
    # its memory is the only way, and nobody has shown that it is read rightly
    ("HBF-702T", SCALE, {OMRON: b""}, None),
    ("BLESmart_0001000C005FBF123456", SCALE, {}, None),
    ("Somebody else", FE4A, {}, None),
    ("Some Cuff", BPS, {}, (None, "Some Cuff")),
    (None, BPS, {}, (None, None)),
    ("Headphones", frozenset(), {0x004C: b"\x10"}, None),
    (None, frozenset(), {}, None),
]


@pytest.mark.parametrize(("name", "services", "data", "expected"), ADVERTISEMENTS)
def test_an_advertisement_is_recognised_by_the_table(
    name: str | None, services: frozenset[str], data: dict[int, bytes], expected: Any
) -> None:
    heard = Advertisement(
        address="AA:BB:CC:DD:EE:FF", name=name, service_uuids=services, manufacturer_data=data
    )
    recognised = recognise(heard)
    if expected is None:
        assert recognised is None
    else:
        assert recognised is not None
        assert (recognised.manufacturer, recognised.model) == expected
        assert recognised.driver in DRIVERS


def test_a_beurer_that_uses_a_passkey_is_paired_first_and_left_to_rest() -> None:
    def recognised(data: bytes) -> Any:
        return recognise(
            Advertisement(
                address="A", name="BM54", service_uuids=BPS, manufacturer_data={BEURER: data}
            )
        )

    assert recognised(b"\x01\x03").pairs_first
    assert recognised(b"\x01\x03").settle_s == 3.0
    assert not recognised(b"\x00").pairs_first


def test_an_oximeter_is_bonded_with_only_where_it_says_that_it_uses_a_passkey() -> None:
    def recognised(data: bytes) -> Any:
        service = frozenset({uuid16(0xFF12)})
        companies = {BEURER: data}
        return recognise(
            Advertisement(
                address="A", name="PO60", service_uuids=service, manufacturer_data=companies
            )
        )

    assert recognised(b"\x01").bonds
    assert recognised(b"\x01").pairs_first
    assert not recognised(b"\x00").bonds


@pytest.mark.parametrize(
    ("model", "manufacturer"),
    [("BM54", "Beurer"), ("HEM-7155T", "OMRON"), ("HEM-7322T-E", "OMRON"), ("BP7000", "OMRON")],
)
def test_a_model_is_known_by_the_name_printed_on_it(model: str, manufacturer: str) -> None:
    recognised = recognise_model(model)
    assert recognised is not None
    assert (recognised.manufacturer, recognised.model) == (manufacturer, model)


@pytest.mark.parametrize("model", ["BM85", "BF600", "HBF-222T", "", "PO60", "BM59"])
def test_other_models_are_not_read(model: str) -> None:
    assert recognise_model(model) is None


@pytest.mark.parametrize(
    ("model", "keeps"), [("BM54", False), ("HEM-7155T", False), ("HEM-7361T", True)]
)
def test_models_with_an_eeprom_are_told_from_those_without(model: str, keeps: bool) -> None:
    recognised = recognise_model(model)
    assert recognised is not None
    assert keeps_other_records(recognised) is keeps


@pytest.mark.parametrize("text", ["2A35", "0x2a35", "00002A35-0000-1000-8000-00805F9B34FB"])
def test_a_uuid_may_be_written_short_or_full(text: str) -> None:
    assert full_uuid(text) == uuid16(0x2A35)
