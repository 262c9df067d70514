"""Every Bluetooth SIG characteristic against captured and derived vectors, whole and cut short."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from ble_vectors import vectors
from sig_codecs import DECODERS, RESULTS, decode_packets, parts

from ohx_desktop.ble.captured import decode_captured
from ohx_desktop.ble.codec.float32 import decode_float32
from ohx_desktop.ble.codec.measurements import MEASUREMENTS
from ohx_desktop.ble.codec.sfloat import SpecialValue
from ohx_desktop.domain.errors import DecodingError, Truncated
from ohx_desktop.domain.quantity import Quantity

NOW = datetime(2026, 11, 24, 12, 0).astimezone()
_EVERY = [
    pytest.param(name, *vector.values, id=f"{name}: {vector.id}")
    for name in DECODERS
    for vector in vectors(name)
]
_MEANT = [
    pytest.param(name, *vector.values, id=f"{name}: {vector.id}")
    for name in RESULTS
    for vector in vectors(name)
    if "refuse" not in vector.values[0]
]


def shown(quantity: Quantity) -> str:
    text = f"{quantity.kind} {quantity.value:f} {quantity.unit}"
    original = quantity.original
    return f"{text} ({original.value:f} {original.unit})" if original else text


@pytest.mark.parametrize("vector", vectors("float32"))
def test_a_float_keeps_the_precision_it_was_sent_with(vector: dict[str, str]) -> None:
    value = decode_float32(int(vector["raw"], 16))
    if "special" in vector:
        assert value is SpecialValue[vector["special"]]
    else:
        assert isinstance(value, Decimal)
        assert value.as_tuple() == Decimal(vector["value"]).as_tuple()


@pytest.mark.parametrize(("name", "vector"), _EVERY)
def test_the_parts_are_what_the_vector_says(name: str, vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            DECODERS[name](frame)
        assert refused.value.code == vector["refuse"]
    else:
        expected = vector["value"] if "value" in vector else vector["parts"]
        assert parts(DECODERS[name](frame)) == expected


@pytest.mark.parametrize("vector", vectors("body_composition_packets"))
def test_two_packets_are_one_measurement_or_none(vector: dict[str, Any]) -> None:
    frames = [bytes.fromhex(frame) for frame in vector["frames"]]
    if "refuse" in vector:
        with pytest.raises(DecodingError) as refused:
            decode_packets(frames)
        assert refused.value.code == vector["refuse"]
    else:
        assert parts(decode_packets(frames)) == vector["parts"]


@pytest.mark.parametrize(("name", "vector"), _MEANT)
def test_the_meaning_is_what_the_vector_says(name: str, vector: dict[str, Any]) -> None:
    frames = [bytes.fromhex(frame) for frame in vector.get("frames", [vector.get("frame")])]
    if "refuse_meaning" in vector:
        with pytest.raises(DecodingError) as refused:
            MEASUREMENTS[RESULTS[name]](frames)
        assert refused.value.code == vector["refuse_meaning"]
        assert not any(character.isdigit() for character in str(refused.value))
        return
    (measured,) = MEASUREMENTS[RESULTS[name]](frames)
    assert [shown(quantity) for quantity in measured.quantities] == vector["quantities"]
    assert sorted(measured.flags) == vector.get("flags", [])


@pytest.mark.parametrize(("name", "vector"), _MEANT)
def test_a_capture_of_a_plain_device_becomes_a_reading(name: str, vector: dict[str, Any]) -> None:
    frames = [bytes.fromhex(frame) for frame in vector.get("frames", [vector.get("frame")])]
    if "refuse_meaning" in vector:
        with pytest.raises(DecodingError):
            decode_captured("generic", RESULTS[name], frames, received_at=NOW)
        return
    (reading,) = decode_captured("generic", RESULTS[name], frames, received_at=NOW)
    assert [shown(quantity) for quantity in reading.quantities] == vector["quantities"]


@pytest.mark.parametrize("name", [name for name in DECODERS if name != "pnp_id"])
def test_every_truncation_of_every_vector_is_refused_as_truncated(name: str) -> None:
    for parameter in vectors(name):
        vector = parameter.values[0]
        frame = bytes.fromhex(vector["frame"])
        if vector.get("refuse") in {"trailing-bytes", "unsupported"}:
            continue
        for length in range(len(frame)):
            if _may_end_at(name, frame, length):
                continue
            with pytest.raises(Truncated):
                DECODERS[name](frame[:length])


def _may_end_at(name: str, frame: bytes, length: int) -> bool:
    """Tell whether a shorter frame is a whole one: intervals of a heart, as many as fit."""
    return name == "heart_rate" and frame[0] & 0b10000 != 0 and length == len(frame) - 2 == 7


@pytest.mark.parametrize("name", [name for name in DECODERS if name != "pnp_id"])
def test_a_byte_more_than_any_good_vector_is_refused(name: str) -> None:
    for parameter in vectors(name):
        vector = parameter.values[0]
        frame = bytes.fromhex(vector.get("frame", ""))
        if "refuse" not in vector and not _may_go_on(name, frame):
            with pytest.raises(DecodingError) as refused:
                DECODERS[name](frame + b"\x00")
            assert refused.value.code in {"trailing-bytes", "unsupported"}


def _may_go_on(name: str, frame: bytes) -> bool:
    """Tell where one more byte has a meaning: another interval's half, the index deleted."""
    return (name == "heart_rate" and frame[0] & 0b10000 != 0) or (
        name == "user_answer" and frame[:3] == b"\x20\x03\x01"
    )
