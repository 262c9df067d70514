"""One window with the real services in a process of its own: python window_child.py SCENE FOLDER.

A process has only one run of Qt and asyncio together, hence a process for each scene. What the
screen said at each look is printed as JSON; the pictures are in FOLDER.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from keyring.backend import KeyringBackend
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from ohx_desktop.app import Workstation, open_workstation
from ohx_desktop.app.keys import AskKey
from ohx_desktop.app.salvage import salvage_queue
from ohx_desktop.app.staff import staff_accounts_of
from ohx_desktop.demo.driver import Driver, StepFailed
from ohx_desktop.demo.rig import DemoRig, demo_rig
from ohx_desktop.desk.states import Filed, FindPatient, Reviewing, Waiting
from ohx_desktop.desk.take_reading import TakeReading
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.settings.profile import Profile
from ohx_desktop.staff.people import StaffMember
from ohx_desktop.station import run_station
from ohx_desktop.ui import texts
from ohx_desktop.ui.shell import create_application, grab
from ohx_desktop.ui.staff.window import StaffWindow
from ohx_desktop.ui.tray.tray_page import TrayPage
from ohx_desktop.ui.unlock.unlock_page import UnlockPage
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.ehr.faults import Fault, Scope
from ohx_desktop.virtual.ehr.seed import PRACTITIONER
from ohx_desktop.virtual.faults import Faults
from ohx_desktop.virtual.pairing import PairingFailed, PairingFailure
from ohx_desktop.virtual.profiles import BEURER_BM54
from ohx_desktop.virtual.room import Adapter

NUMBER = "943 476 5919"
RIGHT_NUMBER = "401 023 2137"
NEW = (128, 82, 71)
NEW_CUFF = "A4:C1:38:00:54:54"
PASSKEY = 314159
GRACE = StaffMember(reference=f"Practitioner/{PRACTITIONER}", name="Grace Adeyemi")
OMAR = StaffMember(reference="PractitionerRole/role-12", name="Omar Haddad")
STAFF = {GRACE: "2580", OMAR: "73915"}
# The cuff of the rig remembers three records and sends them before the new one.
NEW_IS_AT = 3


class Stage:
    """One scene under way: the rig, the hands, and what was seen."""

    def __init__(self, rig: DemoRig, workstation: Workstation, driver: Driver) -> None:
        self.rig = rig
        self.workstation = workstation
        self.driver = driver
        self.seen: dict[str, list[str]] = {}

    async def look(self, name: str) -> None:
        """Take a picture and write down every text on the screen."""
        await self.driver.picture(name)
        self.seen[name] = list(texts_on(self.driver.window))

    async def until_shown(self, text: str) -> None:
        """Wait until a text on the screen contains this one."""
        window = self.driver.window
        await self.driver.until(lambda: any(text in each for each in texts_on(window)), text)

    async def wait_for_the_cuff(self) -> None:
        self.driver.search(NUMBER)
        await self.driver.reach(FindPatient, lambda state: bool(state.results))
        await self.driver.choose_first()
        await self.driver.reach(Waiting)

    async def review(self) -> None:
        await self.wait_for_the_cuff()
        await self.rig.cuff.measure(*NEW)
        await self.driver.reach(Reviewing)

    async def confirm(self) -> None:
        await self.driver.push(self.driver.window.reviewing.confirm)
        await self.driver.reach(Filed)

    async def leave(self) -> None:
        await self.driver.push(self.driver.window.filed.next_patient)
        await self.driver.reach(FindPatient)

    def pressures_in_the_chart(self) -> list[list[str]]:
        """Return the blood pressures that the EHR holds."""
        stored = [version.resource for version in self.rig.ehr.store.versions("Observation")]
        return [
            [str(part["valueQuantity"]["value"]) for part in resource["component"][:2]]
            for resource in stored
            if "component" in resource
        ]


def texts_on(window: QWidget) -> Iterator[str]:
    """Yield what a person can read, shortened texts whole."""
    for widget in window.findChildren(QWidget):
        if widget.isVisible() and isinstance(widget, QLabel | QAbstractButton):
            yield from {widget.text(), widget.accessibleName()} - {""}


# ── scenes ───────────────────────────────────────────────────────────────────────────────────


async def ehr_down_at_search(stage: Stage) -> None:
    stage.rig.ehr.faults.arm(Fault.DROP, times=None)
    stage.driver.search(NUMBER)
    await stage.driver.reach(FindPatient, lambda state: state.error is not None)
    await stage.look("down")
    stage.rig.ehr.faults.disarm()
    stage.driver.search(NUMBER)
    await stage.driver.reach(FindPatient, lambda state: bool(state.results))
    await stage.look("back")


async def ehr_down_after_confirm(stage: Stage) -> None:
    await stage.review()
    stage.rig.ehr.faults.arm(Fault.DROP, times=None, scope=Scope.WRITES)
    await stage.confirm()
    await stage.driver.reach(
        Filed, lambda state: state.entry.state is EntryState.QUEUED and state.entry.attempts > 0
    )
    await stage.until_shown("1 waiting for the EHR")
    await stage.look("down")
    await stage.leave()
    await stage.look("next patient")
    stage.rig.ehr.faults.disarm()
    await stage.until_shown("Everything is sent")
    await stage.look("back")


async def ehr_slow(stage: Stage) -> None:
    await stage.review()
    stage.rig.ehr.faults.arm(Fault.DELAY, delay_s=2.0, scope=Scope.WRITES)
    await stage.confirm()
    await stage.until_shown("Sending")
    await stage.look("slow")
    await stage.driver.reach(Filed, lambda state: state.verified_at is not None)
    await stage.look("arrived")


async def ehr_refusing(stage: Stage) -> None:
    await stage.review()
    stage.rig.ehr.faults.arm(Fault.UNPROCESSABLE, times=None, scope=Scope.WRITES)
    await stage.confirm()
    await stage.until_shown("1 needs you")
    await stage.look("refused")
    await stage.leave()
    await stage.look("next patient")
    # The rule is mended; the reading is found in the queue and sent again.
    driver, window = stage.driver, stage.driver.window
    await driver.push(window.footer.counts)
    pages = window.queue
    await driver.until(lambda: pages.entries.entries.is_armed, "the queue")
    await stage.look("queue")
    driver.press(pages.entries.entries, Qt.Key.Key_Return)
    await driver.push(pages.entry.look)
    await stage.until_shown("BENNETT")
    await stage.look("looked at")
    stage.rig.ehr.faults.disarm()
    await driver.push(pages.entry.retry)
    await stage.until_shown("In the chart")
    await stage.look("sent again")
    driver.press(pages.entry.back, Qt.Key.Key_Escape)
    await driver.until(pages.entries.isVisible, "the list again")
    await driver.push(pages.entries.back)
    await stage.until_shown("Everything is sent")


async def cuff_vanishes(stage: Stage) -> None:
    stage.rig.cuff.peripheral.faults = Faults(lose_link_after_operations=2, connections=1)
    await stage.wait_for_the_cuff()
    await stage.rig.cuff.measure(*NEW)
    await stage.driver.reach(Waiting, lambda state: state.problem is not None)
    await stage.look("gone")
    await stage.driver.reach(Reviewing)
    await stage.look("back")


async def cuff_vanishes_in_mid_transfer(stage: Stage) -> None:
    stage.rig.cuff.peripheral.faults = Faults(lose_link_mid_transfer=True, connections=1)
    await stage.wait_for_the_cuff()
    await stage.rig.cuff.measure(*NEW)
    await stage.until_shown("2 older readings")
    await stage.look("gone")
    await stage.driver.reach(Reviewing)
    await stage.look("back")


async def malformed_packet(stage: Stage) -> None:
    await _refused_record(stage, Faults(malformed_indication=NEW_IS_AT))


async def failed_measurement(stage: Stage) -> None:
    await _refused_record(stage, Faults(failed_measurement=True))


async def _refused_record(stage: Stage, faults: Faults) -> None:
    stage.rig.cuff.peripheral.faults = faults
    await stage.wait_for_the_cuff()
    await stage.rig.cuff.measure(*NEW)
    await stage.driver.reach(Waiting, lambda state: state.problem is not None)
    await stage.look("refused")
    stage.rig.cuff.peripheral.faults = Faults()
    await stage.rig.cuff.measure(*NEW)
    await stage.driver.reach(Reviewing)
    await stage.look("measured again")


async def disk_full(stage: Stage) -> None:
    await stage.review()
    await _limit_pages(stage, "(SELECT page_count FROM pragma_page_count)")
    await stage.driver.push(stage.driver.window.reviewing.confirm)
    await stage.driver.reach(Reviewing, lambda state: state.error is not None)
    await stage.look("full")
    await _limit_pages(stage, "100000")
    await stage.confirm()
    await stage.driver.reach(Filed, lambda state: state.verified_at is not None)
    await stage.look("room again")


async def _limit_pages(stage: Stage, pages: str) -> None:
    """Let the database find no room beyond so many pages, as on a full disk."""

    def limit(store: OutboxStore) -> None:
        (count,) = store._connection.execute(f"SELECT {pages}").fetchone() or (0,)
        store._connection.execute(f"PRAGMA max_page_count = {count}").fetchone()

    await stage.workstation.outbox.read(limit)


async def wrong_patient(stage: Stage) -> None:
    await stage.review()
    window = stage.driver.window
    await stage.driver.push(window.reviewing.wrong)
    await stage.look("question")
    await stage.driver.push(window.reviewing.message.yes)
    await stage.driver.reach(FindPatient)
    await stage.until_shown("1 reading waits to be assigned")
    await stage.look("left")
    # The right one is found, and the reading is given to them.
    await stage.wait_for_the_cuff()
    (tray,) = window.findChildren(TrayPage)
    await stage.driver.push(next(b for b in buttons_of(window) if b.text() == texts.TRAY))
    await stage.until_shown(texts.TRAY_HEADING)
    await stage.look("tray")
    await stage.driver.push(tray.rows[0].assign)
    await stage.look("whose")
    await stage.driver.push(tray.message.yes)
    await stage.until_shown(texts.TRAY_DONE[0])
    await stage.look("given")
    await stage.driver.push(tray.back)
    await stage.until_shown("Everything is sent")
    await stage.driver.until(lambda: stage.pressures_in_the_chart() != [], "the chart")


async def filed_for_the_wrong_patient(stage: Stage) -> None:
    await stage.review()
    await stage.confirm()
    driver, window = stage.driver, stage.driver.window
    await driver.reach(Filed, lambda state: state.verified_at is not None)
    await stage.look("filed")
    await driver.push(window.filed.wrong)
    await stage.until_shown(texts.WHY_CORRECT)
    pages = window.queue
    await stage.look("why")
    await driver.push(pages.why.reasons[0])
    await driver.until(pages.right.field.isVisible, "the search for the right patient")
    driver.write(pages.right.field, RIGHT_NUMBER)
    driver.press(pages.right.field, Qt.Key.Key_Return)
    await driver.until(lambda: pages.right.results.is_armed, "the right patient")
    driver.press(pages.right.results, Qt.Key.Key_Return)
    await driver.until(lambda: pages.right.is_asking, "the question whether it is theirs")
    await stage.look("theirs")
    await driver.push(pages.right.question.yes)
    await stage.until_shown(texts.MENDED_MARKED)
    await stage.until_shown(texts.MENDED_FILED)
    await stage.look("mended")
    await driver.push(pages.mended.to_queue)
    await driver.until(lambda: len(pages.entries.entries.shown) == 3, "the entries")
    await stage.look("queue")
    stage.seen["rows"] = [row.spoken for row in pages.entries.entries.shown]
    await driver.push(pages.entries.compare)
    await driver.push(pages.compare.run)
    await stage.until_shown(texts.COMPARE_NONE_DIFFERS)
    await stage.look("compared")
    driver.press(pages.compare.run, Qt.Key.Key_Escape)
    await driver.until(pages.entries.isVisible, "the list again")
    driver.press(pages.entries.entries, Qt.Key.Key_Escape)
    await driver.until(window.find_patient.isVisible, "the search")
    await stage.look("left")
    stored = [version.resource for version in stage.rig.ehr.store.versions("Observation")]
    stage.seen["charts"] = [
        f"{each['subject']['reference']} {each['status']} {len(each.get('component', []))}"
        for each in stored
    ]
    told = [version.resource for version in stage.rig.ehr.store.versions("Provenance")]
    stage.seen["why in the EHR"] = [json.dumps(each.get("authorization")) for each in told]


def buttons_of(window: QWidget) -> list[QAbstractButton]:
    return [button for button in window.findChildren(QAbstractButton) if button.isVisible()]


async def no_bluetooth(stage: Stage) -> None:
    stage.rig.room.adapter = Adapter.MISSING
    await stage.wait_for_the_cuff()
    await stage.driver.reach(Waiting, lambda state: state.problem is not None)
    await stage.look("missing")


async def second_window(stage: Stage) -> None:
    await stage.review()
    command = [sys.executable, __file__, "already_open", str(stage.driver.pictures)]
    where = {**os.environ, "OHX_PROFILE": str(stage.rig.profile.data)}
    other = await asyncio.to_thread(
        subprocess.run, command, env=where, capture_output=True, text=True, check=True
    )
    stage.seen["second"] = json.loads(other.stdout)["seen"]["fatal"]
    stage.seen["exit code of the second"] = [str(json.loads(other.stdout)["exit"])]
    await stage.look("first")
    await stage.confirm()
    await stage.driver.reach(Filed, lambda state: state.verified_at is not None)


class SystemPerson:
    """The operating system that asks for a number: it hands the question to the window."""

    def __init__(self, workstation: Workstation) -> None:
        self._passkeys = workstation.passkeys

    async def enter_passkey(self) -> int:
        number = await self._passkeys.ask(NEW_CUFF)
        if number is None:
            raise PairingFailed(PairingFailure.CANCELLED)
        return number

    async def confirm(self, passkey: int) -> bool:
        return True


async def a_cuff_is_registered(stage: Stage) -> None:
    driver, window = stage.driver, stage.driver.window
    stage.rig.room.agent = SystemPerson(stage.workstation)
    cuff = Cuff(BEURER_BM54, address=NEW_CUFF, passkey=PASSKEY)
    stage.rig.room.add(cuff)
    cuff.press_bluetooth_button()
    await driver.push(window.find_patient.devices_button)
    pages = window.devices
    await stage.until_shown("Devices of this workstation")
    await stage.look("devices")
    await driver.push(pages.registered.add)
    await driver.until(
        lambda: any(row.address == NEW_CUFF for row in pages.search.rows.shown), "the new cuff"
    )
    await stage.look("in range")
    while pages.search.rows.current is None or pages.search.rows.current.address != NEW_CUFF:
        driver.press(pages.search.rows, Qt.Key.Key_Down)
        await asyncio.sleep(0.01)
    driver.press(pages.search.rows, Qt.Key.Key_Return)
    await stage.until_shown("It shows six digits")
    await stage.look("chosen")
    await driver.push(pages.stage.likely)
    await driver.until(pages.passkey.field.isVisible, "the question for the number")
    await stage.look("number asked")
    driver.write(pages.passkey.field, str(PASSKEY))
    await driver.push(pages.passkey.send)
    await stage.until_shown("BM54 is registered")
    await stage.look("registered")
    await driver.push(pages.stage.likely)
    await stage.until_shown("Devices of this workstation")
    assert len(pages.registered.rows.shown) == 2
    driver.press(pages.registered.rows, Qt.Key.Key_Down)
    await driver.until(
        lambda: (row := pages.registered.rows.current) is not None and row.address == NEW_CUFF,
        "the row of the new cuff",
    )
    await driver.push(pages.registered.forget_button)
    await stage.until_shown("BM54?")
    await driver.push(pages.registered.message.yes)
    await driver.until(lambda: len(pages.registered.rows.shown) == 1, "one device left")
    await stage.look("forgotten")
    await driver.push(pages.registered.done)
    # The desk works as before.
    await stage.review()
    await stage.look("a reading")


async def an_administrator_looks_around(stage: Stage) -> None:
    driver, window = stage.driver, stage.driver.window
    driver.press(window.find_patient.field, Qt.Key.Key_F10)
    await driver.until(window.admin.isVisible, "the administrator's pages")
    await stage.look("home")
    pages = window.admin
    await driver.push(pages.home.check)
    await driver.push(pages.check.run)
    await driver.until(pages.check.copy.isVisible, "the end of the check")
    await stage.look("checked")
    driver.press(pages.check.lines, Qt.Key.Key_Escape)
    await driver.until(pages.home.isVisible, "the way back")
    await driver.push(pages.home.mapping)
    await stage.until_shown(texts.MAPPING_STATUS_OWN)
    mapping = driver.pictures / "clinic.toml"
    mapping.write_text('[quantities.pulse_rate]\ntext = "Pulse at reception"\n')
    pages.mapping.path.setText(str(mapping))
    driver.press(pages.mapping.path, Qt.Key.Key_Return)
    await stage.until_shown("clinic.toml, compared")
    await stage.look("previewed")
    await driver.push(pages.mapping.put)
    await driver.push(pages.mapping.message.yes)
    await stage.until_shown("clinic.toml is in force")
    await stage.look("in force")
    driver.press(pages.mapping.rows, Qt.Key.Key_Escape)
    await driver.until(pages.home.isVisible, "the way back")
    driver.press(pages.home.check, Qt.Key.Key_Escape)
    await driver.until(window.find_patient.isVisible, "the search")
    await stage.review()
    await stage.confirm()
    await driver.reach(Filed, lambda state: state.entry.state is EntryState.VERIFIED)
    stored = [version.resource for version in stage.rig.ehr.store.versions("Observation")]
    stage.seen["chart"] = [str(resource["code"].get("text")) for resource in stored]


class MemoryKeyring(KeyringBackend):
    """The keyring of this process; named by the environment as any other."""

    priority = 9.0
    kept: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def by_pin(rig: DemoRig) -> DemoRig:
    """Have two people sign in by PIN at the rig's station."""
    os.environ["PYTHON_KEYRING_BACKEND"] = "__main__.MemoryKeyring"
    accounts, pins = staff_accounts_of(rig.profile)
    for person, pin in STAFF.items():
        accounts.add(person)
        pins.set(person.reference, pin, least_digits=4)
    station = rig.settings.station.model_copy(update={"sign_in": "pin"})
    return replace(rig, settings=rig.settings.model_copy(update={"station": station}))


