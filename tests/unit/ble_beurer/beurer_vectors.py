"""The vector files under tests/vectors/beurer."""

import json
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parents[2] / "vectors" / "beurer"


def content(name: str) -> list[dict[str, Any]]:
    """Return the vectors of a file."""
    vectors: list[dict[str, Any]] = json.loads((_FOLDER / f"{name}.json").read_bytes())["vectors"]
    return vectors


def vectors(name: str) -> list[Any]:
    """Return the vectors of a file as pytest parameters, named by device."""
    return [pytest.param(vector, id=vector["device"]) for vector in content(name)]
