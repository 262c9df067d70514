"""The sender against the sandbox EHR and its faults: what arrives, how often, and what is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.encoding import encode
from ohx_desktop.fhir.mapping import transaction_bundle
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.worker import OutboxWorker
from ohx_desktop.review.submission import Gateway, Submission
from ohx_desktop.transport import build_client
from ohx_desktop.virtual.ehr import Fault, SandboxEhr, Scope
from ohx_desktop.virtual.ehr.seed import PATIENT

KEY = bytes(range(32))
MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")
DEADLINE_S = 20.0


class Line:
    """A queue, its sender, and a sandbox EHR."""

    def __init__(self, ehr: SandboxEhr, outbox: AsyncOutbox, base_url: str) -> None:
        self.ehr, self.outbox, self.base_url = ehr, outbox, base_url
        self._number = 0

    async def confirm(self, patient: str = f"Patient/{PATIENT}") -> OutboxEntry:
        """Confirm one more reading."""
        self._number += 1
        reading = _reading(self._number)
        submission = Submission(
            reading=reading,
            patient=patient,
            confirmed_at=MEASURED,
            gateway=Gateway(installation=UUID(int=1), station="1", version="0.1.0"),
        )
        return await self.outbox.enqueue(
            reading_id=reading.id,
            patient=patient,
            submission=b"{}",
            bundle=encode(transaction_bundle(submission)),
            frames=(b"frame",),
        )

    async def ended(self, entry: OutboxEntry, *states: EntryState) -> OutboxEntry:
        """Return the entry in one of these states; fails when it does not get there."""
        ended = await self.outbox.wait_for(entry.id, states, DEADLINE_S)
        assert ended.state in states, (ended.state, ended.last_error)
        return ended

    def requests(self, ending: str) -> int:
        """Return how many requests there were to addresses that end so."""
        return sum(one.path.endswith(ending) for one in self.ehr.exchanges)

    @property
    def stored(self) -> int:
        """How many Observations the EHR holds."""
        return self.ehr.store.count("Observation")


@asynccontextmanager
async def sending(folder: Path, base_url: str) -> AsyncIterator[AsyncOutbox]:
    """Open a queue and send from it."""
    outbox = await AsyncOutbox.open(folder / "outbox.db", lambda: KEY)
    async with await build_client() as http:
        worker = OutboxWorker(outbox, EhrClient(http, base_url), folder / "lock")
        task = asyncio.create_task(worker.run())
        try:
            yield outbox
        finally:
            worker.stop()
            await asyncio.wait({task}, timeout=5)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await outbox.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again after hundredths of a second, and poll as often."""
    for name in ("backoff.BASE_S", "backoff.BLOCKED_BASE_S", "backoff.PROBE_FIRST_S"):
        monkeypatch.setattr(f"ohx_desktop.outbox.{name}", 0.05)
    for module in ("worker", "delivery"):
        monkeypatch.setattr(f"ohx_desktop.outbox.{module}.POLL_S", 0.05)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    ehr = SandboxEhr()
    base_url = await ehr.start()
    async with sending(tmp_path, base_url) as outbox:
        yield Line(ehr, outbox, base_url)
    await ehr.stop()


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_DROP, Fault.TRUNCATED_JSON])
async def test_stored_and_not_answered_is_one_look_up_and_no_second_post(
    line: Line, fault: Fault
) -> None:
    line.ehr.faults.arm(fault, scope=Scope.WRITES)
    done = await line.ended(await line.confirm(), EntryState.VERIFIED)
    assert line.requests("/fhir") == 1
    assert line.requests("/Observation/_search") == 1
    assert done.ehr_reference is not None
    assert await line.outbox.held(done.id) is None


async def test_not_stored_and_not_answered_is_looked_up_and_sent(line: Line) -> None:
    line.ehr.faults.arm(Fault.DROP, scope=Scope.WRITES)
    await line.ended(await line.confirm(), EntryState.VERIFIED)
    assert line.requests("/fhir") == 2
    # Asked whether it is there, and read back.
    assert line.requests("/Observation/_search") == 2


async def test_a_reading_the_ehr_has_already_is_compared_and_erased(
    line: Line, tmp_path: Path
) -> None:
    first = await line.ended(await line.confirm(), EntryState.VERIFIED)
    stored = line.stored
    # The same reading once more: a backup that was brought back, or another workstation.
    async with sending(tmp_path / "other", line.base_url) as outbox:
        other = Line(line.ehr, outbox, line.base_url)
        second = await other.ended(await other.confirm(), EntryState.VERIFIED)
        assert await outbox.held(second.id) is None
    assert line.stored == stored
    assert second.ehr_reference == first.ehr_reference


