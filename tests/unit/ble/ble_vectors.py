"""The vector files under tests/vectors/ble."""

import json
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parents[2] / "vectors" / "ble"


def vectors(name: str) -> list[Any]:
    """Return the vectors of a file as pytest parameters, named by device or raw value."""
    content = json.loads((_FOLDER / f"{name}.json").read_bytes())
    return [
        pytest.param(vector, id=vector.get("device") or f"{vector.get('field')}-{vector['raw']}")
        for vector in content["vectors"]
    ]
