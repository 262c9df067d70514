"""What the parts of a glucose measurement mean: a quantity and flags, or a refusal.

Some meters send mg/dL or mmol/L where the flag says kg/L or mol/L. The four never overlap in a
living person, so such a value is recognised; but only a row for the model may vouch for it.

Source: Glucose Service 1.0.1; receiver rules for odd frames.
"""

from decimal import Decimal

from ohx_desktop.ble.codec.glucose import GlucoseMeasurement, SampleLocation, SampleType, Status
from ohx_desktop.ble.codec.glucose_context import GlucoseContext, Meal
from ohx_desktop.ble.codec.measured import Measured, number
from ohx_desktop.domain.errors import MeasurementFailed, Unsupported
from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.plausibility import LIMITS, require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, measured

_OUT_OF_RANGE = Status.RESULT_TOO_HIGH | Status.RESULT_TOO_LOW
_FAULTS = (
    Status.SENSOR_FAULT
    | Status.SAMPLE_TOO_SMALL
    | Status.STRIP_INSERTION
    | Status.STRIP_TYPE
    | Status.TEMPERATURE_TOO_HIGH
    | Status.TEMPERATURE_TOO_LOW
    | Status.STRIP_PULLED
    | Status.GENERAL_FAULT
)
_WHOLE_BLOOD = frozenset(
    {
        SampleType.CAPILLARY_WHOLE_BLOOD,
        SampleType.VENOUS_WHOLE_BLOOD,
        SampleType.ARTERIAL_WHOLE_BLOOD,
        SampleType.UNDETERMINED_WHOLE_BLOOD,
    }
)
_PLASMA = frozenset(
    {
        SampleType.CAPILLARY_PLASMA,
        SampleType.VENOUS_PLASMA,
        SampleType.ARTERIAL_PLASMA,
        SampleType.UNDETERMINED_PLASMA,
    }
)
_MEALS: dict[int, Flag] = {
    Meal.BEFORE: Flag.BEFORE_MEAL,
    Meal.AFTER: Flag.AFTER_MEAL,
    Meal.FASTING: Flag.FASTING,
    Meal.BEDTIME: Flag.BEDTIME,
}


def quantities_of(measurement: GlucoseMeasurement) -> tuple[Quantity, ...]:
    """Return the glucose in mg/dL or mmol/L, as the meter counts.

    Raises MeasurementFailed where the meter reports a fault or a result beyond its range, for a
    control solution and without a result; Unsupported for another sample than blood and for a
    value that is in another unit than its flag says; Implausible.
    """
    _require_blood(measurement)
    status = measurement.status or 0
    concentration = number(measurement.concentration)
    if status & _OUT_OF_RANGE:
        raise MeasurementFailed(
            "the result is beyond what the meter can measure",
            hint="follow the rules of this clinic for results that a meter shows as LO or HI",
        )
    if concentration is None or status & _FAULTS:
        raise MeasurementFailed(
            "the meter reports that it could not measure the glucose",
            hint="measure again with a new strip",
        )
    _require_unit(concentration)
    quantity = measured(QuantityKind.BLOOD_GLUCOSE, concentration, measurement.unit)
    require_plausible([quantity])
    return (quantity,)


def flags_of(
    measurement: GlucoseMeasurement, context: GlucoseContext | None = None
) -> frozenset[Flag]:
    """Return what was measured and when of the meal. Raises ValueError for a foreign context."""
    flags = {Flag.PLASMA_SAMPLE} if measurement.sample_type in _PLASMA else set()
    if context is not None:
        if context.sequence != measurement.sequence:
            raise ValueError("a context belongs to the measurement of its sequence number")
        flags |= {_MEALS[context.meal]} if context.meal in _MEALS else set()
    return frozenset(flags)


def measured_of(measurement: GlucoseMeasurement, context: GlucoseContext | None = None) -> Measured:
    """Return the meaning of a measurement and the context with its sequence number, if there is.

    Raises Unsupported, MeasurementFailed, Implausible.
    """
    has_time_fault = bool((measurement.status or 0) & Status.TIME_FAULT)
    return Measured(
        quantities=quantities_of(measurement),
        flags=flags_of(measurement, context),
        has_time=True,
        timestamp=None if has_time_fault else measurement.timestamp,
        sequence=measurement.sequence,
    )


def _require_blood(measurement: GlucoseMeasurement) -> None:
    sample = measurement.sample_type
    if (
        sample == SampleType.CONTROL_SOLUTION
        or measurement.sample_location == SampleLocation.CONTROL_SOLUTION
    ):
        raise MeasurementFailed(
            "the meter measured a control solution, not a person", hint="measure the patient"
        )
    if sample is not None and sample not in _WHOLE_BLOOD | _PLASMA:
        raise Unsupported("the meter did not measure blood, or does not say what it measured")


def _require_unit(concentration: Decimal) -> None:
    """Refuse a number that is plausible only in the units of a display."""
    for limits in LIMITS[QuantityKind.BLOOD_GLUCOSE].values():
        if limits.low <= concentration <= limits.high:
            raise Unsupported(
                "the meter sends glucose in another unit than it says, so the value is not certain"
            )
