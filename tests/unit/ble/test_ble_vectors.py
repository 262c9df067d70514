"""Bytes of the Bluetooth SIG characteristics against captured and derived vectors."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from ble_encoding import blood_pressure
from ble_vectors import vectors

from ohx_desktop.ble.codec.blood_pressure import (
    Feature,
    decode_blood_pressure_feature,
    decode_blood_pressure_measurement,
    decode_intermediate_cuff_pressure,
)
from ohx_desktop.ble.codec.blood_pressure_values import flags_of, quantities_of
from ohx_desktop.ble.codec.current_time import decode_current_time
from ohx_desktop.ble.codec.date_time import decode_date_time
from ohx_desktop.ble.codec.device_information import (
    decode_device_identity,
    decode_serial,
    decode_system_id,
    decode_text,
    decode_udi_label,
)
from ohx_desktop.ble.codec.sfloat import SFloat, SpecialValue, decode_sfloat
from ohx_desktop.domain.errors import DecodingError, MeasurementFailed, Truncated
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import QuantityKind, Unit


def shown(value: SFloat | None) -> str | None:
    if value is None:
        return None
    return value.name if isinstance(value, SpecialValue) else format(value, "f")


@pytest.mark.parametrize("vector", vectors("sfloat"))
def test_an_sfloat_keeps_the_precision_it_was_sent_with(vector: dict[str, str]) -> None:
    value = decode_sfloat(int(vector["raw"], 16))
    if "special" in vector:
        assert value is SpecialValue[vector["special"]]
    else:
        assert isinstance(value, Decimal)
        assert value.as_tuple() == Decimal(vector["value"]).as_tuple()


def decode_and_judge(frame: bytes) -> dict[str, Any]:
    measurement = decode_blood_pressure_measurement(frame)
    return {
        "unit": measurement.unit.value,
        "systolic": shown(measurement.systolic),
        "diastolic": shown(measurement.diastolic),
        "mean_arterial": shown(measurement.mean_arterial),
        "has_time": measurement.has_time,
        "timestamp": measurement.timestamp and measurement.timestamp.isoformat(),
        "pulse_rate": shown(measurement.pulse_rate),
        "user_id": measurement.user_id,
        "status": measurement.status,
        "readings": [format(q.value, "f") for q in quantities_of(measurement)],
        "flags": sorted(flags_of(measurement)),
    }


@pytest.mark.parametrize("vector", vectors("blood_pressure_measurement"))
def test_a_measurement_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            decode_and_judge(frame)
        assert refused.value.code == vector["refuse"]
        return
    expected: dict[str, Any] = {
        "timestamp": None,
        "pulse_rate": None,
        "user_id": None,
        "status": None,
        "flags": [],
    }
    expected |= {"has_time": "timestamp" in vector["expect"]} | vector["expect"]
    assert decode_and_judge(frame) == expected


@pytest.mark.parametrize("vector", vectors("intermediate_cuff_pressure"))
def test_an_intermediate_pressure_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            decode_intermediate_cuff_pressure(frame)
        assert refused.value.code == vector["refuse"]
        return
    pressure = decode_intermediate_cuff_pressure(frame)
    assert pressure.unit == vector["expect"]["unit"]
    assert shown(pressure.cuff_pressure) == vector["expect"]["cuff_pressure"]


@pytest.mark.parametrize("vector", vectors("blood_pressure_feature"))
def test_the_features_are_what_the_vector_says(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            decode_blood_pressure_feature(frame)
        assert refused.value.code == vector["refuse"]
        return
    assert [f.name for f in Feature if f in decode_blood_pressure_feature(frame)] == vector[
        "expect"
    ]["features"]


@pytest.mark.parametrize("vector", vectors("current_time"))
def test_a_current_time_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            decode_current_time(frame)
        assert refused.value.code == vector["refuse"]
        return
    time = decode_current_time(frame)
    expected = dict(vector["expect"])
    if "moment" in expected:
        assert time.moment == datetime.fromisoformat(expected.pop("moment"))
    assert (time.date_time and time.date_time.isoformat()) == expected.pop("date_time")
    assert {name: getattr(time, name) for name in expected} == expected
    assert (time.moment is None) == (time.date_time is None)


@pytest.mark.parametrize(
    ("name", "decode"),
    [
        ("blood_pressure_measurement", decode_blood_pressure_measurement),
        ("intermediate_cuff_pressure", decode_intermediate_cuff_pressure),
        ("blood_pressure_feature", decode_blood_pressure_feature),
        ("current_time", decode_current_time),
    ],
)
def test_every_truncation_of_every_vector_is_refused_as_truncated(
    name: str, decode: Callable[[bytes], object]
) -> None:
    for parameter in vectors(name):
        vector = parameter.values[0]
        frame = bytes.fromhex(vector["frame"])
        if vector.get("refuse") in {"trailing-bytes", "unsupported"}:
            continue
        for length in range(len(frame)):
            with pytest.raises(Truncated):
                decode(frame[:length])


@pytest.mark.parametrize(
    "raw",
    [
        "00000b170a0f1e",
        "ea0700170a0f1e",
        "ea070b000a0f1e",
        "ea07021e0a0f1e",
        "ea070b17180f1e",
        "ea070b170a3c1e",
        "ea070b170a0f3c",
        "ea070d170a0f1e",
        "01000101000000",
        "ffff0101000000",
    ],
)
def test_a_time_that_names_no_moment_is_no_time_and_no_error(raw: str) -> None:
    assert decode_date_time(bytes.fromhex(raw)) is None


@pytest.mark.parametrize("vector", vectors("device_information"))
def test_identity_is_cleaned_of_padding_and_placeholders(vector: dict[str, Any]) -> None:
    decoders = {
        "system_id": decode_system_id,
        "text": decode_text,
        "serial": decode_serial,
        "udi": decode_udi_label,
    }
    assert decoders[vector["field"]](bytes.fromhex(vector["raw"])) == vector["value"]


def test_a_device_that_tells_nothing_keeps_what_its_advertisement_told() -> None:
    identity = decode_device_identity(
        {}, address="AA:BB:CC:DD:EE:FF", manufacturer="Beurer", model="BM54"
    )
    assert (identity.manufacturer, identity.model) == ("Beurer", "BM54")
    assert identity.serial is None
    assert identity.key == "eui48:AA:BB:CC:DD:EE:FF"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0b01000, {Flag.PULSE_OUT_OF_RANGE}),
        (0b10000, {Flag.PULSE_OUT_OF_RANGE}),
        (0b11000, set()),  # reserved
        (0xFFC0, set()),  # a maker's own bits
    ],
)
def test_only_status_bits_of_known_meaning_become_flags(status: int, expected: set[Flag]) -> None:
    measurement = decode_blood_pressure_measurement(blood_pressure(status=status))
    assert flags_of(measurement) == expected


def test_kilopascals_are_converted_once_and_kept() -> None:
    measurement = decode_blood_pressure_measurement(blood_pressure("16.0", "10.7", kilopascal=True))
    systolic = quantities_of(measurement)[0]
    assert (systolic.value, systolic.unit) == (Decimal("120.0"), Unit.MM_HG)
    assert systolic.original is not None
    assert (str(systolic.original.value), systolic.original.unit) == ("16.0", Unit.KILOPASCAL)


@pytest.mark.parametrize("nothing", ["0000", "ff07", "0008", "fe07", "0208", "0108"])
def test_a_mean_pressure_or_pulse_that_was_not_measured_is_left_out(nothing: str) -> None:
    raw = bytes.fromhex(nothing)
    measurement = decode_blood_pressure_measurement(blood_pressure(mean=raw, pulse=raw))
    assert [q.kind for q in quantities_of(measurement)] == [
        QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
        QuantityKind.DIASTOLIC_BLOOD_PRESSURE,
    ]


@pytest.mark.parametrize("nothing", ["0000", "ff07", "0008", "fe07", "0208", "0108"])
@pytest.mark.parametrize("place", ["systolic", "diastolic"])
def test_without_both_pressures_the_measurement_failed(place: str, nothing: str) -> None:
    frame = blood_pressure(**{place: bytes.fromhex(nothing)})  # type: ignore[arg-type] # one of two
    with pytest.raises(MeasurementFailed):
        quantities_of(decode_blood_pressure_measurement(frame))


def test_a_refusal_names_no_value() -> None:
    with pytest.raises(DecodingError) as refused:
        quantities_of(decode_blood_pressure_measurement(blood_pressure(301, 82)))
    assert not any(character.isdigit() for character in str(refused.value))
