"""A fresh process after a death: it sends what is there, and a person sees to the tray."""

import time

from job import Job
from workstation import systolic_of, tell, workstation

from ohx_desktop.app import Workstation
from ohx_desktop.keystore import KeyFile
from ohx_desktop.outbox.states import ARRIVED, SETTLED, EntryState
from ohx_desktop.storage.database import connect
from ohx_desktop.virtual.room import VirtualRoom

_DRAIN_S = 15.0
_READ_BACK_S = 10.0


async def recover(job: Job) -> None:
    """Open the profile again; tell what was found there and what became of it."""
    began = time.perf_counter()
    async with workstation(job, VirtualRoom()) as opened:
        await _send(opened)
        tell("recovered", round((time.perf_counter() - began) * 1000, 1))
        await _read_back(opened)
        for item in await opened.tray.items():
            if item.reading is None or item.is_stored:
                continue
            number = systolic_of(item.reading)
            tell("twice" if await opened.filing.is_known(item.reading.id) else "tray", number)
            assert number == job.live.systolic
            assert item.patient_in_view == job.live.patient
            await opened.tray.assign(item.id, patient=job.live.patient)
        await _send(opened)
        await _read_back(opened)
        for entry in await opened.outbox.entries():
            tell("state", entry.state.value)
            if entry.state is EntryState.VERIFIED:
                assert await opened.outbox.held(entry.id) is None, "content after the arrival"
    _check_file(job)
    tell("closed")


def _check_file(job: Job) -> None:
    """Have the database look at every page of itself."""
    key = KeyFile(job.root / "keys" / "store-key").load()
    assert key is not None
    connection = connect(job.root / "profile" / "outbox.db", key)
    assert connection.execute("PRAGMA cipher_integrity_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


async def _send(opened: Workstation) -> None:
    waiting = await opened.outbox.drain(_DRAIN_S)
    assert not waiting, [(entry.state, entry.last_error) for entry in waiting]


async def _read_back(opened: Workstation) -> None:
    arriving = await opened.outbox.entries(ARRIVED - SETTLED)
    for entry in arriving:
        await opened.outbox.wait_until_settled(entry.id, _READ_BACK_S)