async def _sign_in(stage: Stage, person: StaffMember) -> None:
    page = stage.driver.window.sign_in.people
    await stage.driver.until(lambda: any(tile.isVisible() for tile in page.tiles), "the people")
    await stage.driver.push(
        next(tile for tile in page.tiles if tile.accessibleName() == person.name)
    )
    await _type_pin(stage, person)


async def _type_pin(stage: Stage, person: StaffMember) -> None:
    window = stage.driver.window
    await stage.driver.until(window.sign_in.pin.field.isVisible, "the question for the PIN")
    stage.driver.write(window.sign_in.pin.field, STAFF[person])
    await stage.driver.push(window.sign_in.pin.send)
    await stage.driver.until(lambda: not window.is_covered, "the desk")


async def people_change_over(stage: Stage) -> None:
    driver, window = stage.driver, stage.driver.window
    await stage.until_shown("Who are you?")
    await stage.look("who")
    await _sign_in(stage, GRACE)
    await stage.review()
    await stage.look("a reading")
    await driver.push(window.footer.lock)
    await driver.until(lambda: window.is_covered, "the lock")
    await stage.look("locked")
    await _type_pin(stage, GRACE)
    await stage.look("back")
    await driver.push(window.footer.lock)
    await driver.push(window.sign_in.pin.other)
    await _sign_in(stage, OMAR)
    await driver.reach(FindPatient)
    await stage.until_shown("waits to be assigned")
    await stage.look("another person")
    await stage.review()
    await stage.confirm()
    await driver.reach(Filed, lambda state: state.verified_at is not None)
    await driver.push(window.footer.sign_out)
    await stage.until_shown("Who are you?")
    await driver.reach(FindPatient)
    await stage.look("signed out")
    provenances = [version.resource for version in stage.rig.ehr.store.versions("Provenance")]
    stage.seen["verifiers"] = [
        agent["who"]["reference"]
        for provenance in provenances
        for agent in provenance["agent"]
        if agent["type"]["coding"][0]["code"] == "verifier"
    ]


