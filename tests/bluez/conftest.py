"""Fixtures for the program against a real bluetoothd; only the virtual machine collects them."""

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

if "OHX_BLUEZ_VM" in os.environ:
    from air import adapter_plugged_in
    from computer import BLUETOOTHD_LOG, Computer, computer_with
else:
    collect_ignore_glob = ["test_*.py"]  # they need a machine of their own: make test-bluez


@pytest.fixture(scope="session")
async def running_computer() -> "AsyncIterator[Computer]":
    """One computer for all tests, as for all patients."""
    async with adapter_plugged_in() as air, computer_with(air) as computer:
        yield computer


@pytest.fixture
async def computer(running_computer: "Computer") -> "AsyncIterator[Computer]":
    """Give a computer that has met no device yet."""
    yield running_computer
    await running_computer.forget_devices()


@pytest.fixture(autouse=True)
def note_in_log(request: pytest.FixtureRequest) -> None:
    """Tell in the daemon's log which test begins."""
    with BLUETOOTHD_LOG.open("a") as log:
        log.write(f"===== {request.node.name}\n")
