"""The tray for people: what waits, for how long, and how it comes to be somebody's or nobody's."""

import json
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from ohx_desktop.ble.keeping import HeardRecord
from ohx_desktop.desk.filing import FilingService, SubmissionMaker
from ohx_desktop.desk.tray import TrayService
from ohx_desktop.desk.tray_items import TraySummary
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity
from ohx_desktop.domain.errors import Implausible, Truncated, UsageError
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.outbox.records import FiledForAnother
from ohx_desktop.outbox.service import AsyncOutbox
from ohx_desktop.outbox.tray_records import CaptureState
from ohx_desktop.outbox.tray_service import AsyncTray
from ohx_desktop.review.submission import Gateway
from ohx_desktop.review.submission_json import decode_submission

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=1)))
CUFF = DeviceIdentity(manufacturer="OMRON", model="HEM-7155T", address="AA:BB:CC:DD:EE:FF")
JANE, OMAR, NURSE = "Patient/jane", "Patient/omar", "Practitioner/1"
WEEK = timedelta(days=7)


def reading(systolic: int = 128, *, stored: bool = False) -> Reading:
    return Reading(
        source=Source.BLUETOOTH,
        device=CUFF,
        measured_at=NOON,
        received_at=NOON,
        clock=DeviceClock(device=NOON.replace(tzinfo=None), trust=ClockTrust.DEVICE),
        quantities=(
            Quantity(
                kind=QuantityKind.SYSTOLIC_BLOOD_PRESSURE, value=Decimal(systolic), unit=Unit.MM_HG
            ),
            Quantity(
                kind=QuantityKind.DIASTOLIC_BLOOD_PRESSURE, value=Decimal(82), unit=Unit.MM_HG
            ),
        ),
        stored=stored,
    )


def heard(one: Reading) -> HeardRecord:
    return HeardRecord(device=CUFF, frames=(b"\x16",), reading=one, is_stored=one.stored)


ODD = HeardRecord(device=CUFF, frames=(b"odd",), reading=None, refusal=Truncated("too short"))


class Desk:
    """The services on a real store, and a clock that stands until it is moved."""

    def __init__(self, outbox: AsyncOutbox) -> None:
        self.time = NOON
        self.outbox = outbox
        gateway = Gateway(installation=UUID(int=5), station="1", version="0.1.0")
        maker = SubmissionMaker(gateway=gateway, signed_in=lambda: NURSE, now=self.now)
        self.tray = TrayService(
            storage=AsyncTray(outbox),
            filing=FilingService(outbox=outbox, maker=maker),
            kept_for=WEEK,
            signed_in=lambda: NURSE,
            now=self.now,
        )

    def now(self) -> datetime:
        return self.time

    async def keep(self, *records: HeardRecord, patient: str | None = JANE) -> frozenset[UUID]:
        return await self.tray.keeper(patient=patient).keep(records)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    desk: list[Desk] = []

    def now() -> datetime:
        return desk[0].time if desk else NOON

    outbox = await AsyncOutbox.open(tmp_path / "outbox.db", lambda: bytes(range(32)), now=now)
    desk.append(Desk(outbox))
    yield desk[0]
    await outbox.close()


async def test_a_reading_comes_out_of_the_tray_as_it_went_in(desk: Desk) -> None:
    await desk.keep(heard(reading()))
    (item,) = await desk.tray.items()
    assert item.reading == reading()
    assert (item.device, item.patient_in_view, item.captured_at) == (CUFF, JANE, NOON)
    assert not item.is_overdue


async def test_assigning_files_it_for_the_patient_a_person_chose(desk: Desk) -> None:
    await desk.keep(heard(reading()), patient=JANE)
    entry = await desk.tray.assign(reading().id, patient=OMAR)
    held = await desk.outbox.held(entry.id)
    assert held is not None
    submission = decode_submission(held.submission)
    assert (submission.patient, submission.performer, submission.reading) == (
        OMAR,
        NURSE,
        reading(),
    )
    assert JANE.encode() not in held.bundle, "the hint is no assignment"
    assert held.frames == (b"\x16",)
    assert await desk.tray.items() == ()


