"""A workstation with a cuff that sends each record once, made to be killed.

    tray_child.py FOLDER NUMBER

A patient is chosen, the cuff sends two old records and a new one, the new one is confirmed, the
patient is left. Prints "ready", "asked ID" as a record is handed to the tray, "kept ID" once it is
durable, "told ID" when a person sees it, "saved ID" once the confirmation is durable, "done" at
the end. With KILL_AT_STATEMENT=N it kills itself as the database is given its N-th statement.
"""

# ruff: noqa: T201 - what is printed is what the test reads

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

from outbox_child import die_at_statement

from ohx_desktop.ble.device_registry import DeviceRegistry
from ohx_desktop.ble.listening import Listener
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.desk.capture import RegisteredCapture
from ohx_desktop.desk.filing import FilingService, SubmissionMaker
from ohx_desktop.desk.states import DeskState, Filed, Reviewing
from ohx_desktop.desk.take_reading import TakeReading
from ohx_desktop.desk.tray import TrayService
from ohx_desktop.domain.care_context import NOTHING_OFFERED, OfferedContexts
from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound
from ohx_desktop.keystore import KeyFile, obtain_key
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.tray_records import CapturedRecord
from ohx_desktop.outbox.tray_service import AsyncTray
from ohx_desktop.review.submission import Gateway
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.profiles import BRISK, OMRON_HEM_7155T
from ohx_desktop.virtual.room import VirtualRoom

PATIENT = Patient(
    reference="Patient/jane-canary", family="Smith", given="Jane", birth_date=date(1951, 11, 23)
)


class TellingTray(AsyncTray):
    """The tray, and what goes into it said aloud."""

    async def keep(
        self, records: Sequence[CapturedRecord], *, session: UUID, patient: str | None
    ) -> frozenset[UUID]:
        say("asked", *(record.id for record in records))
        met_before = await super().keep(records, session=session, patient=patient)
        say("kept", *(record.id for record in records))
        return met_before


class NoSearch:
    """The patient is chosen without one."""

    async def find_patients(self, _query: PatientQuery) -> PatientsFound:
        return PatientsFound(patients=(PATIENT,))

    async def contexts(self, _patient: Patient) -> OfferedContexts:
        return NOTHING_OFFERED


def say(what: str, *ids: UUID) -> None:
    for one in ids:
        print(what, one, flush=True)


@asynccontextmanager
async def services(
    folder: Path,
) -> AsyncGenerator[tuple[AsyncOutbox, FilingService, TrayService]]:
    """Open the store of a profile and the services on it."""
    path = folder / "outbox.db"
    outbox = await AsyncOutbox.open(path, lambda: obtain_key(KeyFile(folder / "key"), path))
    gateway = Gateway(installation=UUID(int=5), station="1", version="0.1.0")
    filing = FilingService(outbox=outbox, maker=SubmissionMaker(gateway=gateway))
    tray = TrayService(storage=TellingTray(outbox), filing=filing, kept_for=timedelta(days=7))
    try:
        yield outbox, filing, tray
    finally:
        await outbox.close()


async def main(folder: Path, number: int) -> None:
    cuff = Cuff(OMRON_HEM_7155T, address="00:5F:BF:12:34:56", pace=BRISK)
    cuff.remember(140, 90, number, ago=timedelta(days=1))
    cuff.remember(141, 91, number, ago=timedelta(hours=4))
    room = VirtualRoom()
    room.add(cuff)
    room.bond(cuff)
    backend = virtual_backend(room)
    news = asyncio.Event()

    def look(state: DeskState) -> None:
        if isinstance(state, Reviewing) and not state.saving:
            say("told", state.reading.id)
        news.set()

    async with services(folder) as (_, filing, tray):
        radio = BleakRadio(scanner_backend=backend.scanner, client_backend=backend.client)
        desk = TakeReading(
            patients=NoSearch(),
            capture=RegisteredCapture(
                Listener(radio), DeviceRegistry(folder / "devices.json"), tray
            ),
            filing=filing,
            on_state=look,
            on_failure=lambda error: os._exit(99 if error else 98),
        )
        print("ready", flush=True)
        await desk.choose(PATIENT)
        await cuff.measure(128, 82, number)
        while not isinstance(desk.state, Reviewing):
            await news.wait()
            news.clear()
        desk.check_display(checked=True)
        shown = desk.state.reading.id
        await desk.confirm(shown)
        if isinstance(desk.state, Filed):
            say("saved", shown)
        await desk.leave_patient()
        await desk.close()
    await room.close()
    print("done", flush=True)


if __name__ == "__main__":
    if "KILL_AT_STATEMENT" in os.environ:
        die_at_statement(int(os.environ["KILL_AT_STATEMENT"]))
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
