"""What the parts of a weight measurement mean: quantities, or a refusal.

Source: Weight Scale Service 1.0.1; receiver rules for odd frames.
"""

from collections.abc import Sequence
from decimal import Decimal

from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.weight_scale import WeightMeasurement
from ohx_desktop.domain.errors import MeasurementFailed
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, measured

_OF_PROFILE = frozenset({QuantityKind.BODY_HEIGHT, QuantityKind.BODY_MASS_INDEX})
# Profiles are kept in whole centimetres or half inches.
_SAME_HEIGHT_CM = Decimal(1)
_CM_PER_INCH = Decimal("2.54")


def quantities_of(measurement: WeightMeasurement) -> tuple[Quantity, ...]:
    """Return the weight, and the height of the profile with the index computed from it, if sent.

    Before the last two are filed, `without_foreign_profile` must judge whose they are. Raises
    MeasurementFailed, Implausible.
    """
    if not measurement.weight:
        raise MeasurementFailed(
            "the scale reports that it could not weigh",
            hint="stand still on the scale until it shows the weight, then weigh again",
        )
    quantities = [measured(QuantityKind.BODY_WEIGHT, measurement.weight, measurement.mass_unit)]
    if measurement.height:
        quantities.append(
            measured(QuantityKind.BODY_HEIGHT, measurement.height, measurement.length_unit)
        )
    if measurement.body_mass_index and measurement.height:
        quantities.append(
            measured(
                QuantityKind.BODY_MASS_INDEX,
                measurement.body_mass_index,
                Unit.KILOGRAM_PER_SQUARE_METRE,
            )
        )
    require_plausible(quantities)
    return tuple(quantities)


def measured_of(measurement: WeightMeasurement) -> Measured:
    """Return the measurement's meaning. Raises MeasurementFailed, Implausible."""
    return Measured(
        quantities=quantities_of(measurement),
        has_time=measurement.has_time,
        timestamp=measurement.timestamp,
        user_id=measurement.user_id,
    )


def without_foreign_profile(
    quantities: Sequence[Quantity], *, patient_height_cm: Decimal | None
) -> tuple[Quantity, ...]:
    """Leave out height and body mass index unless the height is the patient's.

    A scale computes the index from a height that somebody once typed in, perhaps for somebody
    else. Without a known height of the patient (None), or further than 1 cm from it, neither is
    the patient's.
    """
    height = next((q for q in quantities if q.kind is QuantityKind.BODY_HEIGHT), None)
    if height is not None and patient_height_cm is not None:
        height_cm = height.value * _CM_PER_INCH if height.unit is Unit.INCH else height.value
        if abs(height_cm - patient_height_cm) <= _SAME_HEIGHT_CM:
            return tuple(quantities)
    return tuple(q for q in quantities if q.kind not in _OF_PROFILE)
