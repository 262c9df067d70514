"""FHIR search over a store or a draft (R5, Search): which resources fulfil the criteria. Pure.

Repeated parameters must all hold; values separated by commas are alternatives. What this server
does not know it refuses, so that a misspelt parameter does not silently find everybody.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ohx_desktop.virtual.ehr.dates import is_date_value, matches_date
from ohx_desktop.virtual.ehr.fhir_json import Resource, elements
from ohx_desktop.virtual.ehr.folding import folded
from ohx_desktop.virtual.ehr.outcome import IssueCode, Refusal, refusal
from ohx_desktop.virtual.ehr.references import target_of
from ohx_desktop.virtual.ehr.store import Reader, Version

Criteria = Sequence[tuple[str, str]]
"""Search parameters as sent, in order: ("identifier", "urn:oid:1.2.3|4711")."""


class Kind(StrEnum):
    """Types of search parameters, named as the CapabilityStatement names them."""

    DATE = "date"
    REFERENCE = "reference"
    STRING = "string"
    TOKEN = "token"  # noqa: S105 - a kind of search, no secret


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one search parameter compares, and the elements it looks at."""

    kind: Kind
    paths: tuple[str, ...]
    target: str | None = None


def _parameter(kind: Kind, *paths: str, target: str | None = None) -> Parameter:
    return Parameter(kind, paths, target)


_RECORD = {"_id": _parameter(Kind.TOKEN, "id"), "_tag": _parameter(Kind.TOKEN, "meta.tag")}
_ID = _RECORD | {"identifier": _parameter(Kind.TOKEN, "identifier")}
_ACTIVE = {"active": _parameter(Kind.TOKEN, "active")}
_STATUS = {"status": _parameter(Kind.TOKEN, "status")}
_SUBJECT = {
    "patient": _parameter(Kind.REFERENCE, "subject", target="Patient"),
    "subject": _parameter(Kind.REFERENCE, "subject"),
}
_NAME = {
    "family": _parameter(Kind.STRING, "name.family"),
    "given": _parameter(Kind.STRING, "name.given"),
    "name": _parameter(
        Kind.STRING, "name.family", "name.given", "name.prefix", "name.suffix", "name.text"
    ),
}

PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Appointment": _ID
    | _STATUS
    | {
        "subject": _parameter(Kind.REFERENCE, "subject"),
        # R5 names the patient in both places, R4 among those who take part.
        "patient": _parameter(Kind.REFERENCE, "subject", "participant.actor", target="Patient"),
        "date": _parameter(Kind.DATE, "start"),
    },
    "Device": _ID,
    "Encounter": _ID | _STATUS | _SUBJECT,
    "Location": _ID | _STATUS,
    "Observation": _ID
    | _STATUS
    | _SUBJECT
    | {
        "category": _parameter(Kind.TOKEN, "category"),
        "code": _parameter(Kind.TOKEN, "code"),
        "device": _parameter(Kind.REFERENCE, "device"),
        "encounter": _parameter(Kind.REFERENCE, "encounter", target="Encounter"),
    },
    "Organization": _ID | _ACTIVE,
    "Patient": _ID
    | _ACTIVE
    | _NAME
    | {
        "birthdate": _parameter(Kind.DATE, "birthDate"),
        "gender": _parameter(Kind.TOKEN, "gender"),
    },
    "Practitioner": _ID | _ACTIVE | _NAME,
    "PractitionerRole": _ID | _ACTIVE,
    "Provenance": _RECORD
    | {
        "patient": _parameter(Kind.REFERENCE, "patient", target="Patient"),
        "target": _parameter(Kind.REFERENCE, "target"),
    },
    "ServiceRequest": _ID | _STATUS | _SUBJECT,
}

Predicate = Callable[[Resource], bool]


def find(reader: Reader, type_: str, criteria: Criteria) -> list[Version]:
    """Return the resources of this type that fulfil all criteria, oldest first.

    Raises Refusal (400) for a parameter, modifier or value that this server does not understand.
    """
    predicates = [_predicate(type_, name, value) for name, value in criteria]
    return [
        version
        for version in _candidates(reader, type_, criteria)
        if all(holds(version.resource) for holds in predicates)
    ]


