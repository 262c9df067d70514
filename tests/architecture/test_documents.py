"""ARCHITECTURE.md stays true: every path it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PATH = re.compile(r"`((?:ohx_desktop|tests|docs|packaging|benchmarks|resources)/[\w./-]+)`")
# Named as the place where a later part will go.
_FUTURE = {"ohx_desktop/fhir/auth.py"}


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"])
def test_every_path_a_document_names_exists(document: str) -> None:
    named = set(_PATH.findall((ROOT / document).read_text(encoding="utf-8"))) - _FUTURE
    missing = sorted(path for path in named if not (ROOT / path).exists())
    assert not missing


def test_the_architecture_names_paths_at_all() -> None:
    assert len(_PATH.findall((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))) > 20
