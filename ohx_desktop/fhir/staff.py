"""The name of a member of staff, as the EHR has it.

Source: FHIR R5 Practitioner, PractitionerRole.
"""

from typing import Protocol

from ohx_desktop.fhir.encoding import Json
from ohx_desktop.fhir.patients import joined, name_of
from ohx_desktop.fhir.reference import checked_reference


class Reader(Protocol):
    """Reads one resource of the EHR."""

    async def read(self, reference: str) -> Json:
        """Return the resource Type/ID. Raises the RemoteError family."""
        ...


async def staff_name(ehr: Reader, reference: str) -> str | None:
    """Return the name of Practitioner/ID, or of the practitioner of PractitionerRole/ID.

    None where the EHR tells none. Raises the RemoteError family, UsageError for a reference of
    another form.
    """
    resource = await ehr.read(reference)
    if reference.startswith("PractitionerRole/"):
        practitioner = resource.get("practitioner")
        told = practitioner if isinstance(practitioner, dict) else {}
        resource = await ehr.read(checked_reference(str(told.get("reference")), "Practitioner"))
    return spoken_name(resource)


def spoken_name(resource: Json) -> str | None:
    """Return the name a person is called by: prefix, given and family name."""
    name = name_of(resource)
    whole = " ".join(
        part
        for part in (joined(name.get("prefix")), joined(name.get("given")), name.get("family"))
        if isinstance(part, str) and part
    )
    text = whole or name.get("text")
    return text if isinstance(text, str) and text and text.isprintable() else None
