"""Captured and derived bytes of Beurer devices: what they are, or why they are refused."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from beurer_vectors import content, vectors

from ohx_desktop.ble.beurer.captured import decode_beurer_captured, model_with_own_form
from ohx_desktop.ble.beurer.ffe0_frames import decode_frame
from ohx_desktop.ble.beurer.model import Model
from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.beurer.po60_messages import decode_answer
from ohx_desktop.ble.beurer.scale_segments import decode_segmental_fat, decode_segmental_muscle
from ohx_desktop.ble.beurer.scale_values import (
    decode_measurement_state,
    decode_reference,
    decode_settings,
    decode_user_list,
)
from ohx_desktop.ble.beurer.swapped_blood_pressure import decode_blood_pressure_of, stability_of
from ohx_desktop.ble.codec.blood_pressure_values import flags_of, quantities_of
from ohx_desktop.domain.errors import DecodingError, Truncated
from ohx_desktop.domain.reading import Reading

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

DECODERS: Mapping[str, Callable[[bytes], Any]] = {
    "user_list": decode_user_list,
    "settings": decode_settings,
    "reference": decode_reference,
    "measurement_state": decode_measurement_state,
    "segmental_fat": decode_segmental_fat,
    "segmental_muscle": decode_segmental_muscle,
}


def model(name: str) -> Model:
    found = model_named(name)
    assert found is not None
    return found


def plain(value: object) -> object:
    """Return a value as a vector file writes it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value


def shown(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    return {name: plain(part) for name, part in asdict(value).items()}


def refusal(decode: Callable[[], object]) -> str:
    with pytest.raises(DecodingError) as refused:
        decode()
    return refused.value.code


def captured(vector: dict[str, Any], characteristic: str | None = None) -> Reading:
    own = model_with_own_form(vector["model"])
    assert own is not None
    frames = [bytes.fromhex(frame) for frame in vector["frames"]]
    (reading,) = decode_beurer_captured(own, characteristic, frames, received_at=NOW)
    return reading


def values_of(reading: Reading) -> dict[str, str]:
    return {q.kind.value: format(q.value, "f") for q in reading.quantities}


@pytest.mark.parametrize("vector", vectors("blood_pressure"))
def test_a_cuff_is_read_in_its_form_or_not_at_all(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        assert vector["refuse"] == refusal(
            lambda: decode_blood_pressure_of(model(vector["model"]), frame)
        )
        return
    measurement = decode_blood_pressure_of(model(vector["model"]), frame)
    stability = stability_of(measurement)
    assert vector["expect"] == {
        "timestamp": measurement.timestamp and measurement.timestamp.isoformat(),
        "user_id": measurement.user_id,
        "status": measurement.status,
        "readings": [format(q.value, "f") for q in quantities_of(measurement)],
        "flags": sorted(flags_of(measurement)),
        "stability": None if stability is None else stability.name,
    }


@pytest.mark.parametrize("vector", vectors("weighing"))
def test_a_weighing_is_its_weight_and_what_was_measured_beside_it(vector: dict[str, Any]) -> None:
    if "refuse" in vector:
        assert refusal(lambda: captured(vector)) == vector["refuse"]
        return
    reading = captured(vector)
    assert reading.device is not None
    assert reading.device.model == vector["model"]
    assert vector["expect"] == {
        "timestamp": reading.clock.device and reading.clock.device.isoformat(),
        "user_id": reading.user_slot,
        "quantities": values_of(reading),
    }


@pytest.mark.parametrize("vector", vectors("ffe0_weighing"))
def test_frames_of_an_ffe0_scale_become_one_weighing(vector: dict[str, Any]) -> None:
    if "refuse" in vector:
        assert refusal(lambda: captured(vector)) == vector["refuse"]
        return
    reading = captured(vector, "FFE1")
    assert vector["expect"] == {
        "measured_at": reading.measured_at and reading.measured_at.isoformat(),
        "stored": reading.stored,
        "quantities": values_of(reading),
    }


@pytest.mark.parametrize(
    "vector", [*vectors("temperature"), *vectors("oximetry"), *vectors("glucose")]
)
def test_a_measurement_is_what_the_maker_says_or_refused(vector: dict[str, Any]) -> None:
    if "refuse" in vector:
        assert refusal(lambda: captured(vector)) == vector["refuse"]
        return
    reading = captured(vector)
    assert vector["expect"] == {
        "timestamp": reading.clock.device and reading.clock.device.isoformat(),
        "sequence": reading.sequence,
        "quantities": values_of(reading),
        "units": [quantity.unit for quantity in reading.quantities],
        "flags": sorted(reading.flags),
    }


@pytest.mark.parametrize("vector", vectors("po60_messages"))
def test_a_message_of_the_oximeter_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    message = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        assert refusal(lambda: decode_answer(message)) == vector["refuse"]
        return
    decoded = decode_answer(message)
    assert {"type": type(decoded).__name__} | shown(decoded) == vector["expect"]


@pytest.mark.parametrize("vector", vectors("ffe0_frames"))
def test_a_frame_of_an_ffe0_scale_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    frame = bytes.fromhex(vector["frame"])
    if "refuse" in vector:
        assert refusal(lambda: decode_frame(frame)) == vector["refuse"]
        return
    decoded = decode_frame(frame)
    assert {"type": type(decoded).__name__} | shown(decoded) == vector["expect"]


@pytest.mark.parametrize("vector", vectors("scale_values"))
def test_a_private_value_of_a_scale_is_what_the_vector_says(vector: dict[str, Any]) -> None:
    decode, raw = DECODERS[vector["kind"]], bytes.fromhex(vector["raw"])
    if "refuse" in vector:
        assert refusal(lambda: decode(raw)) == vector["refuse"]
        return
    assert shown(decode(raw)) == vector["expect"]


def test_every_truncation_of_every_vector_is_refused_as_truncated() -> None:
    decoders: list[tuple[bytes, Callable[[bytes], object]]] = [
        (bytes.fromhex(vector["frame"]), decode_frame) for vector in whole("ffe0_frames")
    ]
    decoders += [
        (bytes.fromhex(vector["raw"]), DECODERS[vector["kind"]])
        for vector in whole("scale_values")
        if not isinstance(vector["expect"], str)
    ]
    decoders += [
        (bytes.fromhex(vector["frame"]), decode_answer) for vector in whole("po60_messages")
    ]
    assert len(decoders) > 20
    for raw, decode in decoders:
        for length in range(len(raw)):
            if decode is decode_user_list and length == 1:
                continue  # one byte is an end of the list, or no row
            with pytest.raises(Truncated):
                decode(raw[:length])


@pytest.mark.parametrize("length", range(19))
def test_no_truncation_of_a_swapped_record_is_a_reading(length: int) -> None:
    frame = bytes.fromhex(content("blood_pressure")[2]["frame"])
    with pytest.raises(Truncated):
        decode_blood_pressure_of(model("BM85"), frame[:length])


@pytest.mark.parametrize("name", ["weighing", "ffe0_weighing"])
def test_no_truncation_of_a_weighing_brings_a_value_that_was_not_sent(name: str) -> None:
    for vector in whole(name):
        sent = set(vector["expect"]["quantities"].items())
        for place, frame in enumerate(vector["frames"]):
            for end in range(0, len(frame), 2):
                cut = [*vector["frames"][:place], frame[:end], *vector["frames"][place + 1 :]]
                try:
                    reading = captured(vector | {"frames": cut})
                except DecodingError:
                    continue
                assert set(values_of(reading).items()) <= sent


def whole(name: str) -> list[dict[str, Any]]:
    return [vector for vector in content(name) if "expect" in vector]
