"""EEPROM records by the name of a model: certain, or refused."""

from datetime import datetime
from typing import Any

import pytest
from omron_vectors import vectors

from ohx_desktop.ble.captured import decode_captured
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.omron.captured import decode_omron_captured, decode_record, is_eeprom_record
from ohx_desktop.ble.omron.models import candidates_for_name
from ohx_desktop.ble.omron.stored_record import decode_stored_record
from ohx_desktop.ble.omron.uuids import EXTENSION_BLOOD_PRESSURE, EXTENSION_WEIGHT
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated, Unsupported

NOW = datetime(2026, 11, 24, 12, 0).astimezone()
BE_14 = bytes.fromhex("58691542178a1b8c005f958017d4")
LE_16 = bytes.fromhex("6752471ae92e471a0000050000009700")


@pytest.mark.parametrize("vector", vectors("eeprom_record"))
def test_a_captured_record_is_decoded_by_its_model(vector: dict[str, Any]) -> None:
    raw = bytes.fromhex(vector["frame"])
    if "expect" not in vector:
        with pytest.raises(DecodingError):
            decode_record(vector["model"], raw)
        return
    expect = vector["expect"]
    measured = decode_record(vector["model"], raw)
    assert [int(q.value) for q in measured.quantities] == [
        expect["systolic"],
        expect["diastolic"],
        expect["pulse"],
    ]
    assert measured.timestamp is not None
    assert measured.timestamp.isoformat() == expect["timestamp"]
    assert (measured.user_id, measured.from_storage) == (None, False)


def test_the_length_of_the_record_tells_two_models_of_one_name_apart() -> None:
    for raw, systolic in ((BE_14[:12] + b"\0\0", None), (BE_14, 130), (LE_16, 128)):
        if systolic is None:
            with pytest.raises(DecodingError):
                decode_record("M7 Intelli IT", raw)
        else:
            assert decode_record("M7 Intelli IT", raw).quantities[0].value == systolic


def test_a_name_whose_maps_keep_the_same_records_is_no_doubt() -> None:
    assert decode_record("X4 Smart", LE_16).quantities[0].value == 128


def test_a_record_of_another_length_is_refused() -> None:
    with pytest.raises(Truncated):
        decode_record("HEM-7361T", LE_16[:-1])
    with pytest.raises(TrailingBytes):
        decode_record("HEM-7361T", LE_16 + b"\0")


def test_a_model_that_nobody_knows_is_refused() -> None:
    for model in ("HEM-9999T", "BM54", ""):
        with pytest.raises(Unsupported):
            decode_record(model, LE_16)


@pytest.mark.parametrize(
    ("model", "size"), [("HEM-6401T", 16), ("HEM-6410T", 32), ("HEM-9601T", 24), ("HBF-702T", 48)]
)
def test_a_layout_that_nobody_has_confirmed_is_refused_by_default(model: str, size: int) -> None:
    with pytest.raises(Unsupported):
        decode_record(model, bytes(size))


def _asked_for(model: str, raw: bytes) -> Measured:
    (memory,) = candidates_for_name(model).maps
    return decode_stored_record(raw, memory, user=1, unconfirmed=True)


def test_such_a_layout_is_read_where_that_is_asked_for() -> None:
    raw = bytes([26, 11, 23, 9, 41, 7, 103, 82, 71, 0, 0, 0]).ljust(16, b"\0")
    assert _asked_for("HEM-6401T", raw).quantities[0].value == 128
    weighing = "00003ad05f024e183b6d223389cc0000000000000000000000005a80".ljust(96, "0")
    measured = _asked_for("HBF-702T", bytes.fromhex(weighing))
    assert [str(q.value) for q in measured.quantities] == ["72.4"]
    with pytest.raises(Unsupported, match="step of the weight"):
        _asked_for("HBF-222T", b"\1" * 32)


def test_a_weight_is_decoded_and_an_empty_slot_refused() -> None:
    measured = decode_record("HN-300T2", bytes.fromhex("08081a0a06123a2700017c046dff9aff"))
    assert str(measured.quantities[0].value) == "102.8"
    with pytest.raises(DecodingError, match="empty"):
        decode_record("HN-300T2", b"\xff" * 16)


def test_a_standard_measurement_is_not_taken_for_a_record() -> None:
    stamped = bytes.fromhex("02780050005d00ea070b17091e0f")
    assert not is_eeprom_record("HEM-7600T-E", stamped)
    assert is_eeprom_record("HEM-7600T-E", BE_14)
    assert is_eeprom_record("HEM-7600T-E", bytes(14))
    assert not is_eeprom_record("HEM-7600T-E", b"")
    assert not is_eeprom_record("BM54", BE_14)
    assert decode_omron_captured("HEM-7600T-E", None, [stamped]) is None
    assert decode_omron_captured("HEM-7600T-E", "2A35", [BE_14]) is None


def test_a_capture_becomes_readings_of_the_device() -> None:
    (reading,) = decode_captured("HEM-7361T", None, [LE_16, LE_16], received_at=NOW)
    assert reading.device is not None
    assert (reading.device.manufacturer, reading.device.model) == ("OMRON", "HEM-7361T")
    assert (reading.sequence, reading.stored, reading.needs_display_check) == (5, False, True)
    assert sorted(reading.flags) == ["cuff_fit_ok"]
    assert reading.measured_at == datetime(2026, 11, 23, 9, 41, 7).astimezone()
    with pytest.raises(DecodingError):
        decode_captured("HEM-7361T", None, [LE_16, b"\xff" * 16], received_at=NOW)


def test_a_capture_of_the_extension_is_joined_from_its_packets() -> None:
    for vector in (parameter.values[0] for parameter in vectors("extension")):
        uuid = {"C195DA8A": EXTENSION_BLOOD_PRESSURE, "8FF2DDFB": EXTENSION_WEIGHT}[
            vector["characteristic"]
        ]
        frames = [bytes.fromhex(frame) for frame in vector["frames"]]
        first, second = frames
        (reading,) = decode_captured("BP7900", uuid, [first, first, second], received_at=NOW)
        assert reading.sequence == vector["expect"]["sequence"]
        with pytest.raises(Truncated):
            decode_captured("BP7900", uuid, frames[:1], received_at=NOW)
        with pytest.raises(Unsupported):
            decode_captured("BM54", uuid, frames, received_at=NOW)


@pytest.mark.parametrize("raw", [LE_16[:4] + bytes(12), b"\xe2" + LE_16[1:], b"\0" * 16])
def test_no_refusal_quotes_the_bytes_or_a_value(raw: bytes) -> None:
    with pytest.raises(DecodingError) as refused:
        decode_record("HEM-7361T", raw)
    for secret in (raw.hex(), "128", "0x"):
        assert secret not in str(refused.value)