RIGS: dict[str, Callable[[DemoRig], DemoRig]] = {people_change_over.__name__: by_pin}
SCENES: dict[str, Callable[[Stage], Awaitable[None]]] = {
    scene.__name__: scene
    for scene in (
        *(ehr_down_at_search, ehr_down_after_confirm, ehr_slow, ehr_refusing),
        *(cuff_vanishes, cuff_vanishes_in_mid_transfer, malformed_packet, failed_measurement),
        *(disk_full, no_bluetooth, second_window, a_cuff_is_registered, wrong_patient),
        an_administrator_looks_around,
        filed_for_the_wrong_patient,
        people_change_over,
    )
}


def play(name: str, folder: Path) -> dict[str, Any]:
    """Play a scene on the demo's rig to its end."""
    told: dict[str, Any] = {}
    stages: list[tuple[DemoRig, Workstation]] = []

    @asynccontextmanager
    async def open_services(
        changed: Callable[[], None], _ask_key: AskKey
    ) -> AsyncGenerator[Workstation]:
        async with demo_rig() as plain:
            rig = RIGS.get(name, lambda same: same)(plain)
            async with rig.open_services(changed) as workstation:
                stages.append((rig, workstation))
                yield workstation

    async def accompany(window: StaffWindow, desk: TakeReading) -> int:
        stage = Stage(*stages[0], Driver(window, desk, folder))
        try:
            await SCENES[name](stage)
        except StepFailed as failure:
            await stage.look("failed")
            told["failed"] = str(failure)
        told["seen"], told["chart"] = stage.seen, stage.pressures_in_the_chart()
        told["state"] = type(desk.state).__name__
        return 0

    told["exit"] = run_station(open_services, companion=accompany)
    return told


