"""References between resources: finding, localising and checking them (R5, References)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ohx_desktop.virtual.ehr.fhir_json import Resource
from ohx_desktop.virtual.ehr.outcome import Issue, IssueCode
from ohx_desktop.virtual.ehr.paths import Path, expression

# Targets that the R5 definitions allow, for the references a reading depends on.
TARGETS: dict[tuple[str, str], frozenset[str]] = {
    ("Observation", "device"): frozenset({"Device", "DeviceMetric"}),
    ("Observation", "encounter"): frozenset({"Encounter"}),
    ("Observation", "performer"): frozenset(
        {
            "CareTeam",
            "Organization",
            "Patient",
            "Practitioner",
            "PractitionerRole",
            "RelatedPerson",
        }
    ),
    ("Provenance", "encounter"): frozenset({"Encounter"}),
    ("Provenance", "patient"): frozenset({"Patient"}),
    ("Encounter", "subject"): frozenset({"Group", "Patient"}),
}

Exists = Callable[[str, str], bool]
"""Tells whether a resource of this type and id is stored or about to be."""


def references(node: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the path and text of every literal reference in a resource."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "reference" and isinstance(value, str):
                yield path, value
            else:
                yield from references(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from references(value, (*path, index))


def relinked(node: Any, link: Callable[[str], str]) -> Any:
    """Return a copy in which every literal reference has passed through `link`.

    Only Reference.reference is a link. An identifier may hold the same urn:uuid and stays.
    """
    if isinstance(node, dict):
        return {
            key: link(value)
            if key == "reference" and isinstance(value, str)
            else relinked(value, link)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [relinked(value, link) for value in node]
    return node


def linker(base_url: str, assigned: Mapping[str, str]) -> Callable[[str], str]:
    """Return what a reference becomes: a placeholder its id, an address of ours relative."""

    def link(reference: str) -> str:
        return assigned.get(reference, reference.removeprefix(f"{base_url}/"))

    return link


def target_of(reference: str) -> tuple[str, str] | None:
    """Return type and id of a relative literal reference, without its version, or None."""
    match reference.split("/"):
        case [type_, id_] | [type_, id_, "_history", _] if type_[:1].isupper() and id_:
            return type_, id_
        case _:
            return None


def check_references(resource: Resource, exists: Exists) -> Iterator[Issue]:
    """Yield an issue for every reference that leads nowhere or to a type not allowed there."""
    type_ = resource["resourceType"]
    contained = {
        f"#{inner.get('id')}" for inner in resource.get("contained", []) if isinstance(inner, dict)
    }
    for path, reference in references(resource):
        where = expression(type_, path)
        if reference == "#" or reference in contained:
            continue
        target = target_of(reference)
        if target is None:
            yield Issue(
                code=IssueCode.NOT_FOUND,
                text="The reference leads to nothing on this server",
                expression=where,
            )
            continue
        allowed = TARGETS.get((type_, str(path[0])))
        if allowed is not None and target[0] not in allowed:
            yield Issue(
                code=IssueCode.STRUCTURE,
                text=f"A {target[0]} is not allowed here, only {', '.join(sorted(allowed))}",
                expression=where,
            )
        elif not exists(*target):
            yield Issue(
                code=IssueCode.NOT_FOUND,
                text=f"The {target[0]} referred to does not exist",
                expression=where,
            )
