"""Starting imports only what the first screen needs."""

import subprocess
import sys

import pytest

_HEAVY = "bleak httpx fhirpy aiohttp keyring pydantic sqlcipher3 authlib jsonschema".split()


@pytest.mark.parametrize("module", ["ohx_desktop.__main__", "ohx_desktop.ui.shell"])
def test_the_first_frame_imports_nothing_heavy(module: str) -> None:
    script = f"import sys, {module}\nprint([name for name in {_HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_command_line_knows_no_qt() -> None:
    script = "import sys\nfrom ohx_desktop.cli.main import build_parser\nbuild_parser()\nprint('PySide6' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"
