"""A Submission: a reading that a person confirmed for a patient, with who and where.

It holds all that the FHIR mapping needs, so that the same submission gives the same bundle on
every station and on every retry.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ohx_desktop.domain.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """This installation of the program: who assembled the resources."""

    installation: UUID
    station: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A confirmed reading. References are FHIR references ("Patient/4711", "Practitioner/12").

    `performer` measured, `verifier` confirmed; None where nobody is signed in. `confirmed_at` is
    aware. Raises ValueError for a reference of another type and for a stored reading.
    """

    reading: Reading
    patient: str
    performer: str | None = None
    verifier: str | None = None
    encounter: str | None = None
    confirmed_at: datetime
    gateway: Gateway

    def __post_init__(self) -> None:
        if not self.patient.startswith("Patient/"):
            raise ValueError("a reading is submitted for a Patient/ID")
        if self.encounter is not None and not self.encounter.startswith("Encounter/"):
            raise ValueError("the context of a reading is an Encounter/ID")
        if self.confirmed_at.utcoffset() is None:
            raise ValueError("the time of confirmation has a UTC offset")