# ── a window that cannot start ───────────────────────────────────────────────────────────────


def play_fatal(folder: Path, name: str) -> dict[str, Any]:
    """Start on the profile that OHX_PROFILE names; look at why it cannot start, and close it."""
    profile = Profile.at(Path(os.environ["OHX_PROFILE"]))
    seen: dict[str, list[str]] = {}
    create_application([])

    def look_and_press() -> None:
        windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, StaffWindow)]
        buttons = [b for w in windows for b in w.findChildren(QAbstractButton) if b.isVisible()]
        shown = {button.text(): button for button in buttons}
        text = texts.SALVAGE if texts.SALVAGE in shown else texts.CLOSE
        look = "damaged" if text == texts.SALVAGE else "fatal"
        if text in shown and look not in seen:
            seen[look] = list(texts_on(windows[0]))
            grab(windows[0], folder / f"{name}-{look}.png")
            shown[text].click()

    looking = QTimer()
    looking.timeout.connect(look_and_press)
    looking.start(50)
    code = run_station(
        lambda changed, ask_key: open_workstation(
            profile, on_queue_change=changed, ask_key=ask_key
        ),
        salvage=lambda: salvage_queue(profile.data).summary(),
    )
    return {"exit": code, "seen": seen}


# ── a key that a person opens ────────────────────────────────────────────────────────────────