async def test_what_was_assigned_is_not_assigned_again(desk: Desk) -> None:
    await desk.keep(heard(reading()))
    await desk.tray.assign(reading().id, patient=JANE)
    with pytest.raises(UsageError, match="no longer in the tray"):
        await desk.tray.assign(reading().id, patient=OMAR)
    assert len(await desk.outbox.entries()) == 1


async def test_a_reading_already_filed_for_another_never_gets_into_the_tray(desk: Desk) -> None:
    await desk.keep(heard(reading()))
    await desk.tray.assign(reading().id, patient=JANE)
    assert await desk.keep(heard(reading()), patient=OMAR) == {reading().id}
    assert await desk.tray.items() == ()


async def test_a_discarded_reading_is_known_for_ever(desk: Desk) -> None:
    await desk.keep(heard(reading()))
    entry = await desk.tray.discard(reading().id, reason="not-a-patient")
    assert (entry.state, entry.reason) == (CaptureState.DISCARDED, "not-a-patient")
    assert await desk.outbox.known(reading().id)
    assert await desk.keep(heard(reading()), patient=OMAR) == {reading().id}
    assert await desk.tray.items() == ()


async def test_an_undecodable_record_can_be_looked_at_and_discarded_only(desk: Desk) -> None:
    await desk.keep(ODD)
    await desk.keep(ODD)
    (item,) = await desk.tray.items()
    assert (item.reading, item.refusal) == (None, "truncated")
    with pytest.raises(UsageError, match="could not be decoded"):
        await desk.tray.assign(item.id, patient=JANE)
    await desk.tray.discard(item.id, reason="undecodable")
    assert await desk.tray.items() == ()


async def test_an_implausible_reading_stays_where_it_was(desk: Desk) -> None:
    await desk.keep(heard(reading(systolic=900)))
    with pytest.raises(Implausible):
        await desk.tray.assign(reading(systolic=900).id, patient=JANE)
    assert len(await desk.tray.items()) == 1
    assert await desk.outbox.entries() == []


async def test_the_footer_counts_new_readings_that_nobody_has_in_hand(desk: Desk) -> None:
    old, odd = reading(150, stored=True), ODD
    await desk.keep(heard(reading(120)), heard(reading(130)), heard(old), odd)
    assert await desk.tray.summary() == TraySummary(waiting=2, overdue=0)
    in_hand = frozenset({reading(120).id})
    assert await desk.tray.summary(in_hand=in_hand) == TraySummary(waiting=1, overdue=0)


async def test_after_a_week_it_is_overdue_and_still_there(desk: Desk) -> None:
    await desk.keep(heard(reading()))
    desk.time += WEEK + timedelta(seconds=1)
    assert await desk.tray.summary() == TraySummary(waiting=1, overdue=1)
    (item,) = await desk.tray.items()
    assert item.is_overdue
    assert item.reading == reading()


async def test_a_performer_may_be_named(desk: Desk) -> None:
    await desk.keep(heard(reading()))
    entry = await desk.tray.assign(reading().id, patient=JANE, performer="Practitioner/2")
    held = await desk.outbox.held(entry.id)
    assert held is not None
    assert json.loads(held.submission)["performer"] == "Practitioner/2"


@pytest.mark.parametrize("patient", ["Jane Smith", "Practitioner/1", ""])
async def test_only_a_patient_can_be_given_a_reading(desk: Desk, patient: str) -> None:
    await desk.keep(heard(reading()))
    with pytest.raises(UsageError):
        await desk.tray.assign(reading().id, patient=patient)
    assert len(await desk.tray.items()) == 1


async def test_two_people_who_assign_at_once_file_once(desk: Desk) -> None:
    await desk.keep(heard(reading()))
    held = await desk.outbox.read(lambda store: store.tray.held(reading().id))
    await desk.tray.assign(reading().id, patient=JANE)
    # The other one had read the tray before: the queue itself refuses.
    filing = FilingService(
        outbox=desk.outbox,
        maker=SubmissionMaker(
            gateway=Gateway(installation=UUID(int=5), station="2", version="0.1.0"), now=desk.now
        ),
    )
    assert held.reading is not None
    with pytest.raises(FiledForAnother):
        await filing.submit(reading(), patient=OMAR)
    assert len(await desk.outbox.entries()) == 1
