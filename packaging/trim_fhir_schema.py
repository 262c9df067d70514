"""Trim the full FHIR R5 JSON schema to the resource types the sandbox EHR takes.

    python packaging/trim_fhir_schema.py path/to/fhir.schema.json

Writes resources/fhir/r5.schema.json: the definitions reachable from TYPES, unchanged but for two
things. Descriptions go, and `ResourceList` (what may be contained) names only TYPES. One line per
definition, sorted, so that the same input gives the same file.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TYPES = (
    "Appointment",
    "Bundle",
    "CapabilityStatement",
    "Device",
    "Encounter",
    "Location",
    "Observation",
    "OperationOutcome",
    "Organization",
    "Parameters",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "ServiceRequest",
)

TARGET = Path(__file__).parents[1] / "resources" / "fhir" / "r5.schema.json"
POINTER = "#/definitions/"


def references(node: Any) -> Iterator[str]:
    """Yield the name of every definition that this part of the schema points to."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.removeprefix(POINTER)
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def without_descriptions(node: Any) -> Any:
    """Return the schema without its texts; a property that is called description stays."""
    if isinstance(node, dict):
        return {
            key: without_descriptions(value)
            for key, value in node.items()
            if not (key == "description" and isinstance(value, str))
        }
    if isinstance(node, list):
        return [without_descriptions(value) for value in node]
    return node


def trimmed(full: dict[str, Any]) -> dict[str, Any]:
    """Return the definitions reachable from TYPES, by name."""
    source = {**full["definitions"]}
    source["ResourceList"] = {"oneOf": [{"$ref": POINTER + name} for name in TYPES]}
    kept: dict[str, Any] = {}
    wanted = list(TYPES)
    while wanted:
        name = wanted.pop()
        if name not in kept:
            kept[name] = without_descriptions(source[name])
            wanted.extend(references(kept[name]))
    return dict(sorted(kept.items()))


def render(full: dict[str, Any]) -> str:
    """Return the text of the trimmed schema file."""
    lines = ",\n".join(
        f'  "{name}": {json.dumps(definition, ensure_ascii=False, separators=(",", ":"))}'
        for name, definition in trimmed(full).items()
    )
    return (
        "{\n"
        f' "$schema": {json.dumps(full["$schema"])},\n'
        f' "id": {json.dumps(full["id"])},\n'
        f' "definitions": {{\n{lines}\n }}\n'
        "}\n"
    )


def main() -> None:
    """Read the full schema named on the command line and write the trimmed one."""
    parser = argparse.ArgumentParser(description="Trim the FHIR R5 JSON schema.")
    parser.add_argument("schema", type=Path, help="the full fhir.schema.json of FHIR 5.0.0")
    full = json.loads(parser.parse_args().schema.read_text(encoding="utf-8"))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(render(full), encoding="utf-8", newline="\n")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