def _candidates(reader: Reader, type_: str, criteria: Criteria) -> Iterator[Version]:
    """Return at least all that can match: by the index where identifiers are asked for."""
    for name, value in criteria:
        if name == "identifier":
            alternatives = split_escaped(value, ",")
            wanted = {unescaped(split_escaped(each, "|")[-1]) for each in alternatives}
            if "" not in wanted:
                found = (version for each in wanted for version in reader.identified(type_, each))
                return iter(_oldest_first({version.id: version for version in found}))
    return reader.versions(type_)


def _oldest_first(versions: Mapping[str, Version]) -> list[Version]:
    """Order by id: the server counts them up; what was put under an id of its own comes last."""
    return sorted(
        versions.values(),
        key=lambda version: (
            (0, int(version.id), "") if version.id.isdigit() else (1, 0, version.id)
        ),
    )


def _predicate(type_: str, name: str, value: str) -> Predicate:
    base, _, modifier = name.partition(":")
    parameter = PARAMETERS.get(type_, {}).get(base)
    if parameter is None:
        raise _not_understood(f"{type_} has no search parameter {base} here")
    if modifier and not (parameter.kind is Kind.STRING and modifier in {"exact", "contains"}):
        raise _not_understood(f"The modifier of {base} is not supported")
    if not value:
        raise _not_understood(f"The search parameter {base} has no value")
    alternatives = split_escaped(value, ",")
    if parameter.kind is Kind.DATE and not all(map(is_date_value, alternatives)):
        raise _not_understood("A date is searched as YYYY, YYYY-MM or YYYY-MM-DD")

    if parameter.kind is Kind.TOKEN:
        # Split once, as many are asked for at once and each is compared with many resources.
        tokens = [[unescaped(part) for part in split_escaped(each, "|")] for each in alternatives]
        return lambda resource: any(
            _matches_token(element, tokens)
            for path in parameter.paths
            for element in elements(resource, path)
        )

    def holds(resource: Resource) -> bool:
        found = [element for path in parameter.paths for element in elements(resource, path)]
        return any(
            _matches(parameter, modifier, element, wanted)
            for wanted in alternatives
            for element in found
        )

    return holds


def _matches(parameter: Parameter, modifier: str, element: Any, wanted: str) -> bool:
    match parameter.kind:
        case Kind.STRING:
            return _matches_string(element, unescaped(wanted), modifier)
        case Kind.REFERENCE:
            return _matches_reference(element, unescaped(wanted), parameter.target)
        case Kind.DATE:
            return matches_date(element, wanted)
        case _:
            raise ValueError(f"a {parameter.kind} is compared otherwise")


def _matches_token(element: Any, wanted: Sequence[Sequence[str]]) -> bool:
    """Compare as "value", "system|value", "|value" (no system) or "system|" (any value)."""
    # A plain code or boolean has a system of its own that is nowhere written.
    is_plain = not isinstance(element, dict)
    return any(
        parts[-1] == code if len(parts) == 1 else parts[-1] in {"", code}
        for system, code in _tokens(element)
        for parts in wanted
        if len(parts) == 1 or is_plain or parts[0] == system
    )


def _tokens(element: Any) -> Iterator[tuple[str, str]]:
    match element:
        case {"coding": [*codings]}:
            for coding in codings:
                yield from _tokens(coding)
        case {"code": str(code)} | {"value": str(code)}:
            yield element.get("system", ""), code
        case bool():
            yield "", str(element).lower()
        case str():
            yield "", element


def _matches_string(element: Any, wanted: str, modifier: str) -> bool:
    if not isinstance(element, str):
        return False
    match modifier:
        case "exact":
            return element == wanted
        case "contains":
            return folded(wanted) in folded(element)
        case _:
            return folded(element).startswith(folded(wanted))


def _matches_reference(element: Any, wanted: str, target: str | None) -> bool:
    reference = target_of(element.get("reference", "")) if isinstance(element, dict) else None
    if reference is None or (target is not None and reference[0] != target):
        return False
    return wanted in {reference[1], "/".join(reference)}


def split_escaped(text: str, separator: str) -> list[str]:
    """Split at separators that no backslash escapes; the escapes stay (R5, Search, Escaping)."""
    parts = [""]
    for token in re.findall(r"\\.|.", text, re.DOTALL):
        if token == separator:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def unescaped(text: str) -> str:
    """Remove the backslashes that protect a comma, a bar, a dollar sign or a backslash."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _not_understood(text: str) -> Refusal:
    return refusal(400, IssueCode.NOT_SUPPORTED, text)
