"""Signals meet coroutines: one loop, no lost failure, nothing left running."""

import asyncio
import subprocess
import sys

import pytest

from ohx_desktop.ui.bridge import Bridge, Frames

_PROGRAM = """
import asyncio, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from ohx_desktop.ui.bridge import Bridge, run

app = QApplication([])
window = QWidget()

async def main():
    left = asyncio.Event()
    said = []
    async with Bridge(said.append) as bridge:
        async def work():
            await asyncio.sleep(0.02)
            left.set()
        QTimer.singleShot(0, bridge.slot(work))
        window.show()
        # The last window goes; the program must go on until it has finished.
        QTimer.singleShot(0, window.close)
        await left.wait()
    return len(said)

print("ended", run(app, main()))
"""


async def test_a_failure_is_reported_and_the_others_go_on() -> None:
    failures: list[BaseException] = []
    go_on = asyncio.Event()

    async def fails() -> None:
        raise RuntimeError("broken")

    async with Bridge(failures.append) as bridge:
        bridge.start(fails(), name="fails")
        other = bridge.start(go_on.wait(), name="other")
        while not failures:
            await asyncio.sleep(0)
        assert other is not None
        assert not other.done()
        assert bridge.running == 1
    assert [str(failure) for failure in failures] == ["broken"]


async def test_leaving_cancels_and_waits_for_the_cleaning_up() -> None:
    cleaned = False
    started = asyncio.Event()

    async def works() -> None:
        nonlocal cleaned
        try:
            started.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned = True

    failures: list[BaseException] = []
    async with Bridge(failures.append) as bridge:
        bridge.slot(works)()
        await started.wait()
    assert cleaned
    assert failures == []
    assert bridge.running == 0


async def test_nothing_starts_once_leaving_has_begun() -> None:
    bridge = Bridge(lambda _: None)
    await bridge.aclose()
    assert bridge.start(asyncio.sleep(0), name="late") is None


async def test_a_flood_of_states_is_shown_thirty_times_a_second_and_ends_with_the_last() -> None:
    shown: list[int] = []
    frames = Frames(shown.append, interval_s=0.01)
    for state in range(1000):
        frames.offer(state)
    assert shown == [0]
    async with asyncio.timeout(2):
        while shown[-1] != 999:
            await asyncio.sleep(0)
    assert shown == [0, 999]


async def test_a_state_after_a_pause_is_shown_at_once() -> None:
    shown: list[str] = []
    frames = Frames(shown.append, interval_s=0)
    frames.offer("first")
    async with asyncio.timeout(2):
        while frames.is_waiting:
            await asyncio.sleep(0)
    frames.offer("second")
    assert shown == ["first", "second"]


async def test_nothing_is_shown_after_cancelling() -> None:
    shown: list[int] = []
    frames = Frames(shown.append, interval_s=0)
    frames.offer(1)
    frames.offer(2)
    frames.cancel()
    await asyncio.sleep(0.01)
    assert shown == [1]


@pytest.mark.timeout(60)
def test_the_program_outlives_its_last_window_and_ends_by_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": ""},
    )
    assert done.stdout.strip() == "ended 0", done.stderr
