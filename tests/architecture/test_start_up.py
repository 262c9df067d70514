"""Starting imports and builds only what the first screen needs."""

import subprocess
import sys

import pytest

_LIBRARIES = (
    *("bleak", "httpx", "fhirpy", "aiohttp", "keyring"),
    *("pydantic", "sqlcipher3", "authlib", "jsonschema"),
)
_AFTER_THE_FRAME = ("asyncio", "qasync", "ohx_desktop.desk", "ohx_desktop.ui.models")
_LOADED = "print([name for name in {names!r} if name in sys.modules])"
_OPEN = """
import sys
from PySide6 import QtCore
from ohx_desktop.ui.shell import create_application, open_window
import ohx_desktop.station
application = create_application(["ohx-desktop", "-platform", "offscreen"])
window = open_window(application)
"""


@pytest.mark.parametrize("module", ["ohx_desktop.__main__", "ohx_desktop.ui.shell"])
def test_the_first_frame_imports_nothing_heavy(module: str) -> None:
    loaded = _LOADED.format(names=_LIBRARIES)
    assert _said(f"import sys, {module}\n{loaded}") == "[]"


def test_the_first_frame_waits_for_no_loop_and_no_page_of_the_desk() -> None:
    loaded = _LOADED.format(names=(*_LIBRARIES, *_AFTER_THE_FRAME))
    assert _said(_OPEN + loaded) == "[]"


def test_the_first_frame_builds_no_enumeration_of_the_qt_namespace() -> None:
    # Bindings build a namespace when its name is first asked for: before that it is not there.
    built = "print('Qt' in vars(QtCore)); QtCore.Qt; print('Qt' in vars(QtCore))"
    assert _said(_OPEN + built).split() == ["False", "True"]


def test_the_command_line_knows_no_qt() -> None:
    loaded = _LOADED.format(names=("PySide6",))
    start = "import sys\nfrom ohx_desktop.cli.parser import build_parser\nbuild_parser()\n"
    assert _said(start + loaded) == "[]"


def _said(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()
