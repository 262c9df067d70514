"""From the characteristic of a result to its decoder: one row each.

Progress (cuff pressure while inflating, intermediate temperature, what an oximeter shows now) has
no row, because it is never a result.

Source: Bluetooth SIG health services.
"""

from collections.abc import Callable, Mapping, Sequence

from ohx_desktop.ble.assigned_numbers import (
    BLOOD_PRESSURE_MEASUREMENT,
    BODY_COMPOSITION_MEASUREMENT,
    ENHANCED_BLOOD_PRESSURE_MEASUREMENT,
    GLUCOSE_MEASUREMENT,
    PLX_SPOT_CHECK_MEASUREMENT,
    TEMPERATURE_MEASUREMENT,
    WEIGHT_MEASUREMENT,
)
from ohx_desktop.ble.codec import (
    blood_pressure_values,
    body_composition_values,
    glucose_values,
    health_thermometer_values,
    pulse_oximeter_values,
    weight_scale_values,
)
from ohx_desktop.ble.codec.blood_pressure import (
    BloodPressureMeasurement,
    decode_blood_pressure_measurement,
)
from ohx_desktop.ble.codec.body_composition import decode_body_composition
from ohx_desktop.ble.codec.body_composition_packets import NeedSecondPacket, incomplete, join
from ohx_desktop.ble.codec.enhanced_blood_pressure import decode_enhanced_blood_pressure
from ohx_desktop.ble.codec.glucose import decode_glucose_measurement
from ohx_desktop.ble.codec.health_thermometer import decode_temperature_measurement
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.pulse_oximeter import decode_spot_check
from ohx_desktop.ble.codec.weight_scale import decode_weight_measurement


def decode_body_compositions(frames: Sequence[bytes]) -> tuple[Measured, ...]:
    """Decode the 0x2A9C values of one connection, in order, joining those sent as two.

    Raises Truncated where a half is missing, and what the decoder raises.
    """
    measured: list[Measured] = []
    waiting: NeedSecondPacket | None = None
    for frame in frames:
        joined = join(waiting, decode_body_composition(frame))
        waiting = joined if isinstance(joined, NeedSecondPacket) else None
        if not isinstance(joined, NeedSecondPacket):
            measured.append(body_composition_values.measured_of(joined))
    if waiting is not None:
        raise incomplete()
    return tuple(measured)


def _each(decode: Callable[[bytes], Measured]) -> Callable[[Sequence[bytes]], tuple[Measured, ...]]:
    return lambda frames: tuple(decode(frame) for frame in frames)


def _blood_pressure(measurement: BloodPressureMeasurement) -> Measured:
    return Measured(
        quantities=blood_pressure_values.quantities_of(measurement),
        flags=blood_pressure_values.flags_of(measurement),
        has_time=measurement.has_time,
        timestamp=measurement.timestamp,
        user_id=measurement.user_id,
    )


MEASUREMENTS: Mapping[str, Callable[[Sequence[bytes]], tuple[Measured, ...]]] = {
    BLOOD_PRESSURE_MEASUREMENT: _each(
        lambda frame: _blood_pressure(decode_blood_pressure_measurement(frame))
    ),
    ENHANCED_BLOOD_PRESSURE_MEASUREMENT: _each(
        lambda frame: _blood_pressure(decode_enhanced_blood_pressure(frame).plain)
    ),
    WEIGHT_MEASUREMENT: _each(
        lambda frame: weight_scale_values.measured_of(decode_weight_measurement(frame))
    ),
    BODY_COMPOSITION_MEASUREMENT: decode_body_compositions,
    TEMPERATURE_MEASUREMENT: _each(
        lambda frame: health_thermometer_values.measured_of(decode_temperature_measurement(frame))
    ),
    PLX_SPOT_CHECK_MEASUREMENT: _each(
        lambda frame: pulse_oximeter_values.measured_of(decode_spot_check(frame))
    ),
    GLUCOSE_MEASUREMENT: _each(
        lambda frame: glucose_values.measured_of(decode_glucose_measurement(frame))
    ),
}
"""By UUID: the values of one connection, in order, to what they mean. Raises the DecodingErrors."""
