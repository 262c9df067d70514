"""What the parts of a body composition mean: quantities, or a refusal.

All but weight and height is derived from the impedance between bare feet. With shoes or socks on,
devices send 0 % body fat, often with a basal metabolism from the profile and a lean mass that
equals the weight: none of it was measured.

Source: Body Composition Service 1.0.1; receiver rules for odd frames.
"""

from decimal import Decimal

from ohx_desktop.ble.codec.body_composition import BodyComposition
from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.weight_scale import WeightMeasurement
from ohx_desktop.ble.codec.weight_scale_values import quantities_of as weighed
from ohx_desktop.domain.errors import MeasurementFailed
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, measured

_Row = tuple[QuantityKind, Decimal | None, Unit]


def quantities_of(composition: BodyComposition) -> tuple[Quantity, ...]:
    """Return what was measured, weight first; height and weight alone where no more was.

    A part sent as 0 was not measured. The height is that of a profile in the device; see
    `weight_scale_values.without_foreign_profile`. Raises MeasurementFailed where neither body fat
    nor weight was measured, and for half a measurement; Implausible.
    """
    if composition.is_one_of_two:
        raise MeasurementFailed("half a body composition is no measurement")
    quantities = _rows([*_body(composition), *_derived(composition)])
    if not any(quantity.kind is not QuantityKind.BODY_HEIGHT for quantity in quantities):
        raise MeasurementFailed(
            "the device reports that it could not measure the body composition",
            hint="stand on it with bare, dry feet and measure again",
        )
    require_plausible(quantities)
    return quantities


def measured_of(composition: BodyComposition) -> Measured:
    """Return the measurement's meaning. Raises MeasurementFailed, Implausible."""
    return Measured(
        quantities=quantities_of(composition),
        has_time=composition.has_time,
        timestamp=composition.timestamp,
        user_id=composition.user_id,
    )


def belong_together(weight: WeightMeasurement, composition: BodyComposition) -> bool:
    """Tell whether a composition is of the weighing just before it on the same connection.

    Time and user must be the same as far as the composition has them, and so must the weight.
    """
    if composition.has_time and composition.timestamp != weight.timestamp:
        return False
    if composition.has_user and composition.user_id != weight.user_id:
        return False
    if composition.weight is None:
        return True
    return (composition.weight, composition.mass_unit) == (weight.weight, weight.mass_unit)


def quantities_of_both(
    weight: WeightMeasurement, composition: BodyComposition
) -> tuple[Quantity, ...]:
    """Return the quantities of a weighing and the composition that belongs to it.

    Weight and height are those of the weighing: a weight in the composition only confirms it. A
    composition that was not measured adds nothing. Raises MeasurementFailed, Implausible, and
    ValueError where the two do not belong together.
    """
    if not belong_together(weight, composition) or composition.is_one_of_two:
        raise ValueError("a body composition belongs to the weighing it came with")
    own = weighed(weight)
    kinds = {quantity.kind for quantity in own}
    added = _rows([*_body(composition), *_derived(composition)])
    quantities = (*own, *(quantity for quantity in added if quantity.kind not in kinds))
    require_plausible(quantities)
    return quantities


def _body(parts: BodyComposition) -> list[_Row]:
    return [
        (QuantityKind.BODY_WEIGHT, parts.weight, parts.mass_unit),
        (QuantityKind.BODY_HEIGHT, parts.height, parts.length_unit),
    ]


def _derived(parts: BodyComposition) -> list[_Row]:
    if not parts.body_fat:
        return []
    mass = parts.mass_unit
    return [
        (QuantityKind.BODY_FAT_PERCENTAGE, parts.body_fat, Unit.PERCENT),
        (QuantityKind.BASAL_METABOLISM, parts.basal_metabolism, Unit.KILOJOULE_PER_DAY),
        (QuantityKind.MUSCLE_PERCENTAGE, parts.muscle_percentage, Unit.PERCENT),
        (QuantityKind.MUSCLE_MASS, parts.muscle_mass, mass),
        (QuantityKind.LEAN_MASS, parts.fat_free_mass, mass),
        (QuantityKind.SOFT_LEAN_MASS, parts.soft_lean_mass, mass),
        (QuantityKind.BODY_WATER_MASS, parts.body_water_mass, mass),
        (QuantityKind.IMPEDANCE, parts.impedance, Unit.OHM),
    ]


def _rows(rows: list[_Row]) -> tuple[Quantity, ...]:
    return tuple(measured(kind, value, unit) for kind, value, unit in rows if value)
