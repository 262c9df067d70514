"""What the tests of the queue's page share: a real queue, readings in it, and an EHR's edge."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from ohx_desktop.desk.correcting import CorrectingService
from ohx_desktop.desk.filing import FilingService, SubmissionMaker
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import NobodySignedIn
from ohx_desktop.domain.patient import Patient, PatientIdentifier, PatientQuery, PatientsFound
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.proof import prove
from ohx_desktop.outbox.listing import AsyncListing
from ohx_desktop.outbox.receipts import AsyncReceipts
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import OutboxEntry
from ohx_desktop.review.submission import Gateway

NURSE = "Practitioner/1"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def patient(number: int, **more: Any) -> Patient:
    identifier = PatientIdentifier(system=None, value=f"00{number}")
    return Patient(
        **{
            "reference": f"Patient/{number}",
            "family": f"Family{number}",
            "given": "Given",
            "identifier": identifier,
            **more,
        }
    )


def reading(number: int = 0) -> Reading:
    moment = NOON + timedelta(minutes=number)
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Example", model="BPM", address="A4:C1:38:0B:11:2E"),
        measured_at=moment,
        received_at=moment,
        clock=DeviceClock(device=moment.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=(
            Quantity(
                kind=QuantityKind.SYSTOLIC_BLOOD_PRESSURE, value=Decimal(128), unit=Unit.MM_HG
            ),
            Quantity(
                kind=QuantityKind.DIASTOLIC_BLOOD_PRESSURE, value=Decimal(82), unit=Unit.MM_HG
            ),
        ),
    )


@dataclass
class Edge:
    """The EHR, from the side that is asked. What is in `raises` is raised, once `gate` is open."""

    raises: BaseException | None = None
    found: PatientsFound = field(default_factory=PatientsFound)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def _answer(self) -> None:
        self.asked.set()
        await self.gate.wait()
        if self.raises is not None:
            raise self.raises

    async def find_patients(self, _query: PatientQuery) -> PatientsFound:
        await self._answer()
        return self.found

    async def patient(self, reference: str) -> Patient:
        await self._answer()
        return patient(int(reference.removeprefix("Patient/")))

    async def held(
        self, _names: Iterable[Any], _references: Iterable[str] = ()
    ) -> Mapping[Any, Sequence[Any]]:
        await self._answer()
        return {}


class Bench:
    """A real queue without a sender: the test moves its entries."""

    def __init__(self, outbox: AsyncOutbox) -> None:
        self.outbox = outbox
        self.listing = AsyncListing(outbox)
        self.edge = Edge()
        self.present: str | None = NURSE
        gateway = Gateway(installation=UUID(int=5), station="1", version="0.1.0")
        maker = SubmissionMaker(gateway=gateway, signed_in=self.who, now=lambda: NOON)
        self.filing = FilingService(outbox=outbox, maker=maker)
        self.corrector = CorrectingService(
            receipts=AsyncReceipts(outbox), ehr=self.edge, maker=maker
        )

    def who(self) -> str | None:
        if self.present is None:
            raise NobodySignedIn("nobody")
        return self.present

    async def file(self, number: int = 0, whose: int = 1) -> OutboxEntry:
        return await self.filing.submit(reading(number), patient=f"Patient/{whose}")

    async def send(self, entry: OutboxEntry) -> OutboxEntry:
        """Have the entry on its way; those confirmed before it must have gone theirs."""
        claimed = await self.outbox.change(lambda store: store.next_due(store._now()))
        assert claimed is not None
        assert claimed.entry.id == entry.id
        return claimed.entry

    async def refuse(self, entry: OutboxEntry) -> OutboxEntry:
        await self.send(entry)
        return await self.outbox.change(
            lambda store: store.needs_attention(entry.id, "a rule; it stays; look at it")
        )

    async def arrive(self, entry: OutboxEntry) -> OutboxEntry:
        await self.send(entry)
        return await self.outbox.change(
            lambda store: store.acknowledge(entry.id, "Observation/1", verified=True)
        )


@asynccontextmanager
async def bench(folder: Path) -> AsyncGenerator[Bench]:
    outbox = await AsyncOutbox.open(
        folder / "outbox.db", lambda: bytes(range(32)), now=lambda: NOON, prove=prove
    )
    try:
        yield Bench(outbox)
    finally:
        await outbox.close()
