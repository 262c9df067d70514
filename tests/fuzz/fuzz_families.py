"""Decoder families for the fuzzer: seeds from the vector files, and what a packet must become.

A new family is one row of FAMILIES.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ohx_desktop.ble.assigned_numbers import (
    BLOOD_PRESSURE_MEASUREMENT,
    BODY_COMPOSITION_MEASUREMENT,
    ENHANCED_BLOOD_PRESSURE_MEASUREMENT,
    GLUCOSE_MEASUREMENT,
    PLX_SPOT_CHECK_MEASUREMENT,
    TEMPERATURE_MEASUREMENT,
    WEIGHT_MEASUREMENT,
)
from ohx_desktop.ble.beurer import po60
from ohx_desktop.ble.beurer.glucose_values import measured_of_beurer
from ohx_desktop.ble.beurer.po60_messages import StoredOximetry, decode_answer
from ohx_desktop.ble.beurer.po60_messages import measured_of as po60_measured_of
from ohx_desktop.ble.codec import blood_pressure, body_composition, glucose, pulse_oximeter
from ohx_desktop.ble.codec import health_thermometer as thermometer
from ohx_desktop.ble.codec import record_access as records
from ohx_desktop.ble.codec import user_control as control
from ohx_desktop.ble.codec import user_data as users
from ohx_desktop.ble.codec import weight_scale as scale
from ohx_desktop.ble.codec.battery import decode_battery_level
from ohx_desktop.ble.codec.current_time import decode_current_time
from ohx_desktop.ble.codec.glucose import decode_glucose_measurement
from ohx_desktop.ble.codec.glucose_context import decode_glucose_context
from ohx_desktop.ble.codec.health_thermometer_values import measured_of as temperature_of
from ohx_desktop.ble.codec.heart_rate import decode_heart_rate_measurement
from ohx_desktop.ble.codec.local_time import decode_local_time
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.measurements import MEASUREMENTS
from ohx_desktop.ble.codec.reference_time import decode_reference_time
from ohx_desktop.ble.omron.extension_records import records_of
from ohx_desktop.ble.omron.models import candidates_for_name
from ohx_desktop.ble.omron.stored_record import decode_stored_record
from ohx_desktop.ble.omron.uuids import EXTENSION_BLOOD_PRESSURE, EXTENSION_WEIGHT
from ohx_desktop.cloud.google_health import points, steps
from ohx_desktop.cloud.google_health import sleep as google_sleep
from ohx_desktop.cloud.google_health.data_types import DATA_TYPES
from ohx_desktop.cloud.google_health.envelope import object_of
from ohx_desktop.cloud.google_health.tokens import decode_token as decode_google_token
from ohx_desktop.cloud.records import CloudRecord
from ohx_desktop.cloud.withings import activity, devices, heart, measures
from ohx_desktop.cloud.withings import sleep as withings_sleep
from ohx_desktop.cloud.withings.envelope import body_of
from ohx_desktop.cloud.withings.tokens import decode_token as decode_withings_token
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.plausibility import LIMITS, require_plausible
from ohx_desktop.domain.reading_json import reading_from_json, reading_to_json

_VECTORS = Path(__file__).parents[1] / "vectors" / "ble"
_BEURER_VECTORS = _VECTORS.parent / "beurer"
_OMRON_VECTORS = _VECTORS.parent / "omron"
_CLOUD_VECTORS = _VECTORS.parent / "cloud"
_OMRON_PRESSURE = 31
_FIRST_PACKET_LENGTH = 18
_NOTIFICATION = 20
_NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """`decode` returns whether a packet became a value, or raises a DecodingError or CloudError."""

    seeds: tuple[bytes, ...]
    decode: Callable[[bytes], bool]


def _seeds(*names: str, folder: Path = _VECTORS) -> tuple[bytes, ...]:
    found: dict[bytes, None] = {}
    for name in names:
        for vector in json.loads((folder / f"{name}.json").read_bytes())["vectors"]:
            frames = vector.get("frames") or [vector["frame"]]
            found[bytes.fromhex("".join(frames))] = None
    return tuple(frame for frame in found if frame)


def _beurer_seeds(*names: str) -> tuple[bytes, ...]:
    return _seeds(*names, folder=_BEURER_VECTORS)


def _check(results: Iterable[Measured]) -> bool:
    """Hold every value against its limits once more, by a way of its own."""
    for measured in results:
        if not measured.quantities:
            raise AssertionError("a measurement without a quantity")
        for quantity in measured.quantities:
            limits = LIMITS[quantity.kind][quantity.unit]
            if not limits.low <= quantity.value <= limits.high:
                raise AssertionError(f"an implausible {quantity.kind} got through")
        require_plausible(measured.quantities)
    return True


def _result(uuid: str, *names: str) -> Family:
    decode = MEASUREMENTS[uuid]
    return Family(seeds=_seeds(*names), decode=lambda packet: _check(decode([packet])))


def _parts(decoders: Sequence[Callable[[bytes], object]], *names: str) -> Family:
    """Give each packet to one of the decoders, chosen by the packet."""

    def decode(packet: bytes) -> bool:
        decoders[sum(packet) % len(decoders)](packet)
        return True

    return Family(seeds=_seeds(*names), decode=decode)


def _po60(packet: bytes) -> bool:
    """Cut a packet into notifications, as the link does, and take the messages in it."""
    messages = po60.Messages()
    found = [*messages.add(packet[:_NOTIFICATION]), *messages.add(packet[_NOTIFICATION:])]
    for message in (*found, *messages.close()):
        if isinstance(message, DecodingError):
            raise message
        answer = decode_answer(message)
        if isinstance(answer, StoredOximetry):
            _check([po60_measured_of(answer)])
    return bool(found)


def _beurer_glucose(packet: bytes) -> bool:
    return _check([measured_of_beurer(decode_glucose_measurement(packet))])


def _beurer_temperature(packet: bytes) -> bool:
    parts = thermometer.decode_temperature_measurement(packet)
    return _check([temperature_of(parts, needs_type=True)])


def _pair(packet: bytes) -> bool:
    halves = [packet[:_FIRST_PACKET_LENGTH], packet[_FIRST_PACKET_LENGTH:]]
    return _check(MEASUREMENTS[BODY_COMPOSITION_MEASUREMENT](halves))


def _omron(name: str, *, model: str = "") -> tuple[bytes, ...]:
    """Return the frames of Omron's own vectors, joined; of one model where one is named."""
    vectors = json.loads((_OMRON_VECTORS / f"{name}.json").read_bytes())["vectors"]
    frames = (v.get("frames") or [v["frame"]] for v in vectors if model in v.get("model", ""))
    return tuple(bytes.fromhex("".join(parts)) for parts in frames)