KEY_PIN, WRONG_PIN = "7302 9154 88", "7302 9154 89"


def play_locked(folder: Path, name: str) -> dict[str, Any]:
    """Start on a profile whose key is sealed: choose or type the PIN, or close the window."""
    profile = Profile.at(Path(os.environ["OHX_PROFILE"]))
    seen: dict[str, list[str]] = {}
    steps = LOCKED[name]()
    application = create_application([])

    def hands() -> None:
        windows = [w for w in application.topLevelWidgets() if isinstance(w, StaffWindow)]
        page = windows[0]._unlock if windows else None
        # What was typed goes once it was looked at.
        if page is not None and page.isVisible() and not page.field.text():
            step = next(steps, None)
            if step is not None:
                look, act = step
                seen[look] = list(texts_on(windows[0]))
                grab(windows[0], folder / f"{look}.png")
                act(windows[0], page)

    async def accompany(window: StaffWindow, desk: TakeReading) -> int:
        while not window.find_patient.isVisible():
            await asyncio.sleep(0.01)
        seen["desk"] = list(texts_on(window))
        return 0

    moving = QTimer()
    moving.timeout.connect(hands)
    moving.start(20)
    code = run_station(
        lambda changed, ask_key: open_workstation(
            profile, on_queue_change=changed, ask_key=ask_key
        ),
        companion=accompany,
    )
    return {"exit": code, "seen": seen}


