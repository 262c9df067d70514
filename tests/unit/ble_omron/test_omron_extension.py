"""Omron's additions to the standard services."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from omron_peer import NOW
from omron_vectors import vectors

from ohx_desktop.ble.assigned_numbers import full_uuid
from ohx_desktop.ble.codec.measurements import MEASUREMENTS
from ohx_desktop.ble.codec.record_access import (
    RecordCount,
    RecordResponse,
    decode_record_request,
)
from ohx_desktop.ble.codec.user_control import decode_user_answer, decode_user_request
from ohx_desktop.ble.omron import extension, extension_weight
from ohx_desktop.ble.omron.control_points import (
    LATEST_SEQUENCE_REQUEST,
    LatestSequence,
    decode_omron_record_answer,
)
from ohx_desktop.ble.omron.extension import decode_extension_blood_pressure, whole_records
from ohx_desktop.ble.omron.extension_records import newest_first, records_of
from ohx_desktop.ble.omron.extension_weight import WEIGHT_FORM, decode_extension_weight
from ohx_desktop.ble.omron.uuids import EXTENSION_WEIGHT
from ohx_desktop.ble.record import Record
from ohx_desktop.domain.errors import (
    DecodingError,
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


# ── halves that got lost ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("frames", "lengths"),
    [
        ([*SCALE, *OTHER_SCALE], [2, 2]),
        ([SCALE[0], *OTHER_SCALE], [1, 2]),
        ([SCALE[1], *OTHER_SCALE], [1, 2]),
        ([*SCALE, OTHER_SCALE[0]], [2, 1]),
        ([SCALE[0], OTHER_SCALE[1]], [1, 1]),
        ([SCALE[0], b"\x3e", *OTHER_SCALE], [1, 1, 2]),
        ([], []),
    ],
)
def test_a_lost_half_takes_no_other_record_with_it(frames: list[bytes], lengths: list[int]) -> None:
    records = list(whole_records(frames, WEIGHT_FORM))
    assert [len(record) for record in records] == lengths
    assert [frame for record in records for frame in record] == frames
    judged = records_of(EXTENSION_WEIGHT, frames, received_at=NOW)
    assert [error is None for _, error in judged] == [length == 2 for length in lengths]


def test_of_a_scale_the_weight_alone_is_told() -> None:
    ((record, error),) = records_of(EXTENSION_WEIGHT, SCALE, received_at=NOW)
    assert error is None
    assert record.quantities is not None
    assert [q.kind for q in record.quantities] == [QuantityKind.BODY_WEIGHT]


def _heavier(frames: list[bytes]) -> list[bytes]:
    """Return the frames with another weight, as a record that was damaged on its way."""
    first = bytearray(frames[0])
    weight_at = 3 + 2  # behind flags and sequence
    first[weight_at] ^= 0x01
    return [bytes(first), *frames[1:]]


def test_a_record_that_is_sent_twice_has_one_content() -> None:
    judged = records_of(EXTENSION_WEIGHT, [*SCALE, *SCALE], received_at=NOW)
    assert [error for _, error in judged] == [None, None]
    assert len({record.content for record, _ in judged}) == 1


def test_of_two_copies_that_contradict_each_other_none_is_believed() -> None:
    judged = records_of(EXTENSION_WEIGHT, [*SCALE, *_heavier(SCALE)], received_at=NOW)
    assert [type(error) for _, error in judged] == [DecodingError, DecodingError]
    assert all(record.quantities is None for record, _ in judged)
    # Another record beside them is believed.
    others = records_of(EXTENSION_WEIGHT, [*SCALE, *_heavier(SCALE), *OTHER_SCALE], received_at=NOW)
    assert others[-1][1] is None


def test_a_refused_record_still_tells_when_it_was_made() -> None:
    ((record, error),) = records_of(EXTENSION_WEIGHT, SCALE[:1], received_at=NOW)
    assert isinstance(error, Truncated)
    assert (record.quantities, record.sequence) == (None, 1)
    assert record.stamp == datetime(2024, 12, 1, 10, 23, 56)


def test_records_are_ordered_by_their_numbers_user_by_user() -> None:
    def numbered(user: int, sequence: int | None) -> Any:
        record = Record(
            frames=(), received_at=NOW, quantities=None, user_slot=user, sequence=sequence
        )
        return record, None

    def order(latest: int | None, *records: Any) -> list[list[int | None]]:
        return [
            [record.sequence for record, _ in of_user] for of_user in newest_first(records, latest)
        ]

    one, two, three = (numbered(1, number) for number in (1, 2, 3))
    assert order(3, one, two, three) == [[3, 2, 1]]
    assert order(None, two, three, one) == [[3, 2, 1]]
    assert order(1, numbered(1, 0xFFFF), numbered(1, 0xFFFE), one) == [[1, 0xFFFF, 0xFFFE]]
    assert order(None, one, numbered(2, 7), two) == [[2, 1], [7]]
    assert order(3, one, numbered(1, None), three) == [[1, None, 3]]
