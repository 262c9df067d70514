"""Who comes, goes, is refused or opens a patient is noted; a note never stands in the way."""

import asyncio
import logging
from typing import Any

import pytest

from ohx_desktop.audit.events import Event, Outcome
from ohx_desktop.desk.auditing import AuditNotes
from ohx_desktop.desk.staff import ByEhr, ByPin, StaffDesk
from ohx_desktop.domain.errors import NobodySignedIn, NotAuthorised, OhxError, StoreEnvironment
from ohx_desktop.staff.people import StaffMember
from ohx_desktop.staff.pin_answer import PinAnswer, PinProblem

GRACE = StaffMember(reference="Practitioner/12", name="Grace Adeyemi")
Told = list[tuple[Event, dict[str, Any]]]


class _Disk:
    """Where notes go; `gate` lets them through, `error` refuses them."""

    def __init__(self) -> None:
        self.notes: Told = []
        self.error: OhxError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def note(self, event: Event, **told: Any) -> None:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.notes.append((event, {name: value for name, value in told.items() if value}))


@pytest.fixture
def disk() -> _Disk:
    return _Disk()


@pytest.fixture
def notes(disk: _Disk) -> AuditNotes:
    return AuditNotes(disk)


OK = Outcome.SUCCESS


async def test_a_note_is_of_whoever_is_signed_in(notes: AuditNotes, disk: _Disk) -> None:
    notes.signed_in = lambda: GRACE.reference
    notes.note(Event.PATIENT_IDENTIFIED, patient="Patient/1")
    await notes.close()
    told = {"outcome": OK, "by": GRACE.reference, "patient": "Patient/1"}
    assert disk.notes == [(Event.PATIENT_IDENTIFIED, told)]


async def test_while_nobody_is_signed_in_nobody_is_named(notes: AuditNotes, disk: _Disk) -> None:
    def nobody() -> str | None:
        raise NobodySignedIn("nobody is signed in")

    notes.signed_in = nobody
    notes.note(Event.SIGN_IN_FAILED)
    await notes.close()
    assert disk.notes == [(Event.SIGN_IN_FAILED, {"outcome": OK})]


async def test_nobody_waits_for_a_note_and_closing_loses_none(
    notes: AuditNotes, disk: _Disk
) -> None:
    disk.gate.clear()
    for _ in range(3):
        notes.note(Event.SIGNED_OUT)
    closing = asyncio.create_task(notes.close())
    await asyncio.sleep(0)
    assert disk.notes == []
    assert not closing.done()
    disk.gate.set()
    await closing
    assert len(disk.notes) == 3


async def test_a_note_that_cannot_be_written_is_logged_and_stops_nobody(
    notes: AuditNotes, disk: _Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.error = StoreEnvironment("the disk is full")
    with caplog.at_level(logging.WARNING, "ohx"):
        notes.note(Event.SIGNED_OUT)
        await notes.close()
    assert [record.message for record in caplog.records] == ["problem"]


# ── who signs in ─────────────────────────────────────────────────────────────────────────────


def _check(_reference: str, pin: str) -> PinAnswer:
    return PinAnswer(problem=None if pin == "2580" else PinProblem.WRONG)


async def test_coming_and_going_by_pin_is_noted(notes: AuditNotes, disk: _Disk) -> None:
    desk = StaffDesk(ByPin(people=lambda: (GRACE,), check=_check), note=notes.note)
    await desk.show_people()
    desk.choose(GRACE)
    await desk.enter_pin("1357")
    await desk.enter_pin("2580")
    desk.lock()
    await desk.enter_pin("2580")
    await desk.sign_out()
    await notes.close()
    who = {"by": GRACE.reference}
    assert disk.notes == [
        (Event.SIGN_IN_FAILED, {"outcome": Outcome.FAILURE, **who, "detail": "wrong"}),
        (Event.SIGNED_IN, {"outcome": OK, **who}),
        (Event.SIGNED_IN, {"outcome": OK, **who, "detail": "unlocked"}),
        (Event.SIGNED_OUT, {"outcome": OK, **who}),
    ]


async def test_whoever_leaves_a_locked_station_is_noted(notes: AuditNotes, disk: _Disk) -> None:
    desk = StaffDesk(ByPin(people=lambda: (GRACE,), check=_check), note=notes.note)
    await desk.show_people()
    desk.choose(GRACE)
    await desk.enter_pin("2580")
    desk.lock()
    await desk.sign_out()
    await notes.close()
    assert disk.notes[-1] == (Event.SIGNED_OUT, {"outcome": OK, "by": GRACE.reference})


class _Refusing:
    async def sign_in(self) -> StaffMember:
        raise NotAuthorised("the EHR does not know this person")

    async def sign_out(self) -> None:
        """There is nothing to forget."""


async def test_who_is_refused_by_the_ehr_is_noted_with_the_reason(
    notes: AuditNotes, disk: _Disk
) -> None:
    desk = StaffDesk(ByEhr(sign_in=_Refusing()), note=notes.note)
    await desk.sign_in_at_ehr()
    await notes.close()
    told = {"outcome": Outcome.FAILURE, "detail": NotAuthorised.code}
    assert disk.notes == [(Event.SIGN_IN_FAILED, told)]
