"""Measure types of Withings: what each is, and in which unit its numbers are.

Source: Withings API, measure getmeas, meastype.
"""

from ohx_desktop.domain.quantity import QuantityKind, Unit

SYSTOLIC, DIASTOLIC = 10, 9
# Of what it is the temperature is not told; on some scales it is that of the room.
UNCLEAR_TEMPERATURE = 12
WHOLE_BODY = 7

# 226 is a rate: kcal a day.
KINDS: dict[int, tuple[QuantityKind, Unit]] = {
    1: (QuantityKind.BODY_WEIGHT, Unit.KILOGRAM),
    4: (QuantityKind.BODY_HEIGHT, Unit.METRE),
    5: (QuantityKind.LEAN_MASS, Unit.KILOGRAM),
    6: (QuantityKind.BODY_FAT_PERCENTAGE, Unit.PERCENT),
    8: (QuantityKind.FAT_MASS, Unit.KILOGRAM),
    DIASTOLIC: (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, Unit.MM_HG),
    SYSTOLIC: (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, Unit.MM_HG),
    11: (QuantityKind.PULSE_RATE, Unit.PER_MINUTE),
    54: (QuantityKind.OXYGEN_SATURATION, Unit.PERCENT),
    71: (QuantityKind.BODY_TEMPERATURE, Unit.CELSIUS),
    73: (QuantityKind.SKIN_TEMPERATURE, Unit.CELSIUS),
    76: (QuantityKind.MUSCLE_MASS, Unit.KILOGRAM),
    77: (QuantityKind.BODY_WATER_MASS, Unit.KILOGRAM),
    88: (QuantityKind.BONE_MASS, Unit.KILOGRAM),
    91: (QuantityKind.PULSE_WAVE_VELOCITY, Unit.METRE_PER_SECOND),
    170: (QuantityKind.VISCERAL_FAT_LEVEL, Unit.ONE),
    226: (QuantityKind.BASAL_METABOLISM, Unit.KILOCALORIE_PER_DAY),
}

# Known, and of no kind here: VO2max, the ECG's results and intervals, vascular age, nerve health,
# water inside and outside of cells, segments, skin conductance, metabolic age.
UNSUPPORTED = frozenset(
    {
        *(123, 130, 135, 136, 137, 138, 139, 155, 158, 159, 167, 168, 169),
        *(173, 174, 175, 196, 197, 198, 227, 229),
    }
)
