"""Fixtures of the outbox tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from outbox_fakes import KEY, FakeClock

from ohx_desktop.outbox.store import OutboxStore


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "profile" / "outbox.db"


@pytest.fixture
def opened(database: Path, clock: FakeClock) -> Iterator[Callable[[], OutboxStore]]:
    """Open the same queue as often as wanted, as other processes do; all closed at the end."""
    stores: list[OutboxStore] = []

    def open_() -> OutboxStore:
        stores.append(OutboxStore.open(database, KEY, now=clock.now))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], OutboxStore]) -> OutboxStore:
    return opened()
