"""Records of the scales with the service FFE0: 22 bytes in two halves, and what they mean.

Of a person the scale does not know, or who wears shoes, it sends zeros for the composition; then
only weight and impedance are kept. What it calls bone is the whole skeleton, not bone mineral, and
stays out of the quantities.

Sources: published programs for BF700, BF710, BF800 and SBF70, and captures of SBF70 and BF800.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from struct import Struct

from ohx_desktop.ble.beurer.ffe0_frames import WEIGHT_STEP_KG
from ohx_desktop.domain.errors import MeasurementFailed, TrailingBytes, Truncated
from ohx_desktop.domain.plausibility import require_plausible
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit

_LAYOUT = Struct(">I9H")
_UNKNOWN_LAYOUT = Struct(">I2H")
# A BF800 sets the top bit of the time in live results.
_LIVE_TIME = 0x7FFF_FFFF
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The parts of a record, as sent: percents, kilograms, ohm, kcal a day.

    `unix_s` are seconds since 1970 in UTC. The composition is zero where it was not measured.
    """

    unix_s: int
    weight_kg: Decimal
    impedance_ohm: int
    fat_percent: Decimal = Decimal(0)
    water_percent: Decimal = Decimal(0)
    muscle_percent: Decimal = Decimal(0)
    bone_kg: Decimal = Decimal(0)
    basal_kcal: int = 0
    active_kcal: int = 0
    bmi: Decimal = Decimal(0)

    @property
    def stamp(self) -> datetime | None:
        """The naive time in UTC, None for a clock that was never set or cannot be meant."""
        if not 0 < self.unix_s <= _LIVE_TIME:
            return None
        return datetime.fromtimestamp(self.unix_s, UTC).replace(tzinfo=None)

    @property
    def has_composition(self) -> bool:
        """Tell whether a composition was measured: then none of its main parts is zero."""
        return all((self.impedance_ohm, self.fat_percent, self.water_percent, self.muscle_percent))


def decode_record(raw: bytes, *, is_live: bool) -> Record:
    """Decode the two halves of a record, joined. Raises Truncated, TrailingBytes."""
    _require_length(raw, _LAYOUT.size)
    unix_s, weight, impedance, fat, water, muscle, bone, basal, active, bmi = _LAYOUT.unpack(raw)
    return Record(
        unix_s=unix_s & _LIVE_TIME if is_live else unix_s,
        weight_kg=weight * WEIGHT_STEP_KG,
        impedance_ohm=impedance,
        fat_percent=fat * _TENTH,
        water_percent=water * _TENTH,
        muscle_percent=muscle * _TENTH,
        bone_kg=bone * WEIGHT_STEP_KG,
        basal_kcal=basal,
        active_kcal=active,
        bmi=bmi * _TENTH,
    )


def decode_unknown_record(raw: bytes) -> Record:
    """Decode the record of a person the scale does not know. Raises Truncated, TrailingBytes."""
    _require_length(raw, _UNKNOWN_LAYOUT.size)
    unix_s, weight, impedance = _UNKNOWN_LAYOUT.unpack(raw)
    return Record(unix_s=unix_s, weight_kg=weight * WEIGHT_STEP_KG, impedance_ohm=impedance)


def quantities_of(record: Record) -> tuple[Quantity, ...]:
    """Return the weight and whatever else was measured. Raises MeasurementFailed, Implausible."""
    if not record.weight_kg:
        raise MeasurementFailed("the scale reports that it could not measure the weight")
    quantities = list(weight_only(record.weight_kg))
    if record.impedance_ohm:
        quantities.append(_of(QuantityKind.IMPEDANCE, Decimal(record.impedance_ohm), Unit.OHM))
    if record.has_composition:
        quantities += [
            _of(QuantityKind.BODY_FAT_PERCENTAGE, record.fat_percent, Unit.PERCENT),
            _of(QuantityKind.BODY_WATER_PERCENTAGE, record.water_percent, Unit.PERCENT),
            _of(QuantityKind.MUSCLE_PERCENTAGE, record.muscle_percent, Unit.PERCENT),
        ]
        if record.basal_kcal:
            basal = Decimal(record.basal_kcal)
            quantities.append(_of(QuantityKind.BASAL_METABOLISM, basal, Unit.KILOCALORIE_PER_DAY))
        if record.bmi:
            unit = Unit.KILOGRAM_PER_SQUARE_METRE
            quantities.append(_of(QuantityKind.BODY_MASS_INDEX, record.bmi, unit))
    require_plausible(quantities)
    return tuple(quantities)


def weight_only(weight_kg: Decimal) -> tuple[Quantity, ...]:
    """Return a weight alone. Raises Implausible."""
    quantities = (_of(QuantityKind.BODY_WEIGHT, weight_kg, Unit.KILOGRAM),)
    require_plausible(quantities)
    return quantities


def _of(kind: QuantityKind, value: Decimal, unit: Unit) -> Quantity:
    return Quantity(kind=kind, value=value, unit=unit)


def _require_length(raw: bytes, length: int) -> None:
    if len(raw) < length:
        raise Truncated("record of an FFE0 scale: it is shorter than a record")
    if len(raw) > length:
        raise TrailingBytes("record of an FFE0 scale: it is longer than a record")