LockedStep = tuple[str, Callable[[StaffWindow, UnlockPage], object]]


def type_in(*typed: str) -> Callable[[StaffWindow, UnlockPage], object]:
    """Return hands that fill the fields and press the button."""

    def act(_window: StaffWindow, page: UnlockPage) -> None:
        for field, text in zip((page.field, page.again), typed, strict=False):
            field.setText(text)
        page.send.click()

    return act


def choose_key_pin() -> Iterator[LockedStep]:
    yield "asked", type_in(KEY_PIN, WRONG_PIN)
    yield "not the same", type_in("11111111", "11111111")
    yield "weak", type_in(KEY_PIN, KEY_PIN)


def type_key_pin() -> Iterator[LockedStep]:
    yield "asked", type_in(WRONG_PIN)
    yield "wrong", type_in(KEY_PIN)


def leave_locked() -> Iterator[LockedStep]:
    yield "asked", lambda window, _page: window.close()


LOCKED: dict[str, Callable[[], Iterator[LockedStep]]] = {
    scene.__name__: scene for scene in (choose_key_pin, type_key_pin, leave_locked)
}


def main() -> None:
    """Play one scene and print what was seen."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    if name in LOCKED:
        told = play_locked(folder, name)
    else:
        told = play(name, folder) if name in SCENES else play_fatal(folder, name)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
