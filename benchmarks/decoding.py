"""Packets a second on one core: from bytes to judged values, for each decoder.

The packets are the vectors of the tests that become values; refused ones are faster. Results are
decoded whole, with their meaning and the limits of what a person can have.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rate import Rate, rate_of

from ohx_desktop.ble import assigned_numbers as uuids
from ohx_desktop.ble.beurer import ffe0_record, scale_values
from ohx_desktop.ble.beurer.ffe0_frames import decode_frame as decode_ffe0_frame
from ohx_desktop.ble.beurer.models import model_named
from ohx_desktop.ble.beurer.swapped_blood_pressure import decode_blood_pressure_of
from ohx_desktop.ble.codec import (
    battery,
    blood_pressure,
    blood_pressure_values,
    body_composition,
    current_time,
    glucose,
    glucose_context,
    heart_rate,
    local_time,
    reference_time,
)
from ohx_desktop.ble.codec import health_thermometer as thermometer
from ohx_desktop.ble.codec import pulse_oximeter as oximeter
from ohx_desktop.ble.codec import record_access as records
from ohx_desktop.ble.codec import user_control as control
from ohx_desktop.ble.codec import user_data as users
from ohx_desktop.ble.codec import weight_scale as scale
from ohx_desktop.ble.codec.measurements import MEASUREMENTS
from ohx_desktop.ble.omron.extension_weight import decode_weights
from ohx_desktop.ble.omron.frames import decode_frame as decode_omron_frame
from ohx_desktop.ble.omron.models import candidates_for_name
from ohx_desktop.ble.omron.stored_record import decode_stored_record
from ohx_desktop.domain.errors import DecodingError

_VECTORS = Path(__file__).parents[1] / "tests" / "vectors"
_TARGET = 50_000

Decode = Callable[[Any], object]

# Vector files of the standard's results, each with its characteristic.
_RESULTS = {
    "blood_pressure_measurement": uuids.BLOOD_PRESSURE_MEASUREMENT,
    "enhanced_blood_pressure": uuids.ENHANCED_BLOOD_PRESSURE_MEASUREMENT,
    "weight_measurement": uuids.WEIGHT_MEASUREMENT,
    "body_composition": uuids.BODY_COMPOSITION_MEASUREMENT,
    "body_composition_packets": uuids.BODY_COMPOSITION_MEASUREMENT,
    "temperature_measurement": uuids.TEMPERATURE_MEASUREMENT,
    "spot_check": uuids.PLX_SPOT_CHECK_MEASUREMENT,
    "glucose_measurement": uuids.GLUCOSE_MEASUREMENT,
}
# All other values of the standard, each with its decoder.
_OTHERS: Mapping[str, Decode] = {
    "glucose_context": glucose_context.decode_glucose_context,
    "intermediate_cuff_pressure": blood_pressure.decode_intermediate_cuff_pressure,
    "intermediate_temperature": thermometer.decode_intermediate_temperature,
    "continuous_oximetry": oximeter.decode_continuous_measurement,
    "heart_rate": heart_rate.decode_heart_rate_measurement,
    "record_request": records.decode_record_request,
    "record_answer": records.decode_record_answer,
    "user_request": control.decode_user_request,
    "user_answer": control.decode_user_answer,
    "blood_pressure_feature": blood_pressure.decode_blood_pressure_feature,
    "weight_scale_feature": scale.decode_weight_scale_feature,
    "body_composition_feature": body_composition.decode_body_composition_feature,
    "oximeter_feature": oximeter.decode_oximeter_feature,
    "glucose_feature": glucose.decode_glucose_feature,
    "user_index": users.decode_user_index,
    "change_increment": users.decode_change_increment,
    "date_of_birth": users.decode_date_of_birth,
    "gender": users.decode_gender,
    "height": users.decode_height_cm,
    "current_time": current_time.decode_current_time,
    "local_time": local_time.decode_local_time,
    "reference_time": reference_time.decode_reference_time,
    "battery_level": battery.decode_battery_level,
    "temperature_type": thermometer.decode_temperature_type,
}


def measure() -> Iterator[Rate]:
    """Yield the rate of each decoder."""
    for name, uuid in _RESULTS.items():
        yield _rate(f"SIG {name}", MEASUREMENTS[uuid], _packets("ble", name))
    for name, decode in _OTHERS.items():
        yield _rate(f"SIG {name}", decode, [frames[0] for frames in _packets("ble", name)])
    for name, decode, packets in _makers():
        yield _rate(name, decode, packets)


def _rate(name: str, decode: Decode, packets: Sequence[Any]) -> Rate:
    """Return the rate of those that become values; a list is of packets that make one."""
    good = [packet for packet in packets if _becomes_value(decode, packet)]
    if not good:
        raise RuntimeError(f"no vector of {name} becomes a value")
    count = sum(len(one) if isinstance(one, list) else 1 for one in good)
    per_s = rate_of(decode, good) * count / len(good)
    return Rate(name=name, per_s=per_s, target=_TARGET, of=count)


def _becomes_value(decode: Decode, packet: object) -> bool:
    try:
        decode(packet)
    except DecodingError:
        return False
    return True


def _vectors(folder: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((_VECTORS / folder / f"{name}.json").read_bytes())[
        "vectors"
    ]
    return found


def _packets(folder: str, name: str) -> list[list[bytes]]:
    return [
        [bytes.fromhex(frame) for frame in vector.get("frames") or [vector["frame"]]]
        for vector in _vectors(folder, name)
    ]


# ── the makers' own forms ────────────────────────────────────────────────────────────────────


def _makers() -> Iterator[tuple[str, Decode, Sequence[Any]]]:
    yield "Omron frame", decode_omron_frame, [one[0] for one in _packets("omron", "frame")]
    yield "Omron memory record", _called, list(_memory_records())
    yield "Omron extension weight", decode_weights, _packets("omron", "extension")
    yield "Beurer swapped pressure", _called, list(_beurer_pressures())
    frames = [one[0] for one in _packets("beurer", "ffe0_frames")]
    yield "Beurer FFE0 frame", decode_ffe0_frame, frames
    yield "Beurer FFE0 result", _ffe0_result, list(_ffe0_records())
    lists = [v["raw"] for v in _vectors("beurer", "scale_values") if v["kind"] == "user_list"]
    yield "Beurer user list", scale_values.decode_user_list, [bytes.fromhex(raw) for raw in lists]


def _called(decode: Callable[[], object]) -> object:
    return decode()


def _memory_records() -> Iterator[Callable[[], object]]:
    for vector in _vectors("omron", "eeprom_record"):
        raw = bytes.fromhex(vector["frame"])
        for memory in candidates_for_name(vector["model"]).maps[:1]:
            yield partial(decode_stored_record, raw, memory, user=1)


def _beurer_pressures() -> Iterator[Callable[[], object]]:
    for vector in _vectors("beurer", "blood_pressure"):
        model, raw = model_named(vector["model"]), bytes.fromhex(vector["frame"])
        if model is not None:
            yield lambda model=model, raw=raw: blood_pressure_values.quantities_of(  # type: ignore[misc]  # bound now
                decode_blood_pressure_of(model, raw)
            )


def _ffe0_result(raw: bytes) -> object:
    return ffe0_record.quantities_of(ffe0_record.decode_record(raw, is_live=True))


def _ffe0_records() -> Iterator[bytes]:
    """Yield the two halves of each full result, joined: each part has a head of four bytes."""
    for frames in _packets("beurer", "ffe0_weighing"):
        halves = [frame[4:] for frame in frames if len(frame) == 15]
        if len(halves) == 2:
            yield b"".join(halves)