def _halves(characteristic: str, first_length: int) -> Callable[[bytes], bool]:
    """Decode a packet as the two notifications of a record of the extension."""

    def decode(packet: bytes) -> bool:
        frames = [half for half in (packet[:first_length], packet[first_length:]) if half]
        for record, error in records_of(characteristic, frames, received_at=_NOW):
            if error is not None:
                raise error
            require_plausible(record.quantities or ())
        return True

    return decode


def _eeprom(model: str) -> Callable[[bytes], bool]:
    (memory,) = candidates_for_name(model).maps

    def decode(packet: bytes) -> bool:
        return _check([decode_stored_record(packet, memory, user=None, unconfirmed=True)])

    return decode


@dataclass(frozen=True, slots=True, kw_only=True)
class _CloudAnswer:
    """A packet as the body of an answer that calls itself JSON."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


def _cloud_seeds(*names: str) -> tuple[bytes, ...]:
    # Without the blanks of a printed page, a change meets a number or a name more often.
    bodies = [json.loads((_CLOUD_VECTORS / f"{name}.json").read_bytes()) for name in names]
    return tuple(json.dumps(body, separators=(",", ":")).encode() for body in bodies)


def _check_records(records: Iterable[CloudRecord]) -> bool:
    """Hold each record against the limits, and make the Reading of it."""
    for record in records:
        require_plausible([value.quantity for value in record.values])
        for value in record.values:
            limits = LIMITS[value.quantity.kind][value.quantity.unit]
            if not limits.low <= value.quantity.value <= limits.high:
                raise AssertionError(f"an implausible {value.quantity.kind} got through")
        if reading_from_json(reading_to_json(record.reading(_NOW))) != record.reading(_NOW):
            raise AssertionError("a reading that does not come back from its own form")
    return True


def _withings(packet: bytes) -> bool:
    body = body_of(_CloudAnswer(body=packet))
    if "measuregrps" in body:
        page = measures.decode_measures(body, user_id="1", now=_NOW)
        return _check_records(page.found.records)
    if "activities" in body:
        return _check_records(activity.decode_activities(body, user_id="1", now=_NOW).records)
    if "series" in body:
        heart.decode_heart_list(body, now=_NOW)
        return _check_records(withings_sleep.decode_nights(body, user_id="1", now=_NOW).records)
    if "devices" in body:
        return bool(devices.decode_devices(body, now=_NOW))
    return bool(decode_withings_token(_CloudAnswer(body=packet)))


def _google(packet: bytes) -> bool:
    body = object_of(_CloudAnswer(body=packet))
    account: dict[str, Any] = {"user_id": "1", "local": UTC, "now": _NOW}
    if "rollupDataPoints" in body:
        return _check_records(steps.decode_days(body, **account).records)
    if "access_token" in body:
        return bool(decode_google_token(_CloudAnswer(body=packet)))
    for kind in DATA_TYPES.values():
        if f'"{kind.member}"'.encode() in packet:
            return _check_records(points.decode_points(body, kind, **account).records)
    return _check_records(google_sleep.decode_nights(body, **account).records)


FAMILIES: dict[str, Family] = {
    "withings": Family(
        seeds=_cloud_seeds(
            *("withings-getmeas-scale", "withings-getmeas-bp", "withings-getmeas-origins"),
            *("withings-getmeas-spo2-temperature", "withings-getmeas-page1", "withings-activity"),
            *("withings-sleep-summary", "withings-heart-list", "withings-devices"),
            *("withings-token-ok", "withings-rate-limit"),
        ),
        decode=_withings,
    ),
    "google-health": Family(
        seeds=_cloud_seeds(
            *("google-weight-page1", "google-body-fat", "google-height", "google-heart-rate"),
            *("google-resting-heart-rate", "google-spo2-daily", "google-core-temperature"),
            *("google-glucose", "google-sleep", "google-steps-daily", "google-token-ok"),
        ),
        decode=_google,
    ),
    "omron-pressure": Family(
        seeds=tuple(one for one in _omron("extension") if len(one) == _OMRON_PRESSURE),
        decode=_halves(EXTENSION_BLOOD_PRESSURE, 20),
    ),
    "omron-weight": Family(
        seeds=tuple(one for one in _omron("extension") if len(one) != _OMRON_PRESSURE),
        decode=_halves(EXTENSION_WEIGHT, 19),
    ),
    "omron-scale-memory": Family(
        seeds=_omron("scale_record", model="HN-300T2"), decode=_eeprom("HN-300T2")
    ),
    "omron-composition-memory": Family(
        seeds=_omron("scale_record", model="HBF-702T"), decode=_eeprom("HBF-702T")
    ),
    "omron-cuff-memory": Family(
        seeds=_omron("eeprom_record", model="HEM-6232T"), decode=_eeprom("HEM-6232T")
    ),
    "po60": Family(seeds=_beurer_seeds("oximetry", "po60_messages"), decode=_po60),
    "beurer-glucose": Family(seeds=_beurer_seeds("glucose"), decode=_beurer_glucose),
    "beurer-temperature": Family(seeds=_beurer_seeds("temperature"), decode=_beurer_temperature),
    "blood-pressure": _result(BLOOD_PRESSURE_MEASUREMENT, "blood_pressure_measurement"),
    "enhanced-pressure": _result(ENHANCED_BLOOD_PRESSURE_MEASUREMENT, "enhanced_blood_pressure"),
    "weight": _result(WEIGHT_MEASUREMENT, "weight_measurement"),
    "composition": _result(BODY_COMPOSITION_MEASUREMENT, "body_composition"),
    "composition-in-two": Family(seeds=_seeds("body_composition_packets"), decode=_pair),
    "temperature": _result(TEMPERATURE_MEASUREMENT, "temperature_measurement"),
    "spot-check": _result(PLX_SPOT_CHECK_MEASUREMENT, "spot_check"),
    "glucose": _result(GLUCOSE_MEASUREMENT, "glucose_measurement"),
    "glucose-context": _parts([decode_glucose_context], "glucose_context"),
    "progress": _parts(
        [
            blood_pressure.decode_intermediate_cuff_pressure,
            thermometer.decode_intermediate_temperature,
            pulse_oximeter.decode_continuous_measurement,
            decode_heart_rate_measurement,
        ],
        "intermediate_cuff_pressure",
        "intermediate_temperature",
        "continuous_oximetry",
        "heart_rate",
    ),
    "control-points": _parts(
        [
            records.decode_record_request,
            records.decode_record_answer,
            control.decode_user_request,
            control.decode_user_answer,
        ],
        "record_request",
        "record_answer",
        "user_request",
        "user_answer",
    ),
    "features": _parts(
        [
            blood_pressure.decode_blood_pressure_feature,
            scale.decode_weight_scale_feature,
            body_composition.decode_body_composition_feature,
            pulse_oximeter.decode_oximeter_feature,
            glucose.decode_glucose_feature,
        ],
        "blood_pressure_feature",
        "weight_scale_feature",
        "body_composition_feature",
        "oximeter_feature",
        "glucose_feature",
    ),
    "user-data-and-time": _parts(
        [
            users.decode_user_index,
            users.decode_change_increment,
            users.decode_date_of_birth,
            users.decode_gender,
            users.decode_height_cm,
            decode_current_time,
            decode_local_time,
            decode_reference_time,
            decode_battery_level,
            thermometer.decode_temperature_type,
        ],
        "date_of_birth",
        "change_increment",
        "height",
        "current_time",
        "local_time",
        "reference_time",
    ),
}
