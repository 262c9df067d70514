"""References of the form Type/ID, checked before they become part of a URL."""

import re
from collections.abc import Mapping

from ohx_desktop.domain.errors import UsageError

# FHIR data type id; "." and ".." would climb in a URL.
_REFERENCE = re.compile(r"([A-Z][A-Za-z]{1,40})/(?!\.{1,2}$)[A-Za-z0-9\-.]{1,64}")


def checked_reference(reference: str, resource_type: str | None = None) -> str:
    """Return a reference of the form Type/ID unchanged.

    Raises UsageError where it has another form or another type than `resource_type`.
    """
    found = _REFERENCE.fullmatch(reference)
    if not found or resource_type not in {None, found[1]}:
        raise UsageError(
            f"a reference has not the form {resource_type or 'Type'}/ID",
            meaning="the EHR was not asked",
            hint="use the id that the EHR gives the resource",
        )
    return reference


def reference_of(resource: Mapping[str, object]) -> str | None:
    """Return the reference Type/ID of a resource, or None where it has no usable one."""
    resource_type, resource_id = resource.get("resourceType"), resource.get("id")
    reference = f"{resource_type}/{resource_id}"
    usable = isinstance(resource_id, str) and _REFERENCE.fullmatch(reference)
    return reference if usable else None
