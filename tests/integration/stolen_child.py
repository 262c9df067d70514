"""The program in a process of its own, every trace of which is watched: stolen_child.py SCENE.

The profile is the one that OHX_PROFILE names. At each step a line of JSON, {"at": …}, goes out and
the scene waits for a line; the last one says which files Python opened for writing.
"""

import asyncio
import html
import json
import logging
import os
import re
import resource
import sys
import webbrowser
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import canaries
from PySide6.QtCore import QTimer

from ohx_desktop.app import Workstation, open_workstation
from ohx_desktop.app.keys import AskKey
from ohx_desktop.ble.device_registry import DeviceRegistry, EnrolledDevice
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.demo.driver import Driver, StepFailed
from ohx_desktop.desk.staff_states import SignedIn
from ohx_desktop.desk.states import Filed, FindPatient, Reviewing, Waiting
from ohx_desktop.desk.take_reading import TakeReading
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import DeviceIdentity
from ohx_desktop.ops.crashes import leave_nothing_behind
from ohx_desktop.ops.logging import log_problem
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.settings.profile import Profile
from ohx_desktop.station import run_station
from ohx_desktop.ui.shell import create_application
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.profiles import OMRON_HEM_7155T
from ohx_desktop.virtual.room import VirtualRoom

ADDRESS = "A4:C1:38:0B:11:2E"
PROFILE = Profile.at(Path(os.environ["OHX_PROFILE"]))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
written: set[str] = set()


