"""A month without network, in virtual time: readings pile up, clocks jump, then all is sent.

The product's own queue, sender and mapping; only the EHR is a port in this process that keeps for
each patient how far it has come, so that a hundred thousand arrivals weigh nothing.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

from tally import resident_kb
from virtual_time import VirtualTimeLoop

from ohx_desktop.desk.filing import FilingService, SubmissionMaker
from ohx_desktop.domain.clock import system_now
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import Transient
from ohx_desktop.domain.look_up import Found, LookUp
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.proof import prove
from ohx_desktop.keystore import KeyFile, obtain_key
from ohx_desktop.outbox import service
from ohx_desktop.outbox import worker as sender
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryState
from ohx_desktop.outbox.worker import OutboxWorker
from ohx_desktop.review.submission import Gateway

DAYS = 30
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_HOUR_S = 3600.0
# How far the clock on the wall is off from a day on: it is set forward and back.
_OFF = {
    4: timedelta(days=40),
    9: timedelta(days=-45),
    15: timedelta(hours=-2),
    22: timedelta(days=365),
    26: timedelta(0),
}
# The sender looks at the queue each second; over a month that makes a run long and finds no more.
_POLL_S = 300.0
# Once in so many readings the answer is lost on the way back.
_LOST_EVERY = 997


class JumpingClock:
    """The clock on the wall, by the loop's time and off by what somebody set it to."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return system_now() + self.off


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    main_reference: str | None
    created: bool


@dataclass
class LightEhr:
    """An EHR that only counts. `arrived` is the newest time of measurement of each patient.

    A patient's readings are measured one after the other, so one that is not newer than the last
    came again or out of order: `wrong` counts those.
    """

    is_reachable: bool = False
    readings: int = 0
    attempts: int = 0
    wrong: int = 0
    arrived: dict[str, str] = field(default_factory=dict)

    async def transact(self, bundle: bytes) -> Answered:
        """Take a reading in; now and then the answer is lost."""
        self.attempts += 1
        if not self.is_reachable:
            raise Transient("the EHR cannot be reached")
        patient, measured = _told(bundle)
        if measured <= self.arrived.get(patient, ""):
            self.wrong += 1
        self.arrived[patient] = measured
        self.readings += 1
        if self.readings % _LOST_EVERY == 0:
            raise Transient("the EHR did not answer", is_doubtful=True)
        return Answered(main_reference=f"Observation/{self.readings}", created=True)

    async def look_up(self, bundles: Sequence[bytes]) -> Sequence[LookUp]:
        """Tell of each whether it is there."""
        if not self.is_reachable:
            raise Transient("the EHR cannot be reached")
        return [LookUp(found=self._found(bundle), reference="Observation/1") for bundle in bundles]

    async def retract(self, order: bytes) -> Answered:
        """Nobody takes anything back here."""
        raise AssertionError(order)

    async def is_back(self) -> bool:
        """Tell whether there is a network."""
        return self.is_reachable

    def prepare(self, bundle: bytes) -> None:
        """There is nothing to make ready."""

    def _found(self, bundle: bytes) -> Found:
        patient, measured = _told(bundle)
        return Found.SAME if measured <= self.arrived.get(patient, "") else Found.ABSENT


