"""EEPROM records against captured and derived vectors."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from omron_vectors import memory_of, vectors

from ohx_desktop.ble.omron.memory_map import RecordForm, Trailer
from ohx_desktop.ble.omron.model_table import MAPS
from ohx_desktop.ble.omron.record import decode_cuff_record
from ohx_desktop.ble.omron.record_values import measured_of
from ohx_desktop.ble.omron.scale_record import (
    decode_composition_record,
    decode_weight_record,
    measured_weight_of,
)
from ohx_desktop.ble.support import Support
from ohx_desktop.domain.errors import DecodingError, TrailingBytes, Truncated
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.quantity import Unit

CUFF = vectors("eeprom_record")
GOOD = [p for p in CUFF if "expect" in p.values[0]]
CHECKED = [p for p in GOOD if memory_of(p.values[0]["model"]).trailer is not Trailer.UNCHECKED]
WEIGHT = bytes.fromhex("08081a0a06123a2700017c046dff9aff")
SCALE = memory_of("HN-300T2")


@pytest.mark.parametrize("vector", CUFF)
def test_a_record_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    raw, memory = bytes.fromhex(vector["frame"]), memory_of(vector["model"])
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            decode_cuff_record(raw, memory)
        assert refused.value.code == vector["refuse"]
        return
    record = decode_cuff_record(raw, memory)
    if vector.get("empty"):
        assert record is None
        return
    assert record is not None
    expected = vector["expect"] | {
        "timestamp": datetime.fromisoformat(vector["expect"]["timestamp"])
    }
    assert {name: getattr(record, name) for name in expected} == expected


@pytest.mark.parametrize("vector", GOOD)
def test_a_record_means_its_pressures_and_pulse(vector: dict[str, Any]) -> None:
    memory, parts = memory_of(vector["model"]), vector["expect"]
    record = decode_cuff_record(bytes.fromhex(vector["frame"]), memory)
    assert record is not None
    measured = measured_of(record, memory, user=2)
    assert [str(q.value) for q in measured.quantities] == [
        str(parts[name]) for name in ("systolic", "diastolic", "pulse")
    ]
    flags = {Flag.CUFF_FIT_OK if parts["cuff_fit"] else Flag.CUFF_TOO_LOOSE}
    flags |= {Flag.BODY_MOVEMENT} if parts["movement"] else set()
    flags |= {Flag.IRREGULAR_PULSE} if parts["irregular"] else set()
    assert measured.flags == flags
    assert (measured.user_id, measured.sequence) == (2, record.sequence)


@pytest.mark.parametrize("vector", GOOD)
def test_no_record_of_another_length_is_read(vector: dict[str, Any]) -> None:
    raw, memory = bytes.fromhex(vector["frame"]), memory_of(vector["model"])
    for length in range(len(raw)):
        with pytest.raises(Truncated):
            decode_cuff_record(raw[:length], memory)
    with pytest.raises(TrailingBytes):
        decode_cuff_record(raw + b"\0", memory)


@pytest.mark.parametrize("vector", [p for p in CHECKED if "6232T" not in p.values[0]["model"]])
def test_a_changed_bit_is_refused_where_the_check_is_known(vector: dict[str, Any]) -> None:
    raw, memory = bytes.fromhex(vector["frame"]), memory_of(vector["model"])
    for bit in range(8 * (len(raw) - 2)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecodingError):
            decode_cuff_record(bytes(changed), memory)


def test_the_wrist_cuff_s_trailer_is_checked_as_far_as_it_is_known() -> None:
    raw = bytes.fromhex("4c5d574892531efa1200020e9867")
    with pytest.raises(DecodingError):
        decode_cuff_record(raw[:-1] + b"\x66", memory_of("HEM-6232T"))


def test_a_loose_cuff_is_told_only_by_models_that_know() -> None:
    raw = bytes.fromhex("7e61581aa2cf80070000060000004f00")
    for model, tells in (("HEM-7155T", True), ("HEM-7150T", False)):
        memory = memory_of(model)
        record = decode_cuff_record(raw, memory)
        assert record is not None
        assert (Flag.CUFF_TOO_LOOSE in measured_of(record, memory, user=None).flags) is tells


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("e252471ae92e471a0000050000009700", "a pressure above the largest"),
        ("6752471ae97e471a0000050000009700", "month 15"),
        ("6752471a092c471a0000050000009700", "day 0"),
        ("6752471af92e471a0000050000009700", "hour 25"),
        ("6752471ae92ec71f0000050000009700", "minute 63"),
        ("6752471a5e08471a0000050000009700", "30 February"),
    ],
)
def test_what_cannot_be_is_refused_and_not_repaired(raw: str, why: str) -> None:
    with pytest.raises(DecodingError):
        decode_cuff_record(bytes.fromhex(raw), memory_of("HEM-7361T"))


def test_a_second_that_ran_over_stays_in_its_minute() -> None:
    record = decode_cuff_record(
        bytes.fromhex("6752471ae92e7f1a0000050000009700"), memory_of("HEM-7361T")
    )
    assert record is not None
    assert record.timestamp == datetime(2026, 11, 23, 9, 41, 59)


def test_records_kept_byte_by_byte_are_read() -> None:
    raw = bytes([26, 11, 23, 9, 41, 7, 103, 82, 71, 0, 0, 0b0101]).ljust(16, b"\0")
    record = decode_cuff_record(raw, memory_of("HEM-6401T"))
    assert record is not None
    assert (record.systolic, record.diastolic, record.pulse) == (128, 82, 71)
    assert (record.movement, record.irregular) == (True, True)
    assert (record.cuff_fit, record.sequence) == (None, None)


def test_a_night_measurement_that_failed_is_refused() -> None:
    raw = bytearray(bytes.fromhex("6752471ae92e471a0000050000000000").ljust(24, b"\0"))
    record = decode_cuff_record(bytes(raw), memory_of("HEM-9601T"))
    assert record is not None
    assert (record.systolic, record.sequence) == (128, 5)
    raw[17] = 2
    with pytest.raises(DecodingError) as refused:
        decode_cuff_record(bytes(raw), memory_of("HEM-9601T"))
    assert refused.value.code == "measurement-failed"


@pytest.mark.parametrize("vector", vectors("scale_record"))
def test_a_scale_record_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    raw, memory = bytes.fromhex(vector["frame"]), memory_of(vector["model"])
    is_weight = memory.record is RecordForm.WEIGHT_16
    record: Any = (decode_weight_record if is_weight else decode_composition_record)(raw, memory)
    if vector.get("empty"):
        assert record is None
        return
    shown = {name: str(getattr(record, name, None)) for name in vector["expect"]}
    shown["timestamp"] = record.timestamp.isoformat()
    if "sequence" in shown:
        shown["sequence"] = record.sequence
    if not is_weight:
        shown["weight_kg_in_steps_of_0.05"] = str(record.weight_count * Decimal("0.05"))
    assert shown == vector["expect"]


def test_a_weight_is_told_as_the_display_showed_it() -> None:
    for code, value, unit in ((0, "102.8", Unit.KILOGRAM), (1, "226.6", Unit.POUND)):
        raw = bytearray(WEIGHT)
        raw[8] = code
        raw[14] = sum(raw[:14]) & 0xFF
        record = decode_weight_record(bytes(raw), SCALE)
        assert record is not None
        measured = measured_weight_of(record, user=1)
        assert [(str(q.value), q.unit) for q in measured.quantities] == [(value, unit)]
        assert measured.sequence == 380


@pytest.mark.parametrize(("at", "value"), [(1, 0x12), (12, 0x60), (8, 3), (3, 13), (14, 0)])
def test_a_weight_that_contradicts_itself_is_refused(at: int, value: int) -> None:
    raw = bytearray(WEIGHT)
    raw[at] = value
    if at != 14:
        raw[14] = sum(raw[:14]) & 0xFF
    with pytest.raises(DecodingError):
        decode_weight_record(bytes(raw), SCALE)


def test_a_check_counts_only_where_it_was_seen() -> None:
    checked = {memory.model for memory in MAPS if memory.trailer is not Trailer.UNCHECKED}
    assert checked == {"7322T", "7600T", "6232T", "7188T1", "7146T", "7142T2", "HN-300T2"}
    assert all(m.support is Support.CAPTURED for m in MAPS if m.model in checked)
