"""The packaged program lacks some modules on purpose; nothing of ours may need them."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

from ohx_desktop.settings.model import CloudProviderSettings

SPEC = Path(__file__).parents[2] / "packaging" / "ohx-desktop.spec"

# Everything of the program but the entry points, which run when they are imported.
_IMPORT_ALL = """
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys({excluded!r}))
import ohx_desktop
for module in pkgutil.walk_packages(ohx_desktop.__path__, "ohx_desktop."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""


def constant(name: str) -> Any:
    """Return the value of a constant in the specification, which only PyInstaller can run."""
    tree = ast.parse(SPEC.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            expression = compile(ast.Expression(node.value), str(SPEC), "eval")
            return eval(expression, {})  # noqa: S307 - our own file; a list of names
    raise AssertionError(f"the specification names no {name}")


def test_the_program_needs_nothing_that_is_left_out_of_the_package() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL.format(excluded=constant("EXCLUDED"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 100


def test_the_page_that_leads_back_knows_the_port_that_workstations_listen_on() -> None:
    page = (SPEC.parent / "relay" / "index.html").read_text(encoding="utf-8")
    port = CloudProviderSettings().redirect_port
    assert f'data-port="{port}"' in page
