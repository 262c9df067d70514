"""The way of readings from the last packet to verified, made to be killed on it.

A reading confirmed while the EHR was away waits in the queue; a patient is chosen; a cuff that
sends each record once sends an old record and a new one; a person confirms the new one; both reach
the EHR. Where the disk is full meanwhile, the person reads the error and tries again.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Self
from unittest.mock import patch

from disk_shim import Shim
from job import Job, Measured
from workstation import patient_of, systolic_of, tell, workstation

from ohx_desktop.app import Workstation
from ohx_desktop.ble import pauses, session
from ohx_desktop.ble.events import LinkState
from ohx_desktop.desk.states import DeskState, Filed, Reviewing, Waiting
from ohx_desktop.desk.take_reading import TakeReading
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.virtual.cuff import Cuff
from ohx_desktop.virtual.profiles import BRISK, OMRON_HEM_7155T
from ohx_desktop.virtual.room import VirtualRoom

ADDRESS = "00:5F:BF:12:34:56"
# Pauses of product and device that only make a run long; no deadline is touched.
_SHORTENED = (
    (session, "SETTLE_S"),
    (pauses, "AFTER_NEWS_S"),
    (pauses, "AFTER_NO_NEWS_S"),
    (pauses, "AFTER_FAILURE_S"),
    (pauses, "LONGEST_PAUSE_S"),
)
_SHORT_S = 0.001
_PACE = replace(BRISK, indication_interval_s=0.001, quiet_s=0.005, beacon_interval_s=0.01)
# A person who sees no error, and whose readings do not get on, looks at the disk after a while.
_LOOKS_AT_THE_DISK_S = 0.3
_STEP_S = 15.0


async def prepare(job: Job) -> None:
    """Confirm what waits, on a workstation whose EHR is away."""
    async with workstation(job, VirtualRoom(), online=False) as opened:
        for measured in job.waiting:
            await opened.filing.submit(reading_of(measured), patient=measured.patient)
            tell("saved", measured.systolic)


async def go(job: Job, shim: Shim | None) -> None:
    """Go the whole way; `shim` gives the space back that the disk lacks."""
    with contextlib.ExitStack() as stack:
        for module, name in _SHORTENED:
            stack.enter_context(patch.object(module, name, _SHORT_S))
        disk = _Disk(None if job.full_from is None else shim, dies=job.dies_full)
        try:
            await _go(job, disk)
        except OhxError as error:
            # The window shows it in place of the desk; the person starts the program again.
            disk.told(error)
            await _go(job, disk)
    tell("closed")


async def _go(job: Job, disk: "_Disk") -> None:
    room = VirtualRoom()
    cuff = Cuff(OMRON_HEM_7155T, address=ADDRESS, pace=_PACE)
    cuff.remember(job.live.systolic, 50, 40, ago=timedelta(days=1))
    room.add(cuff)
    room.bond(cuff)
    async with workstation(job, room) as opened:
        tell("opened")
        async with _Person(job, opened, disk) as person:
            await person.take(cuff)
    await room.close()


class _Person:
    """Who chooses the patient, confirms, and reads what is shown."""

    def __init__(self, job: Job, opened: Workstation, disk: "_Disk") -> None:
        self._job, self._opened, self._disk = job, opened, disk
        self._news = asyncio.Event()
        self._desk = TakeReading(
            patients=opened.patients,
            capture=opened.capture,
            filing=opened.filing,
            on_state=self._see,
            on_failure=lambda error: os._exit(98 if error is None else 99),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._desk.leave_patient()
        await self._desk.close()

    async def take(self, cuff: Cuff) -> None:
        """Take the reading until the EHR has everything."""
        live = self._job.live
        await self._desk.choose(patient_of(live))
        await self._until(lambda state: isinstance(state, Waiting))
        tell("listening")
        await cuff.measure(live.systolic, live.diastolic, live.pulse)
        tell("measured")
        await self._until(lambda state: isinstance(state, Reviewing))
        state = self._desk.state
        assert isinstance(state, Reviewing)
        if state.not_kept is None:
            tell("shown", systolic_of(state.reading))
        else:
            self._disk.told(state.not_kept)
        self._desk.check_display(checked=True)
        while isinstance(self._desk.state, Reviewing):
            await self._desk.confirm(state.reading.id)
            if isinstance(self._desk.state, Reviewing):
                assert self._desk.state.error is not None
                self._disk.told(self._desk.state.error)
        tell("saved", live.systolic)
        await self._arrived()

    async def _arrived(self) -> None:
        """Wait until nothing is left to send; where that gets stuck, read why and send again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOKS_AT_THE_DISK_S if self._disk.may_be_full else _STEP_S):
                await self._until(_is(EntryState.VERIFIED))
        if self._disk.may_be_full:
            if self._opened.outbox.problem is not None:
                self._disk.told(self._opened.outbox.problem)
            self._disk.give_space()
        async with asyncio.timeout(_STEP_S):
            # Ends early when sending pauses, as for what failed before there was space.
            while await self._opened.outbox.drain(_STEP_S):
                await asyncio.sleep(_LOOKS_AT_THE_DISK_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._until(_is(EntryState.VERIFIED))

    def _see(self, state: DeskState) -> None:
        if isinstance(state, Waiting) and state.link is LinkState.RECEIVING:
            tell("receiving")
        if isinstance(state, Filed) and state.entry.state in {
            EntryState.ACKNOWLEDGED,
            EntryState.VERIFIED,
        }:
            tell(state.entry.state.value)
        self._news.set()

    async def _until(self, condition: Callable[[DeskState], bool]) -> None:
        async with asyncio.timeout(_STEP_S):
            while not condition(self._desk.state):
                await self._news.wait()
                self._news.clear()


class _Disk:
    """What the person knows of a full disk."""

    def __init__(self, shim: Shim | None, *, dies: bool) -> None:
        self._shim, self._dies = shim, dies
        self.may_be_full = shim is not None

    def told(self, error: OhxError) -> None:
        """Read an error: free the disk, or give the computer up. One that is not of it is a bug."""
        assert self._shim is not None, f"{error.code}: {error}"
        assert self._shim.refused, f"{error.code}: {error}"
        tell("refused", error.code)
        if self._dies:
            os.kill(os.getpid(), signal.SIGKILL)
        self.give_space()

    def give_space(self) -> None:
        """Free the disk."""
        if self._shim is not None and self.may_be_full:
            self._shim.give_space()
            self.may_be_full = False
            tell("space", self._shim.refused)


def _is(wanted: EntryState) -> Callable[[DeskState], bool]:
    return lambda state: isinstance(state, Filed) and state.entry.state is wanted


def reading_of(measured: Measured) -> Reading:
    """Return a reading of a device that nobody needs to meet."""
    moment = system_now()
    values = (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, measured.systolic, Unit.MM_HG),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, measured.diastolic, Unit.MM_HG),
        (QuantityKind.PULSE_RATE, measured.pulse, Unit.PER_MINUTE),
    )
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Example", model="BPM-200", address="A4:C1:38:0B:11:2E"),
        measured_at=moment,
        received_at=moment,
        clock=DeviceClock(device=moment.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit) for kind, value, unit in values
        ),
    )
