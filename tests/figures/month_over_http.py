"""A smaller month: readings confirmed without an EHR, then sent to the sandbox EHR over HTTP.

The whole program but the window, in real time and with its real threads; the network comes back in
the next start.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from month_offline import reading

from ohx_desktop.app import Workstation, open_workstation
from ohx_desktop.ble.device_secrets import VolatileSecrets
from ohx_desktop.keystore import KeyFile
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.settings.model import EhrSettings, Settings
from ohx_desktop.settings.profile import Profile
from ohx_desktop.virtual.ehr.seed import MRN_SYSTEM
from ohx_desktop.virtual.ehr.store import Store

# For each reading: the sandbox validates what it takes, on the same processor.
_DEADLINE_S = 0.2
_BLOOD_PRESSURE = "85354-9"


async def send_over_http(folder: Path, url: str, store: Store, *, readings: int) -> list[str]:
    """File readings for the patients of an EHR, send them; return what is wrong, in words."""
    patients = [version.reference for version in store.versions("Patient")]
    async with _workstation(folder, None) as opened:
        for number in range(readings):
            await opened.filing.submit(reading(number), patient=patients[number % len(patients)])
    async with _workstation(folder, url) as opened:
        left = await opened.outbox.drain(10 + _DEADLINE_S * readings)
        entries = await opened.outbox.entries()
        for entry in entries:
            await opened.outbox.wait_until_settled(entry.id, 10)
        states = Counter(entry.state for entry in await opened.outbox.entries())
    found = [f"{len(left)} are still queued"] if left else []
    if states != {EntryState.VERIFIED: readings}:
        found.append(f"the states are {dict(states)}")
    return found + _wrong_in(store, patients, readings)


def _wrong_in(store: Store, patients: list[str], readings: int) -> list[str]:
    charts: dict[str, list[str]] = defaultdict(list)
    for version in store.versions("Observation"):
        if version.resource["code"]["coding"][0]["code"] == _BLOOD_PRESSURE:
            chart = charts[version.resource["subject"]["reference"]]
            chart.append(version.resource["effectiveDateTime"])
    found = []
    for number, patient in enumerate(patients):
        expected = len(range(number, readings, len(patients)))
        times = charts.pop(patient, [])
        if len(times) != expected or times != sorted(set(times)):
            found.append(f"{patient} has {len(times)} of {expected}, or not in their order")
    return found + [f"{patient} has what is nobody's" for patient in charts]


@asynccontextmanager
async def _workstation(folder: Path, url: str | None) -> AsyncGenerator[Workstation]:
    ehr = EhrSettings(base_url=url, patient_identifier_system=MRN_SYSTEM)
    async with open_workstation(
        Profile.at(folder / "profile"),
        settings=Settings(ehr=ehr),
        key_source=KeyFile(folder / "store-key"),
        device_secrets=VolatileSecrets(),
    ) as opened:
        yield opened
