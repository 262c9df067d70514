"""`base`: the address of a HAPI FHIR JPA R5 server, started once for all tests that need it."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


def _hapi() -> ModuleType:
    path = Path(__file__).parents[1] / "hapi" / "server.py"
    spec = importlib.util.spec_from_file_location("hapi_test_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    hapi = _hapi()
    if reason := hapi.why_not():
        pytest.skip(reason)
    with hapi.hapi_server() as url:
        yield url
