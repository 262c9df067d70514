"""Who measured: found again by the same identifier from every station, and never mixed up."""

from typing import Any

import pytest
from fhir_samples import CUFF, pulse, reading, submission

from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.domain.reading import Source
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.fhir.mapping.device import device_of, display_name

Json = dict[str, Any]
MAC_UUID = "0B8B2C8A-5C8E-4E0B-9D5B-5B1E0E4B7E3A"


def _device(device: DeviceIdentity | None) -> Json:
    resource = device_of(reading(device=device))
    assert resource is not None
    return resource


def test_address_and_system_id_are_both_told_and_the_address_is_looked_for() -> None:
    both = _device(DeviceIdentity(address="74:e8:ff:05:1c:00", system_id="74-E8-FF-FE-FF-05-1C-00"))
    assert [i["type"]["coding"][0]["code"] for i in both["identifier"]] == ["BTMAC", "SYSID"]
    assert both["identifier"][0]["value"] == "74-E8-FF-05-1C-00"
    entry = transaction_bundle(submission(reading(device=CUFF)))["entry"][0]
    assert entry["request"]["ifNoneExist"] == (
        "identifier=http://hl7.org/fhir/sid/eui-48/bluetooth%7CA4-C1-38-0B-11-2E"
    )


def test_a_host_private_address_is_no_bluetooth_address() -> None:
    resource = _device(DeviceIdentity(address=MAC_UUID, model="BPM-200"))
    (identifier,) = resource["identifier"]
    assert identifier["system"] == "urn:ietf:rfc:3986"
    assert MAC_UUID.lower() not in identifier["value"]


def test_a_serial_number_counts_with_its_manufacturer_and_model() -> None:
    one = _device(DeviceIdentity(manufacturer="A", model="M", serial="7"))["identifier"]
    other = _device(DeviceIdentity(manufacturer="B", model="M", serial="7"))["identifier"]
    assert one != other


def test_a_device_that_cannot_be_told_from_others_is_named_and_not_created() -> None:
    anonymous = reading(
        source=Source.WITHINGS, device=DeviceIdentity(manufacturer="Withings", model="BPM Core")
    )
    bundle = transaction_bundle(submission(anonymous))
    assert len([e for e in bundle["entry"] if e["resource"]["resourceType"] == "Device"]) == 1
    assert bundle["entry"][1]["resource"]["device"] == {"display": "Withings BPM Core"}


def test_padding_of_device_strings_is_left_out() -> None:
    padded = _device(
        DeviceIdentity(address=CUFF.address, model="BPM-200\x00\x00 ", firmware="\x00")
    )
    assert padded["modelNumber"] == "BPM-200"
    assert "version" not in padded


@pytest.mark.parametrize(
    ("manufacturer", "model", "expected"),
    [
        ("OMRON", "HEM-7322T", "OMRON HEM-7322T"),
        ("OMRON", "Omron Evolv", "Omron Evolv"),
        (None, "BM 54", "BM 54"),
        ("Beurer", None, "Beurer"),
        (None, None, None),
    ],
)
def test_the_display_name_says_the_manufacturer_once(
    manufacturer: str | None, model: str | None, expected: str | None
) -> None:
    assert display_name(DeviceIdentity(manufacturer=manufacturer, model=model)) == expected


def test_only_a_device_that_measured_pressure_is_a_blood_pressure_monitor() -> None:
    cuff = device_of(reading())
    other = device_of(reading(quantities=(pulse("71"),)))
    assert cuff is not None
    assert other is not None
    assert [t["coding"][0]["code"] for t in cuff["type"]] == ["65573", "528391"]
    assert [t["coding"][0]["code"] for t in other["type"]] == ["65573"]


@pytest.mark.parametrize(
    ("udi", "carried"), [("(01)00884838001234(21)A1", True), ("not a GS1 text", False), ("", False)]
)
def test_a_udi_is_carried_where_its_issuer_is_known(udi: str, carried: bool) -> None:
    resource = _device(DeviceIdentity(address=CUFF.address, udi=udi))
    assert ("udiCarrier" in resource) is carried
    if carried:
        assert resource["udiCarrier"][0]["deviceIdentifier"] == "00884838001234"
