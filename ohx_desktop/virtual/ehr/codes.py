"""Codes that R5 requires (required bindings) and primitives that must be there.

The JSON schema knows neither: it accepts an Observation without a status and any word as one.
Source: the value sets of hl7.fhir.r5.core 5.0.0.
"""

from collections.abc import Iterator

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.outcome import Issue, IssueCode
from ohx_desktop.virtual.ehr.paths import Path, expression


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


_REQUEST_STATUS = _codes("draft active on-hold revoked completed entered-in-error unknown")
_NAME_USE = _codes("usual official temp nickname anonymous old maiden")
_IDENTIFIER_USE = _codes("usual official temp secondary old")

BOUND_CODES: dict[str, frozenset[str]] = {
    "Appointment.status": _codes(
        "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in"
        " waitlist"
    ),
    "Device.identifier.use": _IDENTIFIER_USE,
    "Device.status": _codes("active inactive entered-in-error"),
    "Encounter.status": _codes(
        "planned in-progress on-hold discharged completed cancelled discontinued"
        " entered-in-error unknown"
    ),
    "Observation.identifier.use": _IDENTIFIER_USE,
    "Observation.status": _codes(
        "registered preliminary final amended corrected cancelled entered-in-error unknown"
    ),
    "Observation.triggeredBy.type": _codes("reflex repeat re-run"),
    "Patient.gender": _codes("male female other unknown"),
    "Patient.identifier.use": _IDENTIFIER_USE,
    "Patient.link.type": _codes("replaced-by replaces refer seealso"),
    "Patient.name.use": _NAME_USE,
    "Practitioner.name.use": _NAME_USE,
    # Revision to removal is R5; "derivation" was R4's.
    "Provenance.entity.role": _codes("revision quotation source instantiates removal"),
    "ServiceRequest.intent": _codes(
        "proposal plan directive order original-order reflex-order filler-order instance-order"
        " option"
    ),
    "ServiceRequest.status": _REQUEST_STATUS,
}

REQUIRED: frozenset[str] = frozenset(
    {
        "Appointment.status",
        "Encounter.status",
        "Observation.status",
        "Observation.triggeredBy.type",
        "Patient.link.type",
        "Provenance.entity.role",
        "ServiceRequest.intent",
        "ServiceRequest.status",
    }
)


def check_codes(resource: Resource) -> Iterator[Issue]:
    """Yield an issue for each required code that is absent or not in its value set."""
    type_ = resource["resourceType"]
    for name, allowed in BOUND_CODES.items():
        root, *steps = name.split(".")
        if root != type_:
            continue
        for path, parent in _parents(resource, steps[:-1], ()):
            where = expression(type_, (*path, steps[-1]))
            if steps[-1] in parent:
                if parent[steps[-1]] not in allowed:
                    yield Issue(
                        code=IssueCode.CODE_INVALID,
                        text=f"Not a code that {name} allows",
                        expression=where,
                    )
            elif name in REQUIRED:
                yield Issue(code=IssueCode.REQUIRED, text=f"{name} must be there", expression=where)


def _parents(node: object, steps: list[str], path: Path) -> Iterator[tuple[Path, Resource]]:
    if isinstance(node, list):
        for index, member in enumerate(node):
            yield from _parents(member, steps, (*path, index))
    elif isinstance(node, dict):
        if not steps:
            yield path, node
        elif steps[0] in node:
            yield from _parents(node[steps[0]], steps[1:], (*path, steps[0]))
