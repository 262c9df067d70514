"""A Submission: a reading that a person confirmed for a patient, with who and where.

It holds all that the FHIR mapping needs, so that the same submission gives the same bundle on
every station and on every retry.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ohx_desktop.domain.flags import Flag
from ohx_desktop.domain.reading import Reading
from ohx_desktop.review.circumstances import NOTHING_NOTED, Circumstances

# FHIR R5, data type id.
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_PEOPLE = ("Practitioner", "PractitionerRole", "Patient")


def _reference(reference: str, *types: str) -> bool:
    kind, _, id_ = reference.partition("/")
    return kind in types and _ID.fullmatch(id_) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """This installation of the program: who assembled the resources."""

    installation: UUID
    station: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A confirmed reading. References are FHIR references ("Patient/4711", "Practitioner/12").

    `performer` measured, `verifier` confirmed; None where nobody is signed in. `encounter` is the
    visit, `based_on` the order (ServiceRequest); None where none was chosen. `confirmed_at` is
    aware. `members` are the readings of which this one is the mean; each of them is sent as well.
    Raises ValueError for a reference of another type or form, and for members of what is no mean.
    """

    reading: Reading
    patient: str
    performer: str | None = None
    verifier: str | None = None
    encounter: str | None = None
    based_on: str | None = None
    confirmed_at: datetime
    gateway: Gateway
    circumstances: Circumstances = NOTHING_NOTED
    members: tuple[Reading, ...] = ()

    def __post_init__(self) -> None:
        if not _reference(self.patient, "Patient"):
            raise ValueError("a reading is submitted for a Patient/ID")
        for person in (self.performer, self.verifier):
            if person is not None and not _reference(person, *_PEOPLE):
                raise ValueError(f"who measured or confirmed is one of {'/ID, '.join(_PEOPLE)}/ID")
        if self.encounter is not None and not _reference(self.encounter, "Encounter"):
            raise ValueError("the context of a reading is an Encounter/ID")
        if self.based_on is not None and not _reference(self.based_on, "ServiceRequest"):
            raise ValueError("the order that a reading answers is a ServiceRequest/ID")
        if self.confirmed_at.utcoffset() is None:
            raise ValueError("the time of confirmation has a UTC offset")
        if self.members and Flag.MEASUREMENT_AVERAGED not in self.reading.flags:
            raise ValueError("only a mean of readings has members")
        if len({self.reading.id, *(member.id for member in self.members)}) <= len(self.members):
            raise ValueError("the members of a mean are different readings")
