"""Data types of the Google Health API that are read: where their numbers are, and what they are.

Source: Google Health API v4, data types (google.devicesandservices.health.v4).
"""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.domain.quantity import QuantityKind, Unit

_PREFIX = "https://www.googleapis.com/auth/googlehealth."
MEASUREMENTS_SCOPE = f"{_PREFIX}health_metrics_and_measurements.readonly"
ACTIVITY_SCOPE = f"{_PREFIX}activity_and_fitness.readonly"
SLEEP_SCOPE = f"{_PREFIX}sleep.readonly"
SETTINGS_SCOPE = f"{_PREFIX}settings.readonly"


class Span(StrEnum):
    """What a point covers."""

    SAMPLE = "sample"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A number of a point. `names` are the members it was seen under, the documented one first."""

    names: tuple[str, ...]
    kind: QuantityKind
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class DataType:
    """A type by its id in paths (kebab-case). Filters have it in snake_case, JSON in camelCase."""

    id: str
    fields: tuple[Field, ...]
    span: Span = Span.SAMPLE

    @property
    def filter_name(self) -> str:
        """The id as filters have it."""
        return self.id.replace("-", "_")

    @property
    def member(self) -> str:
        """The id as JSON has it."""
        first, *rest = self.id.split("-")
        return first + "".join(part.capitalize() for part in rest)


def _one(
    id_: str, kind: QuantityKind, unit: Unit, *names: str, span: Span = Span.SAMPLE
) -> DataType:
    return DataType(id=id_, fields=(Field(names=names, kind=kind, unit=unit),), span=span)


_K = QuantityKind
DATA_TYPES: dict[str, DataType] = {
    each.id: each
    for each in (
        _one("weight", _K.BODY_WEIGHT, Unit.GRAM, "weightGrams"),
        _one("body-fat", _K.BODY_FAT_PERCENTAGE, Unit.PERCENT, "percentage"),
        _one("height", _K.BODY_HEIGHT, Unit.MILLIMETRE, "heightMillimeters"),
        _one("heart-rate", _K.PULSE_RATE, Unit.PER_MINUTE, "beatsPerMinute"),
        _one("oxygen-saturation", _K.OXYGEN_SATURATION, Unit.PERCENT, "percentage"),
        _one(
            *("core-body-temperature", _K.BODY_TEMPERATURE, Unit.CELSIUS),
            *("temperatureCelsius", "celsius"),
        ),
        _one(
            *("blood-glucose", _K.BLOOD_GLUCOSE, Unit.MILLIGRAM_PER_DECILITRE),
            "bloodGlucoseMilligramsPerDeciliter",
        ),
        DataType(
            id="heart-rate-variability",
            fields=(
                Field(
                    names=("rootMeanSquareOfSuccessiveDifferencesMilliseconds",),
                    kind=_K.HEART_RATE_VARIABILITY,
                    unit=Unit.MILLISECOND,
                ),
                Field(
                    names=("standardDeviationMilliseconds",),
                    kind=_K.HEART_RATE_VARIABILITY_SDNN,
                    unit=Unit.MILLISECOND,
                ),
            ),
        ),
        _one(
            *("daily-resting-heart-rate", _K.RESTING_HEART_RATE, Unit.PER_MINUTE),
            "beatsPerMinute",
            span=Span.DAY,
        ),
        _one(
            *("daily-oxygen-saturation", _K.OXYGEN_SATURATION_DAILY_AVERAGE, Unit.PERCENT),
            "averagePercentage",
            span=Span.DAY,
        ),
        _one(
            *("daily-respiratory-rate", _K.RESPIRATORY_RATE_DAILY_AVERAGE, Unit.PER_MINUTE),
            "breathsPerMinute",
            span=Span.DAY,
        ),
    )
}
