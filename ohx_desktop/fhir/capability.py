"""What an EHR says it can do.

Source: FHIR R5 CapabilityStatement (the elements used are the same in R4).
"""

from dataclasses import dataclass
from enum import StrEnum

from ohx_desktop.fhir.encoding import Json, objects_in


class Version(StrEnum):
    """Versions of FHIR that this program speaks."""

    R5 = "R5"
    R4 = "R4"


_VERSIONS = {"5.": Version.R5, "4.0.": Version.R4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What matters for filing readings.

    `conditional_create` holds for Device and Observation both, `update_create` for Provenance,
    `validation` ($validate) for Observation. None where the statement is silent: HAPI updates as
    create without saying so. `match` is Patient/$match; `resource_types` are those it names.
    """

    fhir_version: str
    transaction: bool
    conditional_create: bool | None
    update_create: bool | None
    validation: bool | None
    match: bool = False
    resource_types: frozenset[str] = frozenset()

    @property
    def version(self) -> Version | None:
        """The version by its name, None for one that this program does not speak."""
        matching = (
            name for start, name in _VERSIONS.items() if self.fhir_version.startswith(start)
        )
        return next(matching, None)


def capabilities_from(statement: Json) -> Capabilities:
    """Return what a CapabilityStatement tells.

    Interactions are a list of what there is, so one that is not listed is not offered; the other
    abilities are optional elements, and one that is left out is not known.
    """
    servers = [rest for rest in objects_in(statement.get("rest")) if rest.get("mode") == "server"]
    resources = {
        resource.get("type"): resource
        for rest in servers
        for resource in objects_in(rest.get("resource"))
    }

    def can(ability: str, *types: str) -> bool | None:
        said = [resources.get(name, {}).get(ability) for name in types]
        if False in said:
            return False
        return True if all(answer is True for answer in said) else None

    interactions = [
        interaction.get("code")
        for rest in servers
        for interaction in objects_in(rest.get("interaction"))
    ]
    observation = resources.get("Observation", {})
    operations = _operations(observation, *servers)
    return Capabilities(
        fhir_version=str(statement.get("fhirVersion", "unknown")),
        transaction="transaction" in interactions,
        conditional_create=can("conditionalCreate", "Device", "Observation"),
        update_create=can("updateCreate", "Provenance"),
        validation="validate" in operations or None,
        match="match" in _operations(resources.get("Patient", {}), *servers),
        resource_types=frozenset(name for name in resources if isinstance(name, str)),
    )


def _operations(*places: Json) -> list[object]:
    return [
        operation.get("name")
        for place in places
        for operation in objects_in(place.get("operation"))
    ]