def note_writing(event: str, arguments: tuple[Any, ...]) -> None:
    """Note every file that Python opens for writing, also those that are soon removed."""
    if event == "open" and isinstance(arguments[0], str | bytes):
        path, mode, flags = arguments
        if (isinstance(flags, int) and flags & WRITING) or set(mode or "") & set("wax+"):
            written.add(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - no I/O in a hook


def say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def at(step: str) -> None:
    """Let the test look at the disk and at this process now."""
    say(at=step)
    await asyncio.to_thread(sys.stdin.readline)


def enrolled_cuff() -> tuple[Cuff, BleakRadio]:
    """Return a registered cuff, and the radio that hears it."""
    cuff = Cuff(OMRON_HEM_7155T, address=ADDRESS)
    cuff.clock.set(datetime.now(UTC).replace(tzinfo=None))
    identity = DeviceIdentity(manufacturer="OMRON", model="HEM-7155T", address=ADDRESS)
    DeviceRegistry(PROFILE.devices_file).add(
        EnrolledDevice(identity=identity, driver="blood-pressure", enrolled_at=system_now())
    )
    room = VirtualRoom()
    room.add(cuff)
    backend = virtual_backend(room)
    return cuff, BleakRadio(scanner_backend=backend.scanner, client_backend=backend.client)


# ── the window ───────────────────────────────────────────────────────────────────────────────


class Window:
    """A person before the window: unlocks, signs in, measures, confirms, leaves readings."""

    def __init__(self) -> None:
        self.cuff, self.radio = enrolled_cuff()
        self._pins = iter((canaries.WRONG_KEY_PIN, canaries.KEY_PIN))

    def open_services(
        self, changed: Callable[[], None], ask_key: AskKey
    ) -> AbstractAsyncContextManager[Workstation]:
        return open_workstation(PROFILE, radio=self.radio, on_queue_change=changed, ask_key=ask_key)

    def unlock(self) -> None:
        """Type the PIN of the queue, wrongly first."""
        windows = create_application([]).topLevelWidgets()
        for window in (one for one in windows if isinstance(one, StaffWindow)):
            page = window._unlock
            if page is not None and page.isVisible() and not page.field.text():
                page.field.setText(next(self._pins, ""))
                page.send.click()

    async def accompany(self, window: StaffWindow, desk: TakeReading) -> int:
        logging.getLogger().setLevel(logging.DEBUG)
        try:
            await self._work(Driver(window, desk, PROFILE.cache))
        except StepFailed as failure:
            say(failed=str(failure))
        return 0

    async def _work(self, driver: Driver) -> None:
        window = driver.window
        await self._sign_in(driver)
        name = f"{canaries.FAMILY}, {canaries.GIVEN}, 29-Jul-1931"
        await self._choose(driver, name)
        await at("patient chosen")
        await self._measure(driver, canaries.CONFIRMED)
        await at("captured")
        await driver.push(window.reviewing.confirm)
        await driver.reach(
            Filed, lambda state: state.entry.state is EntryState.QUEUED and state.entry.attempts > 0
        )
        await at("queued")
        await driver.reach(Filed, lambda state: state.verified_at is not None)
        await driver.push(window.filed.next_patient)
        await at("verified")

        await self._choose(driver, canaries.NUMBER)
        self.cuff.peripheral.faults = Faults(malformed_indication=0)
        await self.cuff.measure(*canaries.REFUSED)
        await driver.reach(Waiting, lambda state: state.problem is not None)
        self.cuff.peripheral.faults = Faults()
        await at("refused")
        await self._measure(driver, canaries.LEFT)
        await driver.push(window.reviewing.wrong)
        await driver.push(window.reviewing.message.yes)
        await driver.reach(FindPatient)
        await at("left in the tray")

        await self._choose(driver, canaries.NUMBER)
        QTimer.singleShot(0, crash)
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(crash)
        await at("crashed")

    async def _sign_in(self, driver: Driver) -> None:
        pages = driver.window.sign_in
        await driver.until(lambda: bool(pages.people.tiles), "the people")
        await driver.push(pages.people.tiles[0])
        await driver.until(pages.pin.field.isVisible, "the question for the PIN")
        driver.write(pages.pin.field, canaries.STAFF_PIN)
        await driver.push(pages.pin.send)
        await driver.until(lambda: not driver.window.is_covered, "the desk")

    async def _choose(self, driver: Driver, who: str) -> None:
        driver.search(who)
        await driver.reach(FindPatient, lambda state: bool(state.results))
        await driver.choose_first()
        await driver.reach(Waiting)

    async def _measure(self, driver: Driver, values: tuple[int, int, int]) -> None:
        await self.cuff.measure(*values)
        await driver.reach(Reviewing)


def crash() -> None:
    """Be a bug whose exception quotes what it handled."""
    raise RuntimeError(canaries.CRASH)


def work_the_window() -> None:
    """Work the whole window."""
    person = Window()
    create_application([])
    hands = QTimer()
    hands.timeout.connect(person.unlock)
    hands.start(20)
    code = run_station(person.open_services, companion=person.accompany)
    say(exit=code, written=sorted(written))


# ── the EHR's own sign-in, and an end by force ───────────────────────────────────────────────


def press_the_link(url: str) -> bool:
    """Be the browser, with a person in it."""
    import httpx

    with httpx.Client(follow_redirects=True, trust_env=False) as browser:
        link = re.search(r'href="([^"]+)">Grace Adeyemi', browser.get(url).text)
        assert link is not None
        place, target = urlsplit(url), html.unescape(link[1])
        browser.get(f"{place.scheme}://{place.netloc}{target}" if target[0] == "/" else target)
    return True


@asynccontextmanager
async def opened(radio: BleakRadio) -> AsyncGenerator[Workstation]:
    async def ask_key(locked: Any, _settings: Any) -> bytes:
        return await asyncio.to_thread(lambda: bytes(locked.open(canaries.KEY_PIN)))

    async with open_workstation(PROFILE, radio=radio, ask_key=ask_key) as workstation:
        yield workstation


async def sign_in_and_die() -> None:
    """Sign in at the EHR, have a reading queued, and die with it in hand."""
    webbrowser.open = press_the_link  # type: ignore[assignment] - the browser is the outermost edge
    cuff, radio = enrolled_cuff()
    async with opened(radio) as workstation:
        logging.getLogger().setLevel(logging.DEBUG)
        staff = workstation.staff
        await staff.sign_in_at_ehr()
        assert isinstance(staff.state, SignedIn)
        await at("signed in")
        desk = TakeReading(
            patients=workstation.patients,
            capture=workstation.capture,
            filing=workstation.filing,
            on_state=lambda _: None,
            on_failure=log_problem,
        )

        async def until(kind: type[Any]) -> Any:
            async with asyncio.timeout(20):
                while not isinstance(desk.state, kind):
                    await asyncio.sleep(0.01)
            return desk.state

        from ohx_desktop.domain.patient import PatientQuery

        await desk.find(PatientQuery(identifier=canaries.NUMBER))
        (patient,) = (await until(FindPatient)).results
        await desk.choose(patient)
        await cuff.measure(*canaries.UNSENT)
        reviewing = await until(Reviewing)
        await at("ehr down")
        await desk.confirm(reviewing.reading.id)
        await until(Filed)
        say(written=sorted(written))
        await at("dying")
        os.abort()


SCENES: dict[str, Callable[[], Awaitable[None] | None]] = {
    scene.__name__: scene for scene in (work_the_window, sign_in_and_die)
}


def main() -> None:
    """Play one scene."""
    sys.addaudithook(note_writing)
    # As on a computer that keeps every core dump; the program forbids its own.
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    leave_nothing_behind(shows_traces=False)
    played = SCENES[sys.argv[1]]()
    if asyncio.iscoroutine(played):
        asyncio.run(played)


if __name__ == "__main__":
    main()
