"""What the parts of a temperature measurement mean: a quantity and a place, or a refusal.

Source: Health Thermometer Service 1.0; receiver rules for odd frames.
"""

from ohx_desktop.ble.codec.health_thermometer import TemperatureMeasurement, TemperatureType
from ohx_desktop.ble.codec.measured import Measured, number
from ohx_desktop.domain.errors import MeasurementFailed, Unsupported
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, measured

# A temperature "of the body" names no place.
_FLAGS: dict[int, frozenset[Flag]] = {
    TemperatureType.ARMPIT: frozenset({Flag.AT_ARMPIT}),
    TemperatureType.BODY: frozenset(),
    TemperatureType.EAR: frozenset({Flag.AT_EAR}),
    TemperatureType.FINGER: frozenset({Flag.AT_FINGER}),
    TemperatureType.GASTRO_INTESTINAL_TRACT: frozenset({Flag.AT_INTESTINE}),
    TemperatureType.MOUTH: frozenset({Flag.AT_MOUTH}),
    TemperatureType.RECTUM: frozenset({Flag.AT_RECTUM}),
    TemperatureType.TOE: frozenset({Flag.AT_TOE}),
    TemperatureType.TYMPANUM: frozenset({Flag.AT_EAR}),
}


def quantities_of(
    measurement: TemperatureMeasurement,
    *,
    constant_type: int | None = None,
    needs_type: bool = False,
) -> tuple[Quantity, ...]:
    """Return the body temperature in the unit of the device.

    `constant_type` is that of 0x2A1D, for devices that do not send one each time; with
    `needs_type` a device that also measures objects must tell what it measured. Raises
    Unsupported for a reserved type: that is an object, a room or something unknown. Raises
    MeasurementFailed, Implausible.
    """
    kind = _type(measurement, constant_type)
    if kind not in _FLAGS and (kind is not None or needs_type):
        raise Unsupported(
            "the thermometer does not say that this is the temperature of a body",
            hint="set the thermometer to body temperature and measure again",
        )
    temperature = number(measurement.temperature)
    if temperature is None:
        raise MeasurementFailed(
            "the thermometer reports that it could not measure", hint="measure again"
        )
    quantity = measured(QuantityKind.BODY_TEMPERATURE, temperature, measurement.unit)
    require_plausible([quantity])
    return (quantity,)


def flags_of(
    measurement: TemperatureMeasurement, *, constant_type: int | None = None
) -> frozenset[Flag]:
    """Return the place of measuring as a flag, nothing where it is not told."""
    kind = _type(measurement, constant_type)
    return frozenset() if kind is None else _FLAGS.get(kind, frozenset())


def measured_of(
    measurement: TemperatureMeasurement,
    *,
    constant_type: int | None = None,
    needs_type: bool = False,
) -> Measured:
    """Return the measurement's meaning. Raises Unsupported, MeasurementFailed, Implausible."""
    return Measured(
        quantities=quantities_of(measurement, constant_type=constant_type, needs_type=needs_type),
        flags=flags_of(measurement, constant_type=constant_type),
        has_time=measurement.has_time,
        timestamp=measurement.timestamp,
    )


def _type(measurement: TemperatureMeasurement, constant_type: int | None) -> int | None:
    sent = measurement.temperature_type
    return constant_type if sent is None else sent
