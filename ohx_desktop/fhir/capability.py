"""What an EHR says it can do.

Source: FHIR R5 CapabilityStatement (the elements used are the same in R4).
"""

from dataclasses import dataclass

from ohx_desktop.fhir.encoding import Json, objects_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What matters for filing readings.

    `conditional_create` holds for Device and Observation both, `update_create` for Provenance.
    The latter is a promise and no more: HAPI does it without saying so.
    """

    fhir_version: str
    transaction: bool
    conditional_create: bool
    update_create: bool

    @property
    def is_supported_version(self) -> bool:
        """True for FHIR R5, the version of our resources."""
        return self.fhir_version.startswith("5.")


def capabilities_from(statement: Json) -> Capabilities:
    """Return what a CapabilityStatement tells; whatever it leaves out counts as not possible."""
    servers = [rest for rest in objects_in(statement.get("rest")) if rest.get("mode") == "server"]
    resources = {
        resource.get("type"): resource
        for rest in servers
        for resource in objects_in(rest.get("resource"))
    }

    def can(ability: str, *types: str) -> bool:
        return all(resources.get(name, {}).get(ability) is True for name in types)

    interactions = [
        interaction.get("code")
        for rest in servers
        for interaction in objects_in(rest.get("interaction"))
    ]
    return Capabilities(
        fhir_version=str(statement.get("fhirVersion", "unknown")),
        transaction="transaction" in interactions,
        conditional_create=can("conditionalCreate", "Device", "Observation"),
        update_create=can("updateCreate", "Provenance"),
    )
