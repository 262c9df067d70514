"""What a data point tells beside its number: where, of what, and when of the meal. Pure.

Source: Google Health API v4, CoreBodyTemperature, BloodGlucose.
"""

from enum import Enum, auto

from ohx_desktop.cloud.answers import Json
from ohx_desktop.cloud.google_health.data_types import DataType
from ohx_desktop.domain.flags import Flag

# A place without a flag is not told on; none of them makes the temperature another one.
_PLACES = {
    "ARMPIT": Flag.AT_ARMPIT,
    "EAR": Flag.AT_EAR,
    "EAR_DRUM": Flag.AT_EAR,
    "FINGER": Flag.AT_FINGER,
    "GASTRO_INTESTINAL": Flag.AT_INTESTINE,
    "MOUTH": Flag.AT_MOUTH,
    "RECTUM": Flag.AT_RECTUM,
    "TOE": Flag.AT_TOE,
}
_TIMINGS = {
    "FASTING": Flag.FASTING,
    "BEFORE_MEAL": Flag.BEFORE_MEAL,
    "AFTER_MEAL": Flag.AFTER_MEAL,
    "BEDTIME": Flag.BEDTIME,
}


class Specimen(Enum):
    """What the glucose was measured in."""

    BLOOD = auto()
    PLASMA = auto()
    OTHER = auto()


_SPECIMENS = {
    "CAPILLARY_BLOOD": Specimen.BLOOD,
    "WHOLE_BLOOD": Specimen.BLOOD,
    "PLASMA": Specimen.PLASMA,
}


def specimen_of(content: Json, data_type: DataType) -> Specimen:
    """Return what was measured. The code of blood glucose is for blood: an unknown one is not."""
    if data_type.id != "blood-glucose":
        return Specimen.BLOOD
    told = content.get("specimen")
    return _SPECIMENS.get(told, Specimen.OTHER) if isinstance(told, str) else Specimen.OTHER


def flags_of(content: Json, data_type: DataType) -> frozenset[Flag]:
    """Return what a reader must know of a point."""
    if data_type.id == "core-body-temperature":
        return _flag(_PLACES, content.get("measurementLocation"))
    if data_type.id == "blood-glucose":
        is_plasma = specimen_of(content, data_type) is Specimen.PLASMA
        plasma = frozenset({Flag.PLASMA_SAMPLE}) if is_plasma else frozenset()
        return plasma | _flag(_TIMINGS, content.get("measurementTiming"))
    return frozenset()


def _flag(table: dict[str, Flag], told: object) -> frozenset[Flag]:
    flag = table.get(told) if isinstance(told, str) else None
    return frozenset({flag}) if flag else frozenset()
