"""Examples to send to the sandbox EHR, and ways to spoil them."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ohx_desktop.virtual.ehr.fhir_json import Resource, dumps, loads

DATA = Path(__file__).parent / "data"
FHIR_JSON = {"Content-Type": "application/fhir+json"}

Spoil = Callable[[Any], object]
"""Changes a resource in place so that it breaks a rule."""


def example(name: str) -> Resource:
    """Return a complete transaction Bundle from the data folder."""
    bundle: Resource = loads((DATA / f"{name}.json").read_bytes())
    return bundle


def blood_pressure() -> Resource:
    """Return the blood pressure of the example, linked to stored resources only."""
    return _unlinked(example("bp-transaction.r5")["entry"][2]["resource"])


def pulse() -> Resource:
    """Return the pulse of the example, linked to stored resources only."""
    return _unlinked(example("bp-transaction.r5")["entry"][3]["resource"])


def spoiled(resource: Resource, spoil: Spoil) -> Resource:
    """Return a changed copy."""
    changed = copy.deepcopy(resource)
    spoil(changed)
    return changed


def body(resource: Resource) -> bytes:
    """Return a resource as bytes to send."""
    return dumps(resource).encode()


def _unlinked(observation: Resource) -> Resource:
    observation["extension"] = observation["extension"][1:]
    del observation["device"]
    if not observation["extension"]:
        del observation["extension"]
    return observation