async def test_other_content_under_our_name_is_kept_for_a_person(
    line: Line, tmp_path: Path
) -> None:
    first = await line.ended(await line.confirm(), EntryState.VERIFIED)
    kind, _, identity = str(first.ehr_reference).partition("/")
    version = line.ehr.store.read(kind, identity)
    assert version is not None
    with line.ehr.store.draft() as draft:
        draft.write(kind, identity, {**version.resource, "effectiveDateTime": "2020-01-01"})
    async with sending(tmp_path / "other", line.base_url) as outbox:
        other = Line(line.ehr, outbox, line.base_url)
        kept = await other.ended(await other.confirm(), EntryState.NEEDS_ATTENTION)
        assert "with another content" in (kept.last_error or "")
        assert "effective" in (kept.last_error or "")
        assert await outbox.held(kept.id) is not None


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        (Fault.CONFLICT, None),
        (Fault.TOO_MANY_REQUESTS, 1),
        (Fault.UNAVAILABLE, None),
        (Fault.UNAVAILABLE, 1),
        (Fault.UNAVAILABLE, "date"),
    ],
)
async def test_what_passes_is_waited_for_and_nothing_is_asked_in_between(
    line: Line, fault: Fault, retry_after: int | str | None
) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=2)
    asked = moment if retry_after == "date" else retry_after
    line.ehr.faults.arm(fault, scope=Scope.WRITES, retry_after=asked)  # type: ignore[arg-type] # str is excluded above
    began = asyncio.get_running_loop().time()
    await line.ended(await line.confirm(), EntryState.VERIFIED)
    assert line.requests("/fhir") == 2
    assert line.requests("/Observation/_search") == 1
    if retry_after is not None:
        assert asyncio.get_running_loop().time() - began >= 1


async def test_a_condition_that_matches_several_needs_a_person(line: Line) -> None:
    line.ehr.faults.arm(Fault.PRECONDITION_FAILED, scope=Scope.WRITES)
    kept = await line.ended(await line.confirm(), EntryState.NEEDS_ATTENTION)
    assert "more than one resource matches" in (kept.last_error or "")
    assert await line.outbox.held(kept.id) is not None


async def test_one_poison_among_four_patients_holds_nobody_up(line: Line) -> None:
    with line.ehr.store.draft() as draft:
        for number in range(3):
            draft.write("Patient", f"lane-{number}", {"resourceType": "Patient", "active": True})
    poison = await line.confirm("Patient/nobody")
    others = [await line.confirm(f"Patient/lane-{number % 3}") for number in range(9)]
    for entry in others:
        await line.ended(entry, EntryState.VERIFIED)
    kept = await line.ended(poison, EntryState.NEEDS_ATTENTION)
    assert await line.outbox.held(kept.id) is not None
    assert line.stored == 2 * len(others)


async def test_sending_goes_on_once_the_network_is_back(tmp_path: Path) -> None:
    ehr = SandboxEhr()
    base_url = await ehr.start()
    await ehr.stop()
    async with sending(tmp_path, base_url) as outbox:
        line = Line(ehr, outbox, base_url)
        entry = await line.confirm()
        async with asyncio.timeout(DEADLINE_S):
            while not _pauses(outbox):
                await asyncio.sleep(0.01)
        assert (await outbox.entry(entry.id)).state is EntryState.QUEUED
        assert await ehr.start(port=int(base_url.split(":")[2].split("/")[0])) == base_url
        await line.ended(entry, EntryState.VERIFIED)
        assert not _pauses(outbox)
    await ehr.stop()


async def test_two_senders_on_one_queue_send_once(line: Line, tmp_path: Path) -> None:
    async with sending(tmp_path, line.base_url) as second:
        entries = [await line.confirm() for _ in range(5)]
        other = Line(line.ehr, second, line.base_url)
        for entry in entries:
            await other.ended(entry, EntryState.VERIFIED)
    assert line.requests("/fhir") == 5


def _pauses(outbox: AsyncOutbox) -> bool:
    return outbox.problem is not None


def _reading(number: int) -> Reading:
    measured = MEASURED + timedelta(minutes=number)
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Example", model="BPM-200", address="A4:C1:38:0B:11:2E"),
        measured_at=measured,
        received_at=measured,
        clock=DeviceClock(device=measured.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit)
            for kind, value, unit in (
                (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, 138, Unit.MM_HG),
                (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, 84, Unit.MM_HG),
                (QuantityKind.PULSE_RATE, 71, Unit.PER_MINUTE),
            )
        ),
    )
