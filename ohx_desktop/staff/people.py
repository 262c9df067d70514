"""A member of staff: who measures and confirms. Pure values."""

import re
from dataclasses import dataclass
from enum import StrEnum

_REFERENCE = re.compile(r"(?:Practitioner|PractitionerRole)/[A-Za-z0-9\-.]{1,64}")


class Role(StrEnum):
    """What a person may do at this workstation."""

    STAFF = "staff"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A person by their reference in the EHR: Practitioner/ID or PractitionerRole/ID.

    `name` is how they are shown. Raises ValueError for a reference of another form, no name.
    """

    reference: str
    name: str
    role: Role = Role.STAFF

    def __post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.reference):
            raise ValueError("a member of staff is a Practitioner/ID or PractitionerRole/ID")
        if not self.name.strip() or not self.name.isprintable():
            raise ValueError("a member of staff has a name of printable letters")
