"""PINs that are quick to try."""

import pytest

from ohx_desktop.storage.stretching import Stretching


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have new sealed keys cost little; the real parameters take a second each time."""
    monkeypatch.setattr("ohx_desktop.keystore.pin_file.STRETCHING", Stretching(n=2**10, r=8, p=1))
