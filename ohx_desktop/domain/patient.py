"""What the program needs to know of a patient: enough to recognise, never a copy of the chart."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


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

    @property
    def is_name_alone(self) -> bool:
        """True where nothing but a name was given: too little to know a person by."""
        return self.identifier is None and self.birth_date is None


class SearchNote(StrEnum):
    """What a search tells beside, or instead of, the patients it found."""

    TOO_MANY = "too-many"
    """More than a person can compare; none is shown, for the right one may be missing."""
    NOT_UNIQUE = "not-unique"
    """One identifier, several active records: nobody can know whose it is."""
    INACTIVE = "inactive"
    """Only records that are not in use any more."""
    REPLACED = "replaced"
    """Only records that another one replaced; the patient found, if any, is that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientsFound:
    """Patients for whom a reading may be filed, and what else the search told."""

    patients: tuple[Patient, ...] = ()
    note: SearchNote | None = None
