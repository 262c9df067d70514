"""The weight record of Omron's extension: a weighing with the body composition measured with it.

Source: freesonwill/BleSampleOmron (layout); captures of HBF-222T (magcode/omviva).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.scale_units import IMPERIAL, METRIC, Step, steps
from ohx_desktop.ble.omron.extension import (
    Field,
    Form,
    decode_packet,
    integer,
    join,
    user_of,
    whole_records,
)
from ohx_desktop.domain.errors import MeasurementFailed
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit, measured

_ONE, _TENTH, _HALF = Step.of("1"), Step.of("0.1"), Decimal("0.5")
_UNSUCCESSFUL = 0xFFFF

WEIGHT_FORM = Form(
    "Omron weight",
    3,
    {
        1: (("sequence", Field.U16),),
        2: (("weight", Field.U16),),
        3: (("time", Field.TIME),),
        4: (("user", Field.U8),),
        5: (("body_mass_index", Field.U16), ("height", Field.U16)),
        6: (("body_fat", Field.U16),),
        7: (("basal_metabolism", Field.U16),),
        8: (("muscle_percentage", Field.U16),),
        9: (("muscle_mass", Field.U16),),
        10: (("fat_free_mass", Field.U16),),
        11: (("soft_lean_mass", Field.U16),),
        12: (("body_water_mass", Field.U16),),
        13: (("impedance", Field.U16),),
        14: (("skeletal_muscle_percentage", Field.U16),),
        15: (("visceral_fat_level", Field.U8),),
        16: (("body_age", Field.U8),),
        17: (("fat_stage", Field.U8),),
        18: (("skeletal_muscle_stage", Field.U8),),
        19: (("visceral_fat_stage", Field.U8),),
    },
    20,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionWeight:
    """A weighing. Masses in `mass_unit`, height in `length_unit`, shares in %, impedance in ohm.

    Basal metabolism is in kJ a day. The height is that of the user's profile, and the index is
    computed from it. A part is None where it was not sent; 0 is "not measured". `stages` are the
    device's own ratings of fat, skeletal muscle and visceral fat.
    """

    mass_unit: Unit
    length_unit: Unit
    weight: Decimal | None
    timestamp: datetime | None
    has_time: bool
    user_id: int | None
    sequence: int | None
    body_mass_index: Decimal | None
    height: Decimal | None
    body_fat: Decimal | None
    basal_metabolism: Decimal | None
    muscle_percentage: Decimal | None
    muscle_mass: Decimal | None
    fat_free_mass: Decimal | None
    soft_lean_mass: Decimal | None
    body_water_mass: Decimal | None
    impedance: Decimal | None
    skeletal_muscle_percentage: Decimal | None
    visceral_fat_level: Decimal | None
    body_age: int | None
    stages: tuple[int | None, int | None, int | None]


def decode_extension_weight(frames: Sequence[bytes]) -> ExtensionWeight:
    """Decode the one or two notifications of a weighing.

    Raises Truncated, TrailingBytes, Unsupported.
    """
    packet = join([decode_packet(frame, WEIGHT_FORM) for frame in frames], WEIGHT_FORM)
    fields = packet.fields
    units = IMPERIAL if packet.imperial_or_kilopascal else METRIC
    timestamp, visceral = fields.get("time"), integer(fields, "visceral_fat_level")

    def counted(name: str, step: Step) -> Decimal | None:
        count = integer(fields, name)
        return None if count is None else steps(count, step)

    def mass(name: str) -> Decimal | None:
        return counted(name, units.mass_step)

    return ExtensionWeight(
        mass_unit=units.mass,
        length_unit=units.length,
        weight=None if fields.get("weight") == _UNSUCCESSFUL else mass("weight"),
        timestamp=timestamp if isinstance(timestamp, datetime) else None,
        has_time="time" in fields,
        user_id=user_of(fields),
        sequence=integer(fields, "sequence"),
        body_mass_index=counted("body_mass_index", _TENTH),
        height=counted("height", units.length_step),
        body_fat=counted("body_fat", _TENTH),
        basal_metabolism=counted("basal_metabolism", _ONE),
        muscle_percentage=counted("muscle_percentage", _TENTH),
        muscle_mass=mass("muscle_mass"),
        fat_free_mass=mass("fat_free_mass"),
        soft_lean_mass=mass("soft_lean_mass"),
        body_water_mass=mass("body_water_mass"),
        impedance=counted("impedance", _TENTH),
        skeletal_muscle_percentage=counted("skeletal_muscle_percentage", _TENTH),
        visceral_fat_level=None if visceral is None else visceral * _HALF,
        body_age=integer(fields, "body_age"),
        stages=_stages(fields),
    )


def measured_of(record: ExtensionWeight) -> Measured:
    """Return what was measured, weight first. Raises MeasurementFailed, Implausible.

    Without body fat nothing else was measured through the feet. The share of skeletal muscle, the
    body age and the ratings have no place in a reading.
    """
    if not record.weight:
        raise MeasurementFailed(
            "the scale reports that it could not weigh",
            hint="stand still on the scale until it shows the weight, then weigh again",
        )
    rows = [
        (QuantityKind.BODY_WEIGHT, record.weight, record.mass_unit),
        (QuantityKind.BODY_HEIGHT, record.height, record.length_unit),
    ]
    if record.height:
        index = record.body_mass_index
        rows.append((QuantityKind.BODY_MASS_INDEX, index, Unit.KILOGRAM_PER_SQUARE_METRE))
    if record.body_fat:
        rows += _derived(record)
    quantities: tuple[Quantity, ...] = tuple(
        measured(kind, value, unit) for kind, value, unit in rows if value
    )
    require_plausible(quantities)
    return Measured(
        quantities=quantities,
        has_time=record.has_time,
        timestamp=record.timestamp,
        user_id=record.user_id,
        sequence=record.sequence,
    )


def decode_weights(frames: Sequence[bytes]) -> tuple[Measured, ...]:
    """Return the meaning of all records in notifications of one connection, in their order.

    Raises Truncated, TrailingBytes, Unsupported, MeasurementFailed, Implausible.
    """
    return tuple(
        measured_of(decode_extension_weight(record))
        for record in whole_records(frames, WEIGHT_FORM)
    )


def _derived(record: ExtensionWeight) -> list[tuple[QuantityKind, Decimal | None, Unit]]:
    mass = record.mass_unit
    return [
        (QuantityKind.BODY_FAT_PERCENTAGE, record.body_fat, Unit.PERCENT),
        (QuantityKind.BASAL_METABOLISM, record.basal_metabolism, Unit.KILOJOULE_PER_DAY),
        (QuantityKind.MUSCLE_PERCENTAGE, record.muscle_percentage, Unit.PERCENT),
        (QuantityKind.MUSCLE_MASS, record.muscle_mass, mass),
        (QuantityKind.LEAN_MASS, record.fat_free_mass, mass),
        (QuantityKind.SOFT_LEAN_MASS, record.soft_lean_mass, mass),
        (QuantityKind.BODY_WATER_MASS, record.body_water_mass, mass),
        (QuantityKind.IMPEDANCE, record.impedance, Unit.OHM),
        (QuantityKind.VISCERAL_FAT_LEVEL, record.visceral_fat_level, Unit.ONE),
    ]


def _stages(fields: Mapping[str, object]) -> tuple[int | None, int | None, int | None]:
    return (
        integer(fields, "fat_stage"),
        integer(fields, "skeletal_muscle_stage"),
        integer(fields, "visceral_fat_stage"),
    )
