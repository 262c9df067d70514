"""Glucose Service (0x1808), the context of a measurement: meal, medication and the like.

Source: Glucose Service 1.0.1; GATT Specification Supplement, Glucose Measurement Context.
"""

from dataclasses import dataclass
from enum import IntEnum

from ohx_desktop.ble.codec.frame import FrameReader
from ohx_desktop.ble.codec.sfloat import SFloat, decode_sfloat

_HAS_CARBOHYDRATE = 0b0000_0001
_HAS_MEAL = 0b0000_0010
_HAS_TESTER_AND_HEALTH = 0b0000_0100
_HAS_EXERCISE = 0b0000_1000
_HAS_MEDICATION = 0b0001_0000
_MEDICATION_IN_LITRES = 0b0010_0000
_HAS_HBA1C = 0b0100_0000
_HAS_EXTENDED_FLAGS = 0b1000_0000


class Meal(IntEnum):
    """When of the meal. Other numbers are reserved."""

    BEFORE = 1
    AFTER = 2
    FASTING = 3
    CASUAL = 4
    BEDTIME = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication:
    """A dose, in litres if `in_litres`, else in kilograms. Codes 1 to 5 are kinds of insulin."""

    code: int
    dose: SFloat
    in_litres: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """How long, 65535 s or more as 65535, and how hard."""

    duration_s: int
    intensity_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseContext:
    """The parts of one 0x2A34 value, as sent; codes are the numbers on the wire.

    `sequence` is that of the measurement it belongs to. Carbohydrate in kg, HbA1c in %.
    """

    sequence: int
    carbohydrate: tuple[int, SFloat] | None
    meal: int | None
    tester: int | None
    health: int | None
    exercise: Exercise | None
    medication: Medication | None
    hba1c: SFloat | None


def decode_glucose_context(frame: bytes) -> GlucoseContext:
    """Decode a 0x2A34 value. Raises Truncated, TrailingBytes, Unsupported.

    With extended flags set, one byte of them follows the sequence number; none has a meaning yet.
    """
    reader = FrameReader("Glucose Measurement Context", frame)
    flags = reader.u8()
    sequence = reader.u16()
    extended = reader.u8() if flags & _HAS_EXTENDED_FLAGS else 0
    carbohydrate = (reader.u8(), decode_sfloat(reader.u16())) if flags & _HAS_CARBOHYDRATE else None
    meal = reader.u8() if flags & _HAS_MEAL else None
    tester_and_health = reader.u8() if flags & _HAS_TESTER_AND_HEALTH else None
    exercise = _exercise(reader) if flags & _HAS_EXERCISE else None
    in_litres = bool(flags & _MEDICATION_IN_LITRES)
    medication = _medication(reader, in_litres=in_litres) if flags & _HAS_MEDICATION else None
    hba1c = decode_sfloat(reader.u16()) if flags & _HAS_HBA1C else None
    reader.finish(reserved=extended)
    return GlucoseContext(
        sequence=sequence,
        carbohydrate=carbohydrate,
        meal=meal,
        tester=None if tester_and_health is None else tester_and_health & 0x0F,
        health=None if tester_and_health is None else tester_and_health >> 4,
        exercise=exercise,
        medication=medication,
        hba1c=hba1c,
    )


def _exercise(reader: FrameReader) -> Exercise:
    return Exercise(duration_s=reader.u16(), intensity_percent=reader.u8())


def _medication(reader: FrameReader, *, in_litres: bool) -> Medication:
    return Medication(code=reader.u8(), dose=decode_sfloat(reader.u16()), in_litres=in_litres)
