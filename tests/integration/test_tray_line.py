"""From a cuff that sends each record once to the tray: the program's desk on virtual devices."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from meeting import Meeting
from tray_child import PATIENT, NoSearch, services

from ohx_desktop.ble.device_registry import DeviceRegistry
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.desk.capture import RegisteredCapture
from ohx_desktop.desk.states import DeskState, Filed, Reviewing, Waiting
from ohx_desktop.desk.take_reading import TakeReading
from ohx_desktop.desk.tray import TrayService
from ohx_desktop.desk.tray_items import TraySummary
from ohx_desktop.domain.errors import NotKept, StoreEnvironment
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Reading
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.review.submission_json import decode_submission
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.profiles import OMRON_HEM_7155T, CuffProfile, Delivery

SENDS_ALL_AGAIN = replace(OMRON_HEM_7155T, delivery=Delivery.WHOLE_MEMORY)
OMAR = Patient(reference="Patient/omar", family="Haddad", given="Omar", birth_date=date(1962, 5, 4))


@dataclass
class Station:
    """One run of the program on a profile."""

    desk: TakeReading
    tray: TrayService
    outbox: AsyncOutbox
    bugs: list[BaseException]

    async def until(self, condition: Callable[[DeskState], bool]) -> None:
        async with asyncio.timeout(8):
            while not condition(self.desk.state):
                await asyncio.sleep(0.002)

    async def reviewed(self, cuff: Cuff, systolic: int) -> Reading:
        """Measure, and return what is offered then."""
        await cuff.measure(systolic, 82, 71)
        await self.until(
            lambda state: isinstance(state, Reviewing) and systolic_of(state.reading) == systolic
        )
        assert isinstance(self.desk.state, Reviewing)
        self.desk.check_display(checked=True)
        return self.desk.state.reading

    async def waiting(self) -> list[int]:
        """Return the systolic values of what waits in the tray and is new."""
        items = await self.tray.items()
        return [systolic_of(i.reading) for i in items if i.reading and not i.is_stored]

    async def filed(self) -> list[tuple[str, int]]:
        """Return patient and systolic value of all that is in the queue."""
        held = [await self.outbox.held(entry.id) for entry in await self.outbox.entries()]
        submissions = [decode_submission(one.submission) for one in held if one is not None]
        return [(one.patient, systolic_of(one.reading)) for one in submissions]


def systolic_of(reading: Reading) -> int:
    quantity = reading.quantity(QuantityKind.SYSTOLIC_BLOOD_PRESSURE)
    assert quantity is not None
    return int(quantity.value)


@asynccontextmanager
async def station(meeting: Meeting, folder: Path) -> AsyncGenerator[Station]:
    bugs: list[BaseException] = []
    radio = BleakRadio(meeting.scanner_options["backend"], meeting.client_options["backend"])
    async with services(folder) as (outbox, filing, tray):
        desk = TakeReading(
            patients=NoSearch(),
            capture=RegisteredCapture(
                Listener(radio), DeviceRegistry(folder / "devices.json"), tray
            ),
            filing=filing,
            on_state=lambda _: None,
            on_failure=bugs.append,
        )
        yield Station(desk=desk, tray=tray, outbox=outbox, bugs=bugs)
        await desk.close()
        assert bugs == []


def cuff_of(meeting: Meeting, profile: CuffProfile = OMRON_HEM_7155T) -> Cuff:
    cuff = meeting.cuff(profile, is_bonded=True)
    cuff.remember(151, 95, 88, ago=timedelta(hours=3))
    return cuff


async def test_a_reading_of_the_wrong_patient_waits_for_the_right_one(
    in_process: Meeting, tmp_path: Path
) -> None:
    cuff = cuff_of(in_process)
    async with station(in_process, tmp_path) as here:
        await here.desk.choose(PATIENT)
        reading = await here.reviewed(cuff, 128)
        assert await here.tray.summary(in_hand=here.desk.in_hand) == TraySummary(waiting=0)
        await here.desk.leave_patient()
        assert await here.tray.summary(in_hand=here.desk.in_hand) == TraySummary(waiting=1)
        await here.desk.choose(OMAR)
        await here.tray.assign(reading.id, patient=OMAR.reference)
        assert await here.filed() == [("Patient/omar", 128)]
        assert await here.waiting() == []


async def test_a_reading_measured_again_is_put_aside_and_not_lost(
    in_process: Meeting, tmp_path: Path
) -> None:
    cuff = cuff_of(in_process)
    async with station(in_process, tmp_path) as here:
        await here.desk.choose(PATIENT)
        await here.reviewed(cuff, 128)
        await here.desk.measure_again()
        again = await here.reviewed(cuff, 131)
        await here.desk.confirm(again.id)
        assert isinstance(here.desk.state, Filed)
        assert await here.filed() == [(PATIENT.reference, 131)]
        assert await here.waiting() == [128]


async def test_what_the_cuff_forgets_of_its_memory_is_kept_and_does_not_wait(
    in_process: Meeting, tmp_path: Path
) -> None:
    cuff = cuff_of(in_process)
    async with station(in_process, tmp_path) as here:
        await here.desk.choose(PATIENT)
        reading = await here.reviewed(cuff, 128)
        await here.desk.confirm(reading.id)
        await here.desk.leave_patient()
        (item,) = await here.tray.items()
        assert item.is_stored
        assert item.reading is not None
        assert systolic_of(item.reading) == 151
        assert await here.tray.summary() == TraySummary(waiting=0)


async def test_after_a_restart_the_tray_has_it_and_no_patient_is_offered_it(
    in_process: Meeting, tmp_path: Path
) -> None:
    """A cuff that sends its whole memory each time, to a program that has just started."""
    cuff = cuff_of(in_process, SENDS_ALL_AGAIN)
    async with station(in_process, tmp_path) as here:
        await here.desk.choose(PATIENT)
        await here.reviewed(cuff, 128)
    async with station(in_process, tmp_path) as here:
        assert await here.waiting() == [128]
        await here.desk.choose(OMAR)
        cuff.press_bluetooth_button()
        await here.until(lambda state: isinstance(state, Waiting) and state.stored_seen >= 2)
        reading = await here.reviewed(cuff, 131)
        await here.desk.confirm(reading.id)
        assert await here.filed() == [("Patient/omar", 131)]
        assert await here.waiting() == [128]


async def test_what_was_discarded_is_not_offered_again_after_a_restart(
    in_process: Meeting, tmp_path: Path
) -> None:
    cuff = cuff_of(in_process, SENDS_ALL_AGAIN)
    async with station(in_process, tmp_path) as here:
        await here.desk.choose(PATIENT)
        reading = await here.reviewed(cuff, 128)
        await here.desk.leave_patient()
        await here.tray.discard(reading.id, reason="not-a-patient")
    async with station(in_process, tmp_path) as here:
        await here.desk.choose(PATIENT)
        cuff.press_bluetooth_button()
        await here.until(lambda state: isinstance(state, Waiting) and state.stored_seen >= 2)
        assert await here.waiting() == []


async def test_a_store_that_takes_nothing_is_told_and_the_reading_can_be_saved_later(
    in_process: Meeting, tmp_path: Path
) -> None:
    cuff = cuff_of(in_process)

    async def take(here: Station, *, nothing: bool) -> None:
        statement = f"PRAGMA query_only = {nothing:d}"
        await here.outbox.read(lambda store: store._connection.execute(statement))

    async with station(in_process, tmp_path) as here:
        await take(here, nothing=True)
        await here.desk.choose(PATIENT)
        reading = await here.reviewed(cuff, 128)
        assert isinstance(here.desk.state, Reviewing)
        assert isinstance(here.desk.state.not_kept, NotKept)
        await here.desk.confirm(reading.id)
        assert isinstance(here.desk.state, Reviewing)
        assert isinstance(here.desk.state.error, StoreEnvironment)
        await take(here, nothing=False)
        await here.desk.confirm(reading.id)
        assert await here.filed() == [(PATIENT.reference, 128)]
