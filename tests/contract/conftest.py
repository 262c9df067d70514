"""`base`: the address of a HAPI FHIR JPA server, R5 and R4 in turn, started once for all tests.

What each server did is told at the end of the run as a table.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from interop_table import TABLE, Table, lines

from ohx_desktop.fhir.capability import Version


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
def hapi() -> Iterator[str]:
    server = _hapi()
    if reason := server.why_not():
        pytest.skip(reason)
    with server.hapi_server() as url:
        yield url


@pytest.fixture(scope="session", params=Version)
def version(request: pytest.FixtureRequest) -> Version:
    chosen: Version = request.param
    return chosen


@pytest.fixture(scope="session")
def base(hapi: str, version: Version) -> str:
    return f"{hapi}/{version.lower()}/fhir"


@pytest.fixture(scope="session")
def table(pytestconfig: pytest.Config) -> Table:
    return pytestconfig.stash.setdefault(TABLE, {})


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if table := config.stash.get(TABLE, None):
        terminalreporter.section("interoperability")
        for line in lines(table):
            terminalreporter.line(line)
