"""What this server says it can do: CapabilityStatement (R5, GET [base]/metadata)."""

from datetime import datetime

from ohx_desktop import __version__
from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.interactions import Policy
from ohx_desktop.virtual.ehr.search import PARAMETERS
from ohx_desktop.virtual.ehr.validation import STORED_TYPES


def capability_statement(policy: Policy, *, started: datetime) -> Resource:
    """Return the statement of a server with this policy, running since `started`."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": started.isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "OHX Desktop sandbox EHR", "version": __version__},
        "implementation": {
            "description": "Sandbox with invented patients; nothing is kept",
            "url": policy.base_url,
        },
        "fhirVersion": policy.fhir_version,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(type_, policy) for type_ in STORED_TYPES],
                **({"interaction": [{"code": "transaction"}]} if policy.transaction else {}),
            }
        ],
    }


def _resource(type_: str, policy: Policy) -> Resource:
    return {
        "type": type_,
        "interaction": [
            {"code": code} for code in ("read", "vread", "create", "update", "search-type")
        ],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": policy.update_create,
        "conditionalCreate": policy.conditional_create,
        "referencePolicy": ["literal", "logical", "local", "enforced"],
        "searchParam": [
            {"name": name, "type": parameter.kind.value}
            for name, parameter in PARAMETERS[type_].items()
        ],
        "operation": [
            _operation("Resource", "validate"),
            *([_operation("Patient", "match")] if type_ == "Patient" else []),
        ],
    }


def _operation(on: str, name: str) -> Resource:
    definition = f"http://hl7.org/fhir/OperationDefinition/{on}-{name}"
    return {"name": name, "definition": definition}
