"""What the program needs to know of a patient: enough to recognise, never a copy of the chart."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentifier:
    """An identifier the person can show, such as a medical record number."""

    system: str | None
    value: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A patient of the EHR as the banner shows it.

    `reference` is the FHIR reference ("Patient/4711"). `birth_date` is None where the EHR knows it
    only in part. `gender` is the FHIR administrative gender code.
    """

    reference: str
    family: str
    given: str
    prefix: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    identifier: PatientIdentifier | None = None
    deceased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientQuery:
    """Either an identifier, or family name with given name and birth date."""

    identifier: str | None = None
    family: str | None = None
    given: str | None = None
    birth_date: date | None = None

    def __post_init__(self) -> None:
        if not (self.identifier or self.family):
            raise ValueError("a patient is found by identifier or by family name")
