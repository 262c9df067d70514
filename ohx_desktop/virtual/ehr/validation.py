"""Whether this server would store a resource: shape, codes, profile rules and references."""

from collections.abc import Iterator, Mapping
from typing import Any

from ohx_desktop.virtual.ehr.codes import check_codes
from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.outcome import Issue
from ohx_desktop.virtual.ehr.references import Exists, check_references
from ohx_desktop.virtual.ehr.schema import SchemaChecker, check_form
from ohx_desktop.virtual.ehr.vital_signs import check_observation

# What is stored; Bundle, Parameters and the like are only messages.
STORED_TYPES = (
    "Appointment",
    "Device",
    "Encounter",
    "Location",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "ServiceRequest",
)

# Of these, all that this program sends or reads is the same in R4.
SAME_IN_R4 = frozenset({"Observation", "Organization", "Patient", "Practitioner"})


class Validator:
    """Checks resources against FHIR R5. `definitions` is the JSON schema's part of that name."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._schema = SchemaChecker(definitions)

    def check(self, resource: Resource, exists: Exists, *, r5: bool = True) -> list[Issue]:
        """Return all that is wrong with a resource, with expressions from its type down.

        `exists` tells which references lead somewhere. With `r5` false, for a server that plays
        R4, types that differ are not held against the schema and codes of R5. Rules about
        content are judged only where the shape is right.
        """
        known = r5 or resource["resourceType"] in SAME_IN_R4
        shape = [*check_form(resource), *(self._schema.check(resource) if known else ())]
        return shape or [*_check_content(resource, exists, known=known)]

    def check_envelope(self, bundle: Resource) -> list[Issue]:
        """Return what is wrong with a Bundle apart from the resources in it."""
        entries = bundle.get("entry")
        if isinstance(entries, list):
            bundle = bundle | {"entry": [_without_resource(entry) for entry in entries]}
        return [*check_form(bundle), *self._schema.check(bundle)]


def _without_resource(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {name: value for name, value in entry.items() if name != "resource"}


def _check_content(resource: Resource, exists: Exists, *, known: bool) -> Iterator[Issue]:
    if known:
        yield from check_codes(resource)
    yield from check_references(resource, exists)
    if resource["resourceType"] == "Observation":
        yield from check_observation(resource)
