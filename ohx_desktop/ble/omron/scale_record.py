"""One record of a scale's EEPROM.

HN-300T2 keeps the weight twice, in kilograms and pounds, which checks it. The older scales keep a
whole body composition, but sources disagree on the step of its weight: no reading is made of the
records of 32 bytes, and of those of 48 only where somebody answers for it.

Source: eigger/hass-omron #233 and its memory-map notes; oliexdev/openScale OmronLib.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ohx_desktop.ble.codec.measured import Measured
from ohx_desktop.ble.codec.scale_units import Step, steps
from ohx_desktop.ble.omron.memory_map import MemoryMap, RecordForm
from ohx_desktop.ble.omron.record import check_trailer, is_empty, require_size, timestamp_of
from ohx_desktop.domain.errors import DecodingError
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import QuantityKind, Unit, measured

_KG_STEP, _LB_STEP = Step.of("0.05"), Step.of("0.2")
_TENTH, _HALF = Decimal("0.1"), Decimal("0.5")
_LB_PER_KG = Decimal("2.2046226")
# Half a step of each, in pounds, and a device that cuts off instead of rounding.
_LB_TOLERANCE = Decimal("0.25")
_NO_WEIGHT = b"\xff\xff"
_TIME_FIELDS = ("year", "month", "day", "hour", "minute", "second")
# What the scale displays: kilograms, pounds, or stones and pounds.
_SHOWN_UNITS = {0: Unit.KILOGRAM, 1: Unit.POUND, 2: Unit.POUND}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRecord:
    """A weighing of HN-300T2. `shown_in` is the unit of its display (pounds also for stones)."""

    weight_kg: Decimal
    weight_lb: Decimal
    shown_in: Unit
    timestamp: datetime
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositionRecord:
    """The parts of a body composition record; 0 is "not measured".

    `weight_count` is the weight in steps of which nobody knows the size.
    """

    weight_count: int
    body_fat_percent: Decimal
    skeletal_muscle_percent: Decimal
    body_mass_index: Decimal
    basal_metabolism_kcal: int
    visceral_fat_level: Decimal
    body_age: int
    timestamp: datetime
    counter: int


def decode_weight_record(raw: bytes, memory: MemoryMap) -> WeightRecord | None:
    """Return a weighing, None for an empty slot.

    Raises Truncated, TrailingBytes, and DecodingError for a check sum that fails, two weights that
    differ, an unknown unit, and a date that does not exist.
    """
    require_size(raw, memory.record)
    if is_empty(raw) or raw.startswith(_NO_WEIGHT):
        return None
    if check_trailer(raw, memory.trailer) is False:
        raise DecodingError("the check sum in the record is wrong")
    weight_kg = steps(int.from_bytes(raw[0:2], "big"), _KG_STEP)
    weight_lb = steps(int.from_bytes(raw[11:13], "big"), _LB_STEP)
    if abs(weight_kg * _LB_PER_KG - weight_lb) > _LB_TOLERANCE:
        raise DecodingError("the two weights in the record differ")
    if raw[8] not in _SHOWN_UNITS:
        raise DecodingError("the record has a unit that this program lacks")
    return WeightRecord(
        weight_kg=weight_kg,
        weight_lb=weight_lb,
        shown_in=_SHOWN_UNITS[raw[8]],
        timestamp=timestamp_of(dict(zip(_TIME_FIELDS, raw[2:8], strict=True))),
        sequence=int.from_bytes(raw[9:11], "big"),
    )


def measured_weight_of(record: WeightRecord, *, user: int | None) -> Measured:
    """Return the weight as the display showed it, in kg or [lb_av]. Raises Implausible."""
    value = record.weight_kg if record.shown_in is Unit.KILOGRAM else record.weight_lb
    quantities = (measured(QuantityKind.BODY_WEIGHT, value, record.shown_in),)
    require_plausible(quantities)
    return Measured(
        quantities=quantities,
        has_time=True,
        timestamp=record.timestamp,
        user_id=user,
        sequence=record.sequence,
    )


def measured_composition_of(record: CompositionRecord, *, user: int | None) -> Measured:
    """Return the weight of a record of 48 bytes; all else hangs on the profile of a user.

    The step is that of one scale, an HBF-702T: never take it without a look at the display. The
    counter's meaning is not settled, so it is no sequence number. Raises Implausible.
    """
    value = steps(record.weight_count, _KG_STEP)
    quantities = (measured(QuantityKind.BODY_WEIGHT, value, Unit.KILOGRAM),)
    require_plausible(quantities)
    return Measured(quantities=quantities, has_time=True, timestamp=record.timestamp, user_id=user)


def decode_composition_record(raw: bytes, memory: MemoryMap) -> CompositionRecord | None:
    """Return the parts of a body composition, None for an empty slot.

    Raises Truncated, TrailingBytes, DecodingError for a date that does not exist.
    """
    require_size(raw, memory.record)
    if is_empty(raw):
        return None

    def bits(first: int, last: int) -> int:
        """Bit 0 is the top bit of the first byte; both ends count."""
        whole = int.from_bytes(raw, "big")
        return whole >> (8 * len(raw) - 1 - last) & (1 << last - first + 1) - 1

    fine_visceral = memory.record is RecordForm.COMPOSITION_48
    return CompositionRecord(
        weight_count=bits(208, 219),
        body_fat_percent=bits(16, 25) * _TENTH,
        skeletal_muscle_percent=bits(48, 57) * _TENTH,
        body_mass_index=bits(64, 73) * _TENTH,
        basal_metabolism_kcal=bits(32, 43),
        visceral_fat_level=bits(26, 31) * (_HALF if fine_visceral else Decimal(1)),
        body_age=bits(81, 87),
        timestamp=timestamp_of(
            {
                "year": bits(58, 63),
                "month": bits(92, 95),
                "day": bits(96, 100),
                "hour": bits(101, 105),
                "minute": bits(74, 79),
                "second": bits(106, 111),
            }
        ),
        counter=bits(192, 207),
    )
