"""The vector files under tests/vectors/omron."""

import json
from pathlib import Path
from typing import Any

import pytest

from ohx_desktop.ble.omron.memory_map import MemoryMap
from ohx_desktop.ble.omron.models import candidates_for_name

_FOLDER = Path(__file__).parents[2] / "vectors" / "omron"


def vectors(name: str) -> list[Any]:
    """Return the vectors of a file as pytest parameters, named by device."""
    content = json.loads((_FOLDER / f"{name}.json").read_bytes())
    return [pytest.param(vector, id=vector["device"]) for vector in content["vectors"]]


def memory_of(model: str) -> MemoryMap:
    """Return the first map of a model: its record form is that of all others."""
    return candidates_for_name(model).maps[0]
