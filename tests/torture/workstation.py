"""The workstation as a torture run has it: the program's own graph on virtual devices.

Nothing in here knows the inside of the queue: it opens the workstation as the window does.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date

from job import Job, Measured

from ohx_desktop.app import Workstation, open_workstation
from ohx_desktop.ble.device_secrets import VolatileSecrets
from ohx_desktop.ble.radio import BleakRadio
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.quantity import QuantityKind
from ohx_desktop.domain.reading import Reading
from ohx_desktop.keystore import KeyFile
from ohx_desktop.settings.model import EhrSettings, Settings, StationSettings
from ohx_desktop.settings.profile import Profile
from ohx_desktop.virtual.bleak_backend import virtual_backend
from ohx_desktop.virtual.ehr.seed import MRN_SYSTEM, PRACTITIONER
from ohx_desktop.virtual.room import VirtualRoom


@asynccontextmanager
async def workstation(
    job: Job, room: VirtualRoom, *, online: bool = True
) -> AsyncGenerator[Workstation]:
    """Open the workstation of a job; it knows no EHR where it is not `online`."""
    backend = virtual_backend(room)
    ehr = EhrSettings(base_url=job.url if online else None, patient_identifier_system=MRN_SYSTEM)
    station = StationSettings(name="torture", practitioner=f"Practitioner/{PRACTITIONER}")
    async with open_workstation(
        Profile.at(job.root / "profile"),
        settings=Settings(ehr=ehr, station=station),
        radio=BleakRadio(scanner_backend=backend.scanner, client_backend=backend.client),
        key_source=KeyFile(job.root / "keys" / "store-key"),
        device_secrets=VolatileSecrets(),
    ) as opened:
        yield opened


def patient_of(measured: Measured) -> Patient:
    """Return whom a measurement belongs to."""
    return Patient(
        reference=measured.patient, family="Torture", given="T.", birth_date=date(1952, 3, 14)
    )


def systolic_of(reading: Reading) -> int:
    """Return the value by which a run knows its readings."""
    quantity = reading.quantity(QuantityKind.SYSTOLIC_BLOOD_PRESSURE)
    assert quantity is not None
    return int(quantity.value)


def tell(word: str, *of: object) -> None:
    """Say a word to whoever watches, at once."""
    os.write(1, " ".join([word, *map(str, of)]).encode() + b"\n")
