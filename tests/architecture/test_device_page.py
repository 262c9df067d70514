"""docs/devices.md says what the tables say."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_devices_is_that_of_the_tables() -> None:
    script = ROOT / "packaging" / "device_page.py"
    spec = importlib.util.spec_from_file_location("device_page", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text(encoding="utf-8") == module.page(), f"run {script.name}"
