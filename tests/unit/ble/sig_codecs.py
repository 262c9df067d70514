"""The decoders of the Bluetooth SIG characteristics by vector file, and their results as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntFlag
from typing import Any

from ohx_desktop.ble.assigned_numbers import (
    BODY_COMPOSITION_MEASUREMENT,
    ENHANCED_BLOOD_PRESSURE_MEASUREMENT,
    GLUCOSE_MEASUREMENT,
    PLX_SPOT_CHECK_MEASUREMENT,
    TEMPERATURE_MEASUREMENT,
    WEIGHT_MEASUREMENT,
)
from ohx_desktop.ble.codec import body_composition as composition
from ohx_desktop.ble.codec import glucose, local_time, pnp_id, reference_time, user_control
from ohx_desktop.ble.codec import health_thermometer as thermometer
from ohx_desktop.ble.codec import pulse_oximeter as oximeter
from ohx_desktop.ble.codec import record_access as records
from ohx_desktop.ble.codec import user_data as users
from ohx_desktop.ble.codec import weight_scale as scale
from ohx_desktop.ble.codec.battery import decode_battery_level
from ohx_desktop.ble.codec.body_composition_packets import NeedSecondPacket, incomplete, join
from ohx_desktop.ble.codec.enhanced_blood_pressure import decode_enhanced_blood_pressure
from ohx_desktop.ble.codec.glucose_context import decode_glucose_context
from ohx_desktop.ble.codec.heart_rate import decode_heart_rate_measurement

Decode = Callable[[bytes], Any]

DECODERS: dict[str, Decode] = {
    "weight_measurement": scale.decode_weight_measurement,
    "weight_scale_feature": scale.decode_weight_scale_feature,
    "body_composition": composition.decode_body_composition,
    "body_composition_feature": composition.decode_body_composition_feature,
    "temperature_measurement": thermometer.decode_temperature_measurement,
    "intermediate_temperature": thermometer.decode_intermediate_temperature,
    "temperature_type": thermometer.decode_temperature_type,
    "spot_check": oximeter.decode_spot_check,
    "continuous_oximetry": oximeter.decode_continuous_measurement,
    "oximeter_feature": oximeter.decode_oximeter_feature,
    "glucose_measurement": glucose.decode_glucose_measurement,
    "glucose_context": decode_glucose_context,
    "glucose_feature": glucose.decode_glucose_feature,
    "record_request": records.decode_record_request,
    "record_answer": records.decode_record_answer,
    "user_request": user_control.decode_user_request,
    "user_answer": user_control.decode_user_answer,
    "user_index": users.decode_user_index,
    "change_increment": users.decode_change_increment,
    "date_of_birth": users.decode_date_of_birth,
    "gender": users.decode_gender,
    "height": users.decode_height_cm,
    "local_time": local_time.decode_local_time,
    "reference_time": reference_time.decode_reference_time,
    "battery_level": decode_battery_level,
    "heart_rate": decode_heart_rate_measurement,
    "enhanced_blood_pressure": decode_enhanced_blood_pressure,
    "pnp_id": pnp_id.decode_pnp_id,
}

RESULTS = {
    "weight_measurement": WEIGHT_MEASUREMENT,
    "body_composition": BODY_COMPOSITION_MEASUREMENT,
    "body_composition_packets": BODY_COMPOSITION_MEASUREMENT,
    "temperature_measurement": TEMPERATURE_MEASUREMENT,
    "spot_check": PLX_SPOT_CHECK_MEASUREMENT,
    "glucose_measurement": GLUCOSE_MEASUREMENT,
    "enhanced_blood_pressure": ENHANCED_BLOOD_PRESSURE_MEASUREMENT,
}
"""Vector files of results, with their characteristic."""


def decode_packets(frames: Sequence[bytes]) -> composition.BodyComposition:
    """Return what all the packets are together. Raises Truncated where they are no pair."""
    waiting: NeedSecondPacket | None = None
    for frame in frames:
        joined = join(waiting, composition.decode_body_composition(frame))
        if not isinstance(joined, NeedSecondPacket):
            return joined
        waiting = joined
    raise incomplete()


def parts(value: Any) -> Any:
    """Return a decoder's result as JSON has it; what was not sent or is not set is left out."""
    if isinstance(value, IntFlag):
        return {"features": [flag.name for flag in type(value) if flag in value]}
    if not is_dataclass(value):
        return _shown(value)
    shown = {field.name: _shown(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, glucose.GlucoseMeasurement):
        shown["timestamp"] = _shown(value.timestamp)
    kept = {name: part for name, part in shown.items() if part is not None and part is not False}
    return {name: part for name, part in kept.items() if part != [] or name == "features"}


def _shown(value: Any) -> Any:
    if isinstance(value, IntFlag):
        return [flag.name for flag in type(value) if flag in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Enum):
        return value.value if isinstance(value, str) else value.name
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_shown(item) for item in value]
    return parts(value) if is_dataclass(value) else value