def _told(bundle: bytes) -> tuple[str, str]:
    resources = [entry["resource"] for entry in json.loads(bundle)["entry"]]
    main = next(one for one in resources if one["resourceType"] == "Observation")
    return main["subject"]["reference"], main["effectiveDateTime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the program weighs at one moment."""

    what: str
    readings: int
    resident_kb: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a month came to. `left` is what is not verified in the end."""

    ehr: LightEhr
    left: int
    attempts_offline: int
    samples: Sequence[Sample]


async def month(
    loop: VirtualTimeLoop,
    folder: Path,
    *,
    readings: int,
    patients: int,
    seed: int,
    on_sample: Callable[[Sample], None] = lambda _: None,
) -> Outcome:
    """Live through a month without network, then send all."""
    clock, ehr = JumpingClock(), LightEhr()
    samples: list[Sample] = []

    def weigh(what: str, count: int) -> None:
        samples.append(Sample(what=what, readings=count, resident_kb=resident_kb()))
        on_sample(samples[-1])

    with (
        patch.object(sender, "POLL_S", _POLL_S),
        patch.object(service, "ThreadPoolExecutor", _NoThread),
    ):
        async with _program(loop, folder, clock, ehr, seed) as (outbox, filing):
            hours, filed = DAYS * 24, 0
            for hour in range(hours):
                clock.off = _OFF.get(hour // 24, clock.off)
                while filed * hours < readings * (hour + 1):
                    await filing.submit(reading(filed), patient=f"Patient/{filed % patients}")
                    filed += 1
                if hour % 72 == 71:
                    weigh("queued", filed)
                await asyncio.sleep(_HOUR_S)
            offline = ehr.attempts
            ehr.is_reachable = True
            step = max(readings // 10, 1)
            for wanted in range(step, readings + 1, step):
                while ehr.readings < wanted:
                    await asyncio.sleep(1)
                weigh("arrived", ehr.readings)
            unsettled = {EntryState.QUEUED, EntryState.SENDING, EntryState.ACKNOWLEDGED}
            async with asyncio.timeout(_HOUR_S):
                while await outbox.entries(unsettled):
                    await asyncio.sleep(1)
            left = len(await outbox.entries(set(EntryState) - {EntryState.VERIFIED}))
    assert not loop.problems, loop.problems
    return Outcome(ehr=ehr, left=left, attempts_offline=offline, samples=samples)


class _NoThread(Executor):
    """Does at once what the store's thread would do: virtual time waits for no thread."""

    def __init__(self, *_: object, **__: object) -> None:
        self._ended = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run a call now."""
        assert not self._ended
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more."""
        self._ended = True


@asynccontextmanager
async def _program(
    loop: VirtualTimeLoop, folder: Path, clock: JumpingClock, ehr: LightEhr, seed: int
) -> AsyncGenerator[tuple[AsyncOutbox, FilingService]]:
    outbox = await open_queue(folder, clock)
    chance = random.Random(seed)  # noqa: S311 - a repeatable month
    sending = OutboxWorker(
        outbox, ehr, folder / "sender.lock", monotonic=loop.time, rng=chance.random
    )
    gateway = Gateway(installation=UUID(int=5), station="1", version="0.1.0")
    maker = SubmissionMaker(gateway=gateway, now=clock)
    # A sender that ended by a bug ends the month with it.
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sending.run())
        yield outbox, FilingService(outbox=outbox, maker=maker)
        sending.stop()
    await outbox.close()


async def open_queue(folder: Path, clock: JumpingClock) -> AsyncOutbox:
    """Open the queue in a folder."""
    path = folder / "outbox.db"
    source = KeyFile(folder / "key")
    return await AsyncOutbox.open(path, lambda: obtain_key(source, path), now=clock, prove=prove)


async def fill_queue(folder: Path, *, readings: int, patients: int) -> None:
    """File readings that nobody sends."""
    outbox = await open_queue(folder, JumpingClock())
    gateway = Gateway(installation=UUID(int=5), station="1", version="0.1.0")
    filing = FilingService(outbox=outbox, maker=SubmissionMaker(gateway=gateway))
    for number in range(readings):
        await filing.submit(reading(number), patient=f"Patient/{number % patients}")
    await outbox.close()


def reading(number: int) -> Reading:
    """Return a reading, measured some seconds after the one before."""
    moment = _BEGAN + timedelta(seconds=20 * number)
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="OMRON", model="HEM-7155T", address="A4:C1:38:0B:11:2E"),
        measured_at=moment,
        received_at=moment,
        clock=DeviceClock(device=moment.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=(
            Quantity(
                kind=QuantityKind.SYSTOLIC_BLOOD_PRESSURE,
                value=Decimal(100 + number % 90),
                unit=Unit.MM_HG,
            ),
            Quantity(
                kind=QuantityKind.DIASTOLIC_BLOOD_PRESSURE, value=Decimal(80), unit=Unit.MM_HG
            ),
            Quantity(kind=QuantityKind.PULSE_RATE, value=Decimal(71), unit=Unit.PER_MINUTE),
        ),
    )
