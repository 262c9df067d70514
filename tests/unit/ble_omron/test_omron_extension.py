"""Omron's additions to the standard services."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from omron_peer import run
from omron_vectors import vectors

from ohx_desktop.ble.assigned_numbers import RECORD_ACCESS_CONTROL_POINT, full_uuid
from ohx_desktop.ble.codec.measurements import MEASUREMENTS
from ohx_desktop.ble.codec.record_access import (
    RecordCount,
    RecordResponse,
    decode_record_request,
)
from ohx_desktop.ble.codec.user_control import decode_user_answer, decode_user_request
from ohx_desktop.ble.dialogue import Answer, Expect, Heard, Write
from ohx_desktop.ble.omron import extension, extension_weight
from ohx_desktop.ble.omron.control_points import (
    LATEST_SEQUENCE_REQUEST,
    LatestSequence,
    decode_omron_record_answer,
    encode_register_at,
)
from ohx_desktop.ble.omron.extension import decode_extension_blood_pressure
from ohx_desktop.ble.omron.extension_session import ExtensionRecords, fetch_records
from ohx_desktop.ble.omron.extension_weight import decode_extension_weight
from ohx_desktop.ble.omron.uuids import EXTENSION_BLOOD_PRESSURE, EXTENSION_WEIGHT
from ohx_desktop.domain.errors import (
    DecodingError,
    DeviceError,
    DeviceSilent,
    MeasurementFailed,
    TrailingBytes,
    Truncated,
    Unsupported,
)
from ohx_desktop.domain.quantity import QuantityKind

CUFF, SCALE, OTHER_SCALE = (
    [bytes.fromhex(frame) for frame in p.values[0]["frames"]] for p in vectors("extension")
)
DECODERS: dict[str, Any] = {
    "C195DA8A": decode_extension_blood_pressure,
    "8FF2DDFB": decode_extension_weight,
}


@pytest.mark.parametrize("vector", vectors("extension"))
def test_an_extension_record_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    frames = [bytes.fromhex(frame) for frame in vector["frames"]]
    record, expect = DECODERS[vector["characteristic"]](frames), vector["expect"]
    if "values" in expect:
        measured = extension.measured_of(record)
        assert [str(q.value) for q in measured.quantities] == expect["values"]
        assert (measured.user_id, measured.sequence) == (expect["user"], expect["sequence"])
        assert measured.timestamp == datetime.fromisoformat(expect["timestamp"])
        assert sorted(measured.flags) == expect["flags"]
        for name in ("continuous_number", "artefacts", "arrhythmias"):
            assert getattr(record, name) == expect[name]
        return
    for name, value in expect.items():
        shown = getattr(record, name)
        if name == "timestamp":
            assert shown.isoformat() == value
        elif name == "stages":
            assert list(shown) == value
        elif name in {"sequence", "user_id", "body_age"}:
            assert shown == value
        else:
            assert shown == Decimal(value)


def test_a_weighing_becomes_a_reading_with_its_composition() -> None:
    measured = extension_weight.measured_of(decode_extension_weight(SCALE))
    values = {q.kind: str(q.value) for q in measured.quantities}
    assert next(iter(values)) is QuantityKind.BODY_WEIGHT
    assert values == {
        QuantityKind.BODY_WEIGHT: "78.80",
        QuantityKind.BODY_HEIGHT: "176.0",
        QuantityKind.BODY_MASS_INDEX: "25.4",
        QuantityKind.BODY_FAT_PERCENTAGE: "23.3",
        QuantityKind.BASAL_METABOLISM: "1688.8",
        QuantityKind.VISCERAL_FAT_LEVEL: "4.0",
    }
    assert measured.sequence == 1


def test_a_composition_that_was_not_measured_adds_nothing() -> None:
    first, second = SCALE
    second = second[:5] + bytes(2) + second[7:]
    measured = extension_weight.measured_of(decode_extension_weight([first, second]))
    assert {q.kind for q in measured.quantities} == {
        QuantityKind.BODY_WEIGHT,
        QuantityKind.BODY_HEIGHT,
        QuantityKind.BODY_MASS_INDEX,
    }


def test_a_weighing_that_failed_is_refused() -> None:
    first, second = SCALE
    for raw in (b"\xff\xff", bytes(2)):
        with pytest.raises(MeasurementFailed):
            extension_weight.measured_of(
                decode_extension_weight([first[:5] + raw + first[7:], second])
            )


@pytest.mark.parametrize(
    ("decode", "frames"),
    [(decode_extension_blood_pressure, CUFF), (decode_extension_weight, SCALE)],
)
def test_two_packets_that_are_no_pair_are_refused(decode: Any, frames: list[bytes]) -> None:
    first, second = frames
    sequence_at = 2 if decode is decode_extension_blood_pressure else 3
    other = second[:sequence_at] + b"\x77" + second[sequence_at + 1 :]
    for packets in ([first], [second], [first, first], [first, other], [first, second, second], []):
        with pytest.raises(Truncated):
            decode(packets)
    for length in range(len(first)):
        with pytest.raises(DecodingError):
            decode([first[:length], second])
    with pytest.raises(TrailingBytes):
        decode([first, second + b"\0"])


def test_packets_of_two_weighings_are_not_mixed() -> None:
    with pytest.raises(Truncated):
        decode_extension_weight([SCALE[0], OTHER_SCALE[1]])


def test_a_blood_pressure_without_pressures_is_refused() -> None:
    record = decode_extension_blood_pressure([bytes.fromhex("02000100")])
    assert record.sequence == 1
    with pytest.raises(MeasurementFailed):
        extension.measured_of(record)


def test_unknown_flags_are_refused_where_they_bring_bytes() -> None:
    with pytest.raises(Unsupported):
        decode_extension_blood_pressure([bytes.fromhex("0240010000")])


@pytest.mark.parametrize("vector", vectors("standard"))
def test_a_standard_measurement_of_omron_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    decode = MEASUREMENTS[full_uuid(vector["characteristic"])]
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            decode([frame])
        assert refused.value.code == vector["refuse"]
        return
    (measured,) = decode([frame])
    expect, stamp = vector["expect"], measured.timestamp
    shown = [q.value for q in measured.quantities]
    assert shown == [Decimal(value) for value in expect["values"]]
    assert (stamp and stamp.isoformat(), measured.user_id) == (expect["timestamp"], expect["user"])
    assert sorted(measured.flags) == expect["flags"]


@pytest.mark.parametrize("vector", vectors("control_point"))
def test_a_control_point_says_what_the_vector_says(vector: dict[str, Any]) -> None:
    frame, expect = bytes.fromhex(vector["frame"]), vector["expect"]
    is_user = vector["characteristic"] == "2A9F"
    match expect:
        case {"request": fields} if is_user:
            request: Any = decode_user_request(frame)
            assert (request.op_code, request.user_index) == (
                fields["op_code"],
                fields["user_index"],
            )
            assert request.consent_code == fields["consent_code"]
        case {"request": fields}:
            request = decode_record_request(frame)
            assert (request.op_code, request.operator) == (fields["op_code"], fields["operator"])
            assert list(request.sequences) == fields["sequences"]
        case {"answer": fields} if is_user:
            answer: Any = decode_user_answer(frame)
            assert {name: getattr(answer, name) for name in fields} == fields
        case {"answer": fields}:
            answer = decode_omron_record_answer(frame)
            assert isinstance(answer, RecordResponse)
            assert {name: getattr(answer, name) for name in fields} == fields
        case {"count": count}:
            assert decode_omron_record_answer(frame) == RecordCount(count=count)
        case {"latest_request": True}:
            assert frame == LATEST_SEQUENCE_REQUEST
        case {"latest": sequence}:
            assert decode_omron_record_answer(frame) == LatestSequence(sequence)
        case _:
            pytest.fail("a vector without a test")


def test_a_user_is_registered_at_an_index_of_our_choice() -> None:
    assert encode_register_at(2, 0x020E).hex() == "40020e02"
    for user, consent in ((0, 1), (5, 1), (1, 10000), (1, -1)):
        with pytest.raises(ValueError, match="four digits"):
            encode_register_at(user, consent)


# ── fetching by number ───────────────────────────────────────────────────────────────────────


def fetch(
    answers: dict[str, list[tuple[str, str]]],
    characteristic: str = EXTENSION_WEIGHT,
    from_sequence: int | None = None,
) -> tuple[ExtensionRecords, list[str]]:
    """Run the dialogue against a device that answers each request (hex) with values."""
    asked: list[str] = []

    class Device:
        def __init__(self) -> None:
            self.queue: list[Heard] = []

        def take(self, step: Any) -> Answer:
            if isinstance(step, Write):
                asked.append(step.value.hex())
                for uuid, value in answers.get(step.value.hex(), []):
                    self.queue.append(Heard(uuid, bytes.fromhex(value)))
            if isinstance(step, Expect) and self.queue:
                return self.queue.pop(0)
            return None

    dialogue = fetch_records(characteristic, from_sequence=from_sequence)
    return run(dialogue, Device()), asked  # type: ignore[arg-type] # the same two steps


RACP = RECORD_ACCESS_CONTROL_POINT
DATA = [(EXTENSION_WEIGHT, frame.hex()) for frame in (*SCALE, *OTHER_SCALE)]


def test_records_are_counted_fetched_and_the_next_number_kept() -> None:
    records, asked = fetch(
        {
            "0401": [(RACP, "05000200")],
            "0101": [*DATA, (RACP, "06000101")],
            "1000": [(RACP, "11000300")],
        }
    )
    assert [value.hex() for value in records.values] == [value for _, value in DATA]
    assert records.next_sequence == 4
    assert asked == ["0401", "0101", "1000"]


def test_only_newer_records_are_asked_for() -> None:
    records, asked = fetch(
        {
            "0403010400": [(RACP, "06000406")],
            "1000": [(RACP, "11000000")],
        },
        from_sequence=4,
    )
    assert records == ExtensionRecords(values=(), next_sequence=None)
    assert asked == ["0403010400", "1000"]


def test_records_that_come_unasked_are_kept() -> None:
    frames = [(EXTENSION_BLOOD_PRESSURE, frame.hex()) for frame in CUFF]
    records, _ = fetch(
        {
            "0401": [*frames, (RACP, "05000000")],
            "1000": [(RACP, "11006901")],
        },
        EXTENSION_BLOOD_PRESSURE,
    )
    assert list(records.values) == CUFF
    assert records.next_sequence == 362


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({}, DeviceSilent),
        ({"0401": [(RACP, "06000402")]}, DeviceError),
        ({"0401": [(RACP, "99")]}, DeviceError),
        ({"0401": [(RACP, "05000200")], "0101": DATA}, DeviceSilent),
        ({"0401": [(RACP, "05000200")], "0101": [*DATA, (RACP, "06000108")]}, DeviceError),
        ({"0401": [(RACP, "05000200")], "0101": DATA * 400}, DeviceError),
    ],
)
def test_a_transfer_that_does_not_end_well_is_told(
    answers: dict[str, list[tuple[str, str]]], error: type[DeviceError]
) -> None:
    with pytest.raises(error):
        fetch(answers)
