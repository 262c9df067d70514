"""Correcting what was filed, from the desk through queue and sender into the sandbox EHR."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fhir_line import line

from ohx_desktop.desk.correcting import CorrectingService
from ohx_desktop.desk.filing import FilingService, SubmissionMaker
from ohx_desktop.desk.reconciling import Reconciled, Reconciler
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import NobodySignedIn, Refused, Transient, UsageError
from ohx_desktop.domain.look_up import Found
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.fhir.client import EhrClient
from ohx_desktop.fhir.proof import prove
from ohx_desktop.outbox.receipts import AsyncReceipts
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry
from ohx_desktop.outbox.worker import OutboxWorker
from ohx_desktop.review.submission import Gateway
from ohx_desktop.virtual.ehr.faults import Fault, Scope
from ohx_desktop.virtual.ehr.sandbox import SandboxEhr
from ohx_desktop.virtual.ehr.seed import PATIENT, PATIENT_WITH_TWO_VISITS, PRACTITIONER

Json = dict[str, Any]
KEY = bytes(range(32))
WRONG, RIGHT = f"Patient/{PATIENT}", f"Patient/{PATIENT_WITH_TWO_VISITS}"
WHO = f"Practitioner/{PRACTITIONER}"
MEASURED = datetime.fromisoformat("2026-11-23T09:41:07+01:00")
DEADLINE_S = 20.0


def _reading(minute: int = 0) -> Reading:
    values = (
        (QuantityKind.SYSTOLIC_BLOOD_PRESSURE, "138", Unit.MM_HG),
        (QuantityKind.DIASTOLIC_BLOOD_PRESSURE, "84.0", Unit.MM_HG),
        (QuantityKind.PULSE_RATE, "71", Unit.PER_MINUTE),
    )
    measured = MEASURED + timedelta(minutes=minute)
    return Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(manufacturer="Example", model="BPM-200", address="A4:C1:38:0B:11:2E"),
        measured_at=measured,
        received_at=measured,
        clock=DeviceClock(device=measured.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=tuple(
            Quantity(kind=kind, value=Decimal(value), unit=unit) for kind, value, unit in values
        ),
    )


@dataclass
class Desk:
    sandbox: SandboxEhr
    ehr: EhrClient
    outbox: AsyncOutbox
    filing: FilingService
    correcting: CorrectingService
    reconciler: Reconciler
    lock: Path

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        worker = OutboxWorker(self.outbox, self.ehr, self.lock)
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await asyncio.wait_for(task, DEADLINE_S)

    async def delivered(self, minute: int = 0) -> OutboxEntry:
        """File a reading for the wrong patient and return its entry once it is verified."""
        entry = await self.filing.submit(_reading(minute), patient=WRONG)
        return await self.settled(entry.id)

    async def settled(self, *entries: UUID) -> OutboxEntry:
        async with self.sending():
            for entry_id in entries:
                await self.outbox.wait_until_settled(entry_id, deadline_s=DEADLINE_S)
        return await self.outbox.entry(entries[0])

    def observations(self, patient: str) -> list[Json]:
        versions = self.sandbox.store.versions("Observation")
        stored = [version.resource for version in versions]
        return [each for each in stored if each["subject"]["reference"] == patient]

    async def change(self, position: int, **elements: Any) -> None:
        """Change a stored Observation of the wrong patient, as somebody in the EHR would."""
        stored = self.observations(WRONG)[position]
        await self.ehr.store("PUT", f"Observation/{stored['id']}", stored | elements)


@asynccontextmanager
async def _desk(
    folder: Path, *, keep: timedelta = timedelta(0), signed_in: str | None = WHO
) -> AsyncIterator[Desk]:
    async with line() as (sandbox, ehr):
        outbox = await AsyncOutbox.open(
            folder / "outbox.db", lambda: KEY, keep_verified=keep, prove=prove
        )

        def who() -> str | None:
            if signed_in is None:
                raise NobodySignedIn("nobody")
            return signed_in

        gateway = Gateway(installation=UUID(int=7), station="1", version="0.1.0")
        maker = SubmissionMaker(gateway=gateway, signed_in=who)
        receipts = AsyncReceipts(outbox)
        try:
            yield Desk(
                sandbox=sandbox,
                ehr=ehr,
                outbox=outbox,
                filing=FilingService(outbox=outbox, maker=maker),
                correcting=CorrectingService(receipts=receipts, ehr=ehr, maker=maker),
                reconciler=Reconciler(receipts=receipts, ehr=ehr),
                lock=folder / "sender.lock",
            )
        finally:
            await outbox.close()


def _values(observations: list[Json]) -> list[Any]:
    return [
        (
            each["effectiveDateTime"],
            each.get("valueQuantity"),
            [part.get("valueQuantity") for part in each.get("component", [])],
            each["code"],
            each["device"],
        )
        for each in observations
    ]


@pytest.mark.parametrize("keep", [timedelta(0), timedelta(days=1)], ids=["erased", "held"])
async def test_a_delivered_reading_moves_to_the_right_patient_with_its_very_values(
    tmp_path: Path, keep: timedelta
) -> None:
    async with _desk(tmp_path, keep=keep) as desk:
        entry = await desk.delivered()
        assert (await desk.outbox.held(entry.id) is None) == (keep == timedelta(0))
        corrected = await desk.correcting.refile(entry.id, RIGHT, "wrong-patient")
        assert corrected.retraction is not None
        assert corrected.refiled is not None
        await desk.settled(corrected.retraction.id, corrected.refiled.id)
        for each in (corrected.retraction, corrected.refiled):
            assert (await desk.outbox.entry(each.id)).state is EntryState.VERIFIED
        wrong, right = desk.observations(WRONG), desk.observations(RIGHT)
        assert {each["status"] for each in wrong} == {"entered-in-error"}
        assert {each["status"] for each in right} == {"final"}
        assert _values(right) == _values(wrong)
        records = [version.resource for version in desk.sandbox.store.versions("Provenance")]
        assert [each["activity"]["coding"][0]["code"] for each in records].count("NULLIFY") == 1
        (replacing,) = [each for each in records if each["patient"]["reference"] == RIGHT]
        assert [each["what"]["identifier"] for each in replacing["entity"][1:]] == [
            each["identifier"][0] for each in wrong
        ]
        report = await desk.reconciler.run()
        assert (report.same, report.taken_back, report.differing) == (1, 1, [])


async def test_a_reading_is_filed_under_the_same_names_from_here_and_from_the_ehr(
    tmp_path: Path,
) -> None:
    names = []
    for keep in (timedelta(0), timedelta(days=1)):
        async with _desk(tmp_path / str(keep.days), keep=keep) as desk:
            entry = await desk.delivered()
            corrected = await desk.correcting.refile(entry.id, RIGHT, "wrong-patient")
            assert corrected.refiled is not None
            await desk.settled(corrected.refiled.id)
            names.append([each["identifier"] for each in desk.observations(RIGHT)])
    assert names[0] == names[1]


async def test_what_was_filed_anew_can_be_moved_once_more_before_and_after_it_is_sent(
    tmp_path: Path,
) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        first = (await desk.correcting.refile(entry.id, RIGHT, "wrong-patient")).refiled
        assert first is not None
        third = (await desk.correcting.refile(first.id, "Patient/pat-4712", "other")).refiled
        assert third is not None
        await desk.settled(third.id)
        assert desk.observations(RIGHT) == []
        assert _values(desk.observations("Patient/pat-4712")) == _values(desk.observations(WRONG))


async def test_a_reading_that_never_left_is_given_up_and_the_ehr_hears_nothing(
    tmp_path: Path,
) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.filing.submit(_reading(), patient=WRONG)
        corrected = await desk.correcting.refile(entry.id, RIGHT, "wrong-patient")
        assert corrected.retraction is None
        assert corrected.refiled is not None
        assert (await desk.outbox.entry(entry.id)).state is EntryState.DISCARDED
        await desk.settled(corrected.refiled.id)
        assert desk.observations(WRONG) == []
        (record,) = [version.resource for version in desk.sandbox.store.versions("Provenance")]
        assert [each["role"] for each in record["entity"]] == ["source"]
        assert len(desk.observations(RIGHT)) == 2


async def test_a_reading_of_unknown_fate_is_taken_back_in_the_ehr(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.filing.submit(_reading(), patient=WRONG)
        await desk.ehr.capabilities()
        desk.sandbox.faults.arm(Fault.COMMIT_THEN_DROP, scope=Scope.WRITES)
        desk.sandbox.faults.arm(Fault.UNAVAILABLE, times=None)
        async with desk.sending():
            async with asyncio.timeout(DEADLINE_S):
                while not (await desk.outbox.entry(entry.id)).is_doubtful:
                    await desk.outbox.wait_for(entry.id, {EntryState.QUEUED}, DEADLINE_S)
        desk.sandbox.faults.disarm()
        corrected = await desk.correcting.retract(entry.id, "wrong-patient")
        assert corrected.retraction is not None
        await desk.settled(corrected.retraction.id)
        assert {each["status"] for each in desk.observations(WRONG)} == {"entered-in-error"}
        assert len(desk.observations(WRONG)) == 2


async def test_asking_twice_takes_back_once(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        first = await desk.correcting.retract(entry.id, "wrong-patient")
        again = await desk.correcting.retract(entry.id, "wrong-patient")
        assert first == again
        assert first.retraction is not None
        await desk.settled(first.retraction.id)
        orders = [each for each in await desk.outbox.entries() if each.kind is EntryKind.RETRACTION]
        assert len(orders) == 1
        assert [each["meta"]["versionId"] for each in desk.observations(WRONG)] == ["2", "2"]


async def test_an_order_survives_an_ehr_that_is_away(tmp_path: Path) -> None:
    async with _desk(tmp_path, keep=timedelta(days=1)) as desk:
        entry = await desk.delivered()
        desk.sandbox.faults.arm(Fault.UNAVAILABLE, times=None)
        corrected = await desk.correcting.retract(entry.id, "wrong-patient")
        assert corrected.retraction is not None
        async with desk.sending():
            waiting = await desk.outbox.wait_for(
                corrected.retraction.id, {EntryState.SENDING}, DEADLINE_S
            )
            assert waiting.state is not EntryState.VERIFIED
        desk.sandbox.faults.disarm()
        await desk.outbox.retry(corrected.retraction.id)
        await desk.settled(corrected.retraction.id)
        assert {each["status"] for each in desk.observations(WRONG)} == {"entered-in-error"}


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_DROP, Fault.DROP, Fault.TRUNCATED_JSON])
async def test_an_order_whose_answer_is_lost_is_carried_out_exactly_once(
    tmp_path: Path, fault: Fault
) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        corrected = await desk.correcting.refile(entry.id, RIGHT, "wrong-patient")
        assert corrected.retraction is not None
        assert corrected.refiled is not None
        for _ in range(2):
            desk.sandbox.faults.arm(fault, scope=Scope.WRITES)
        async with desk.sending():
            for each in (corrected.retraction, corrected.refiled):
                async with asyncio.timeout(DEADLINE_S):
                    while (await desk.outbox.entry(each.id)).state is not EntryState.VERIFIED:
                        await desk.outbox.drain(1.0)
        wrong, right = desk.observations(WRONG), desk.observations(RIGHT)
        assert [each["status"] for each in wrong] == ["entered-in-error"] * 2
        assert [each["meta"]["versionId"] for each in wrong] == ["2", "2"]
        assert [each["meta"]["versionId"] for each in right] == ["1", "1"]


async def test_what_is_changed_after_the_order_waits_for_a_person(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        corrected = await desk.correcting.retract(entry.id, "wrong-patient")
        assert corrected.retraction is not None
        await desk.change(1, effectiveDateTime="2026-11-23T09:42:08+01:00")
        waiting = await desk.settled(corrected.retraction.id)
        assert waiting.state is EntryState.NEEDS_ATTENTION
        assert "somebody has changed it" in (waiting.last_error or "")
        assert {each["status"] for each in desk.observations(WRONG)} == {"final"}


async def test_what_somebody_changed_in_the_ehr_is_neither_taken_back_nor_filed_anew(
    tmp_path: Path,
) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        await desk.change(1, effectiveDateTime="2026-11-23T09:42:08+01:00")
        before = desk.observations(WRONG)
        for asked in (
            desk.correcting.retract(entry.id, "wrong-patient"),
            desk.correcting.refile(entry.id, RIGHT, "wrong-patient"),
        ):
            with pytest.raises(Refused, match="something else"):
                await asked
        assert desk.observations(WRONG) == before
        assert len(await desk.outbox.entries()) == 1


async def test_half_a_reading_is_not_filed_anew(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        await desk.change(1, identifier=[{"system": "urn:own", "value": "1"}])
        with pytest.raises(Refused, match="whole reading"):
            await desk.correcting.refile(entry.id, RIGHT, "wrong-patient")
        corrected = await desk.correcting.retract(entry.id, "wrong-patient")
        assert corrected.retraction is not None
        await desk.settled(corrected.retraction.id)
        assert [each["status"] for each in desk.observations(WRONG)] == [
            "entered-in-error",
            "final",
        ]


async def test_without_the_ehr_an_erased_reading_is_not_corrected_by_guess(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        desk.sandbox.faults.arm(Fault.UNAVAILABLE, times=None)
        with pytest.raises(Transient):
            await desk.correcting.retract(entry.id, "wrong-patient")
        assert len(await desk.outbox.entries()) == 1


async def test_what_cannot_be_corrected_is_refused_by_name(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        with pytest.raises(UsageError, match="for this patient already"):
            await desk.correcting.refile(entry.id, WRONG, "other")
        with pytest.raises(UsageError, match="no entry"):
            await desk.correcting.retract(UUID(int=0), "other")
        with pytest.raises(UsageError, match="code"):
            await desk.correcting.retract(entry.id, "Wrong patient!")
        given_up = await desk.filing.submit(_reading(5), patient=WRONG)
        await desk.outbox.discard(given_up.id, "other")
        with pytest.raises(UsageError, match="nothing is kept"):
            await desk.correcting.refile(given_up.id, RIGHT, "other")
        with pytest.raises(UsageError):
            await desk.correcting.refile(entry.id, "Practitioner/x", "other")


async def test_where_people_sign_in_nobody_corrects_unnamed(tmp_path: Path) -> None:
    async with _desk(tmp_path, signed_in=None) as desk:
        entry = await desk.filing.submit(_reading(), patient=WRONG, verifier=WHO)
        with pytest.raises(NobodySignedIn):
            await desk.correcting.retract(entry.id, "wrong-patient")
        corrected = await desk.correcting.retract(entry.id, "wrong-patient", WHO)
        assert corrected.retraction is None


async def test_reconciling_names_each_difference_and_changes_nothing(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entries = [await desk.delivered(minute) for minute in range(5)]
        assert (await desk.reconciler.run()).same == 5
        await desk.change(0, status="entered-in-error")
        await desk.change(1, status="entered-in-error")
        await desk.change(2, effectiveDateTime="2026-11-23T09:42:08+01:00")
        for position in (4, 5):
            await desk.change(position, identifier=[{"system": "urn:own", "value": "1"}])
        copied = {k: v for k, v in desk.observations(WRONG)[6].items() if k not in {"id", "meta"}}
        await desk.ehr.store("POST", "Observation", copied)
        before = desk.observations(WRONG)
        seen: list[int] = []

        def count(report: Reconciled) -> None:
            seen.append(report.checked)

        report = await desk.reconciler.run(on_progress=count)
        assert [(entry.id, found) for entry, found in report.differing] == [
            (entries[0].id, Found.RETRACTED),
            (entries[1].id, Found.DIFFERENT),
            (entries[2].id, Found.ABSENT),
            (entries[3].id, Found.DOUBLED),
        ]
        assert (report.checked, report.same, seen) == (5, 1, [5])
        assert desk.observations(WRONG) == before
        later = datetime.now(UTC) + timedelta(hours=1)
        assert (await desk.reconciler.run(since=later)).checked == 0


async def test_reconciling_says_nothing_where_the_ehr_does_not_answer(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        await desk.delivered()
        desk.sandbox.faults.arm(Fault.UNAVAILABLE, times=None)
        with pytest.raises(Transient):
            await desk.reconciler.run()


async def test_a_reading_whose_order_waits_is_in_correction(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        entry = await desk.delivered()
        corrected = await desk.correcting.retract(entry.id, "wrong-patient")
        assert corrected.retraction is not None
        report = await desk.reconciler.run()
        assert replace(report) == Reconciled(in_correction=1)
        await desk.settled(corrected.retraction.id)
        await desk.change(0, status="final")
        report = await desk.reconciler.run()
        assert [(each.id, found) for each, found in report.differing] == [
            (entry.id, Found.DIFFERENT)
        ]


async def test_a_reading_of_an_older_version_is_counted_and_not_guessed(tmp_path: Path) -> None:
    async with _desk(tmp_path) as desk:
        desk.outbox._store._rows._prove = None  # type: ignore[assignment]
        entry = await desk.delivered()
        report = await desk.reconciler.run()
        assert (report.checked, report.not_comparable) == (0, 1)
        with pytest.raises(UsageError, match="nothing is kept"):
            await desk.correcting.retract(entry.id, "wrong-patient")
