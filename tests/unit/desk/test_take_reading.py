"""Taking a reading: nothing without a patient, nothing old, nothing twice, nothing left behind."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from ohx_desktop.audit.events import Event
from ohx_desktop.ble.events import (
    CaptureEvent,
    KeepingFailed,
    LinkState,
    RadioLost,
    ReadingReceived,
    RecordRefused,
    SessionFailed,
    StateChanged,
)
from ohx_desktop.desk import take_reading
from ohx_desktop.desk.states import Care, DeskState, Filed, FindPatient, Reviewing, Waiting
from ohx_desktop.desk.take_reading import TakeReading
from ohx_desktop.domain.care_context import (
    NO_CONTEXT,
    NOTHING_OFFERED,
    CareContext,
    ContextOption,
    OfferedContexts,
)
from ohx_desktop.domain.device import ClockTrust, DeviceClock, DeviceIdentity, DeviceKind
from ohx_desktop.domain.errors import (
    ConnectionLost,
    NotKept,
    RadioReason,
    RadioUnavailable,
    StoreEnvironment,
    Transient,
    Truncated,
)
from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound, SearchNote
from ohx_desktop.domain.quantity import Quantity, QuantityKind, Unit
from ohx_desktop.domain.reading import Reading, Source
from ohx_desktop.outbox.states import EntryState, OutboxEntry

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=1)))
BORN = date(1951, 11, 23)
JANE = Patient(reference="Patient/jane", family="Smith", given="Jane", birth_date=BORN)
OMAR = Patient(reference="Patient/omar", family="Haddad", given="Omar", birth_date=BORN)
VISIT = ContextOption(reference="Encounter/1", name="Clinic")
OTHER_VISIT = ContextOption(reference="Encounter/2", name="Ward")
ORDER = ContextOption(reference="ServiceRequest/1", name="Blood pressure")


def received(
    systolic: int = 128, *, stored: bool = False, trust: ClockTrust = ClockTrust.DEVICE
) -> ReadingReceived:
    quantity = Quantity(
        kind=QuantityKind.SYSTOLIC_BLOOD_PRESSURE, value=Decimal(systolic), unit=Unit.MM_HG
    )
    reading = Reading(
        source=Source.BLUETOOTH,
        device=DeviceIdentity(address="AA:BB:CC:DD:EE:FF"),
        measured_at=NOON,
        received_at=NOON,
        clock=DeviceClock(device=NOON.replace(tzinfo=None), trust=trust),
        quantities=(quantity,),
        stored=stored,
    )
    return ReadingReceived(reading=reading, frames=(b"\x00",))


class Room:
    """The three edges of the desk, driven by a test."""

    def __init__(self) -> None:
        self.patients: tuple[Patient, ...] = (JANE, OMAR)
        self.note: SearchNote | None = None
        self.find_error: Exception | None = None
        self.capture_error: Exception | None = None
        self.file_error: Exception | None = None
        self.registered = True
        self.kinds: dict[str | None, DeviceKind] = {}
        self.offered: OfferedContexts | Exception = NOTHING_OFFERED
        self.telling = asyncio.Event()
        self.telling.set()
        self.filed: list[tuple[Reading, str]] = []
        self.contexts_filed: list[CareContext] = []
        self.known: set[UUID] = set()
        self.listening = 0
        self.in_view: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.may_close = asyncio.Event()
        self.may_close.set()
        self.began: list[datetime] = []
        self._heard: asyncio.Queue[CaptureEvent] = asyncio.Queue()
        self._sent: asyncio.Queue[OutboxEntry] = asyncio.Queue()

    async def find_patients(self, query: PatientQuery) -> PatientsFound:
        await self.gate.wait()
        if self.find_error:
            raise self.find_error
        found = tuple(p for p in self.patients if p.family == query.family)
        return PatientsFound(patients=found, note=self.note)

    async def contexts(self, patient: Patient) -> OfferedContexts:
        await self.telling.wait()
        if isinstance(self.offered, Exception):
            raise self.offered
        return self.offered

    async def events(
        self, *, session_began: datetime, patient: str
    ) -> AsyncGenerator[CaptureEvent]:
        self.in_view.append(patient)
        if self.capture_error:
            raise self.capture_error
        self.listening += 1
        self.began.append(session_began)
        try:
            while True:
                yield await self._heard.get()
        finally:
            await self.may_close.wait()
            self.listening -= 1

    def is_registered(self, device: DeviceIdentity | None) -> bool:
        return self.registered

    def kind_of(self, address: str | None) -> DeviceKind | None:
        return self.kinds.get(address)

    async def file(
        self, event: ReadingReceived, patient: Patient, context: CareContext
    ) -> OutboxEntry:
        await self.gate.wait()
        if self.file_error:
            raise self.file_error
        self.filed.append((event.reading, patient.reference))
        self.contexts_filed.append(context)
        return self.entry(EntryState.QUEUED)

    async def is_known(self, reading_id: UUID) -> bool:
        return reading_id in self.known

    async def progress(self, entry_id: UUID) -> AsyncGenerator[OutboxEntry]:
        while True:
            yield await self._sent.get()

    def hears(self, *events: CaptureEvent) -> None:
        for event in events:
            self._heard.put_nowait(event)

    def sends(self, state: EntryState) -> None:
        self._sent.put_nowait(self.entry(state))

    def entry(self, state: EntryState) -> OutboxEntry:
        return OutboxEntry(
            id=self.entry_id, reading_id=uuid4(), state=state, attempts=1, created_at=NOON
        )

    entry_id = UUID(int=7)


class Desk(TakeReading):
    """A desk in a room, with what it showed and the bugs it met."""

    def __init__(self, room: Room) -> None:
        self.shown: list[DeskState] = []
        self.bugs: list[BaseException] = []
        self.noted: list[tuple[Event, dict[str, Any]]] = []
        super().__init__(
            patients=room,
            capture=room,
            filing=room,
            on_state=self.shown.append,
            on_failure=self.bugs.append,
            now=lambda: NOON,
            note=self.note,
        )

    def note(self, event: Event, **told: Any) -> None:
        self.noted.append((event, told))

    async def press_confirm(self) -> None:
        """Confirm what the screen shows, as a person does."""
        reading = self.state.reading if isinstance(self.state, Reviewing) else None
        await self.confirm(reading.id if reading else UUID(int=0))


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def desk(room: Room) -> AsyncGenerator[Desk]:
    desk = Desk(room)
    yield desk
    await desk.close()
    assert desk.bugs == []
    assert room.listening == 0, "the radio listens on after the end"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0)


async def reviewing(desk: Desk, room: Room, event: ReadingReceived | None = None) -> Reviewing:
    await desk.choose(JANE)
    room.hears(event or received())
    await until(lambda: isinstance(desk.state, Reviewing))
    assert isinstance(desk.state, Reviewing)
    return desk.state


async def test_from_patient_to_chart(desk: Desk, room: Room) -> None:
    await desk.find(PatientQuery(family="Smith", birth_date=BORN))
    assert desk.state == FindPatient(results=(JANE,))
    await reviewing(desk, room)
    await desk.press_confirm()
    filed = desk.state
    assert isinstance(filed, Filed)
    assert (filed.saved_at, filed.sent_at, filed.verified_at) == (NOON, None, None)
    room.sends(EntryState.ACKNOWLEDGED)
    await until(lambda: isinstance(desk.state, Filed) and desk.state.sent_at is not None)
    room.sends(EntryState.VERIFIED)
    await until(lambda: isinstance(desk.state, Filed) and desk.state.verified_at is not None)
    assert [patient for _, patient in room.filed] == ["Patient/jane"]


async def test_a_double_confirmation_files_once(desk: Desk, room: Room) -> None:
    await reviewing(desk, room)
    await asyncio.gather(desk.press_confirm(), desk.press_confirm())
    await desk.press_confirm()
    assert len(room.filed) == 1


async def test_a_record_from_the_memory_is_never_offered(desk: Desk, room: Room) -> None:
    await desk.choose(JANE)
    room.hears(received(150, stored=True), received(151, stored=True))
    await until(lambda: isinstance(desk.state, Waiting) and desk.state.stored_seen == 2)
    assert not any(isinstance(state, Reviewing) for state in desk.shown)


async def test_a_reading_filed_before_is_never_offered_again(desk: Desk, room: Room) -> None:
    again = received()
    room.known.add(again.reading.id)
    await desk.choose(OMAR)
    room.hears(again)
    await until(lambda: isinstance(desk.state, Waiting) and desk.state.stored_seen == 1)


async def test_leaving_the_patient_stops_the_radio_and_forgets(desk: Desk, room: Room) -> None:
    await reviewing(desk, room)
    await desk.leave_patient()
    assert desk.state == FindPatient()
    assert room.listening == 0
    await desk.choose(OMAR)
    await desk.press_confirm()
    assert isinstance(desk.state, Waiting)
    assert room.filed == []


async def test_a_reading_that_comes_between_two_patients_reaches_neither(
    desk: Desk, room: Room
) -> None:
    await desk.choose(JANE)
    await desk.leave_patient()
    assert desk.state == FindPatient()
    await desk.press_confirm()
    assert room.filed == []


async def test_no_other_patient_can_be_chosen_over_an_open_one(desk: Desk, room: Room) -> None:
    await reviewing(desk, room)
    await desk.choose(OMAR)
    await desk.press_confirm()
    assert [patient for _, patient in room.filed] == ["Patient/jane"]


async def test_a_failed_save_keeps_the_reading_on_the_screen(desk: Desk, room: Room) -> None:
    before = await reviewing(desk, room)
    room.file_error = StoreEnvironment("the disk is full")
    await desk.press_confirm()
    after = desk.state
    assert isinstance(after, Reviewing)
    assert after.reading == before.reading
    assert after.error is room.file_error
    room.file_error = None
    await desk.press_confirm()
    assert len(room.filed) == 1


async def test_while_saving_nobody_can_leave(desk: Desk, room: Room) -> None:
    await reviewing(desk, room)
    room.gate.clear()
    saving = asyncio.create_task(desk.press_confirm())
    await until(lambda: isinstance(desk.state, Reviewing) and desk.state.saving)
    await desk.leave_patient()
    await desk.measure_again()
    assert isinstance(desk.state, Reviewing)
    room.gate.set()
    await saving
    assert isinstance(desk.state, Filed)


@pytest.mark.parametrize("trust", [ClockTrust.UNKNOWN, ClockTrust.RECEIVED])
async def test_a_doubtful_time_needs_a_look_at_the_display(
    desk: Desk, room: Room, trust: ClockTrust
) -> None:
    await reviewing(desk, room, received(trust=trust))
    await desk.press_confirm()
    assert room.filed == []
    desk.check_display(checked=True)
    await desk.press_confirm()
    assert len(room.filed) == 1


async def test_an_unregistered_device_needs_a_look_at_the_display(desk: Desk, room: Room) -> None:
    room.registered = False
    await reviewing(desk, room)
    await desk.press_confirm()
    assert room.filed == []


async def test_measuring_again_drops_the_reading_and_waits(desk: Desk, room: Room) -> None:
    await reviewing(desk, room)
    await desk.measure_again()
    assert desk.state == Waiting(patient=JANE, care=Care(offered=NOTHING_OFFERED))
    room.hears(received(131))
    await until(lambda: isinstance(desk.state, Reviewing))
    await desk.press_confirm()
    assert [reading.quantities[0].value for reading, _ in room.filed] == [131]


async def test_a_second_reading_waits_behind_the_first_and_is_not_lost(
    desk: Desk, room: Room
) -> None:
    await reviewing(desk, room, received(120))
    room.hears(received(130))
    await until(lambda: isinstance(desk.state, Reviewing) and desk.state.more == 1)
    await desk.press_confirm()
    assert isinstance(desk.state, Filed)
    assert desk.state.more == 1
    await desk.measure_again()
    await desk.press_confirm()
    assert [reading.quantities[0].value for reading, _ in room.filed] == [120, 130]


async def test_a_failed_session_is_told_until_the_next_sign_of_life(desk: Desk, room: Room) -> None:
    lost = ConnectionLost("the cuff stopped answering")
    await desk.choose(JANE)
    room.hears(SessionFailed(error=lost), StateChanged(state=LinkState.LISTENING))
    await until(lambda: isinstance(desk.state, Waiting) and desk.state.problem is lost)
    room.hears(StateChanged(state=LinkState.CONNECTING, name="Cuff room 2"))
    await until(lambda: isinstance(desk.state, Waiting) and desk.state.problem is None)
    assert isinstance(desk.state, Waiting)
    assert desk.state.device_name == "Cuff room 2"


async def test_a_refused_record_is_told_and_kept_out(desk: Desk, room: Room) -> None:
    error = Truncated("the record is too short")
    await desk.choose(JANE)
    room.hears(RecordRefused(error=error))
    await until(lambda: isinstance(desk.state, Waiting) and desk.state.problem is error)


async def test_what_is_not_on_the_disk_is_shown_with_a_warning(desk: Desk, room: Room) -> None:
    error = NotKept("a reading could not be saved: the disk is full")
    await desk.choose(JANE)
    room.hears(KeepingFailed(error=error), replace(received(), not_kept=error))
    await until(lambda: isinstance(desk.state, Reviewing))
    assert isinstance(desk.state, Reviewing)
    assert desk.state.not_kept is error
    assert any(isinstance(state, Waiting) and state.problem is error for state in desk.shown)
    await desk.press_confirm()
    assert len(room.filed) == 1


async def test_opening_a_patient_is_noted_once_and_looking_for_one_is_not(
    desk: Desk, room: Room
) -> None:
    await desk.find(PatientQuery(family="Smith", given="Jane", birth_date=BORN))
    assert desk.noted == []
    await desk.choose(JANE)
    await desk.measure_again()
    assert desk.noted == [(Event.PATIENT_IDENTIFIED, {"patient": JANE.reference})]
    await desk.choose(OMAR)
    assert len(desk.noted) == 1, "a patient was opened while another was in view"


async def test_a_reading_is_in_hand_until_it_is_filed_or_left_to_the_tray(
    desk: Desk, room: Room
) -> None:
    first, second = received(120), received(130)
    await reviewing(desk, room, first)
    room.hears(second)
    await until(lambda: isinstance(desk.state, Reviewing) and desk.state.more == 1)
    assert desk.in_hand == {first.reading.id, second.reading.id}
    await desk.press_confirm()
    assert desk.in_hand == {second.reading.id}
    await desk.leave_patient()
    assert desk.in_hand == frozenset()


async def test_what_comes_is_kept_with_the_patient_in_view(desk: Desk, room: Room) -> None:
    await reviewing(desk, room)
    await desk.leave_patient()
    await desk.choose(OMAR)
    await until(lambda: room.listening == 1)
    assert room.in_view == ["Patient/jane", "Patient/omar"]


async def test_without_bluetooth_the_screen_says_so(desk: Desk, room: Room) -> None:
    room.capture_error = RadioUnavailable("no adapter", reason=RadioReason.NO_ADAPTER)
    await desk.choose(JANE)
    await until(lambda: isinstance(desk.state, Waiting) and desk.state.problem is not None)
    assert isinstance(desk.state, Waiting)
    assert desk.state.link is LinkState.ENDED


async def test_an_unreachable_ehr_is_told_in_place(desk: Desk, room: Room) -> None:
    room.find_error = Transient("the EHR does not answer")
    await desk.find(PatientQuery(family="Smith"))
    assert desk.state == FindPatient(error=room.find_error)


async def test_a_late_search_result_never_covers_a_newer_one(desk: Desk, room: Room) -> None:
    room.gate.clear()
    first = asyncio.create_task(desk.find(PatientQuery(family="Smith")))
    second = asyncio.create_task(desk.find(PatientQuery(family="Haddad")))
    await until(lambda: len(desk.shown) == 2)
    room.gate.set()
    await asyncio.gather(first, second)
    assert desk.state == FindPatient(results=(OMAR,), by_name_alone=True)


async def test_a_press_meant_for_another_reading_files_nothing(desk: Desk, room: Room) -> None:
    first = await reviewing(desk, room, received(120))
    room.hears(received(130))
    await until(lambda: isinstance(desk.state, Reviewing) and desk.state.more == 1)
    await desk.measure_again()
    await desk.confirm(first.reading.id)
    assert room.filed == []


async def test_after_bluetooth_failed_listening_begins_anew_by_one_press(
    desk: Desk, room: Room
) -> None:
    room.capture_error = RadioUnavailable("off", reason=RadioReason.POWERED_OFF)
    await desk.choose(JANE)
    await until(lambda: isinstance(desk.state, Waiting) and desk.state.problem is not None)
    room.capture_error = None
    await desk.listen_again()
    room.hears(received())
    await until(lambda: isinstance(desk.state, Reviewing))


async def test_a_session_that_listens_is_not_begun_anew(desk: Desk, room: Room) -> None:
    await desk.choose(JANE)
    await until(lambda: room.listening == 1)
    before = desk.state
    await desk.listen_again()
    assert desk.state is before


# ── several devices, and a radio that comes and goes ─────────────────────────────────────────


def state(link: LinkState, name: str | None = None) -> StateChanged:
    return StateChanged(state=link, address=name, name=name)


async def waiting(desk: Desk, condition: Callable[[Waiting], bool]) -> Waiting:
    await until(lambda: isinstance(desk.state, Waiting) and condition(desk.state))
    assert isinstance(desk.state, Waiting)
    return desk.state


async def test_a_device_that_ends_leaves_the_one_that_talks_on_the_screen(
    desk: Desk, room: Room
) -> None:
    await desk.choose(JANE)
    room.hears(
        state(LinkState.RECEIVING, "A"),
        state(LinkState.CONNECTING, "B"),
        state(LinkState.ENDED, "B"),
        received(150, stored=True),
    )
    shown = await waiting(desk, lambda state: state.stored_seen == 1)
    assert (shown.link, shown.device_name) == (LinkState.RECEIVING, "A")
    room.hears(state(LinkState.ENDED, "A"), state(LinkState.LISTENING))
    await waiting(desk, lambda state: state.link is LinkState.LISTENING)


async def test_the_device_that_wants_something_of_a_person_is_shown_first(
    desk: Desk, room: Room
) -> None:
    await desk.choose(JANE)
    room.hears(state(LinkState.PAIRING, "A"), state(LinkState.RECEIVING, "B"))
    room.hears(received(150, stored=True))
    shown = await waiting(desk, lambda state: state.stored_seen == 1)
    assert (shown.link, shown.device_name) == (LinkState.PAIRING, "A")


async def test_a_problem_of_one_device_is_not_covered_by_another_one(
    desk: Desk, room: Room
) -> None:
    lost = ConnectionLost("the cuff stopped answering")
    await desk.choose(JANE)
    room.hears(SessionFailed(error=lost, address="A"), state(LinkState.ENDED, "A"))
    room.hears(state(LinkState.CONNECTING, "B"))
    shown = await waiting(desk, lambda state: state.device_name == "B")
    assert shown.problem is lost
    room.hears(state(LinkState.CONNECTING, "A"))
    await waiting(desk, lambda state: state.problem is None)


async def test_measuring_again_lets_another_device_finish_what_it_brings(
    desk: Desk, room: Room
) -> None:
    await reviewing(desk, room, received(120))
    room.hears(state(LinkState.RECEIVING, "B"))
    await asyncio.sleep(0)
    await desk.measure_again()
    shown = await waiting(desk, lambda _: True)
    assert (shown.link, shown.device_name) == (LinkState.RECEIVING, "B")
    room.hears(received(130))
    await until(lambda: isinstance(desk.state, Reviewing))
    await desk.press_confirm()
    await desk.measure_again()
    await waiting(desk, lambda _: True)
    assert [reading.quantities[0].value for reading, _ in room.filed] == [130]
    assert len(room.began) == 1, "listening was begun anew"


async def test_readings_of_two_devices_are_offered_one_after_the_other(
    desk: Desk, room: Room
) -> None:
    first, second = received(120), received(130)
    await reviewing(desk, room, first)
    room.hears(second)
    await until(lambda: isinstance(desk.state, Reviewing) and desk.state.more == 1)
    offered = []
    for _ in range(2):
        assert isinstance(desk.state, Reviewing)
        offered.append(desk.state.reading)
        await desk.press_confirm()
        await desk.measure_again()
    assert offered == [first.reading, second.reading]
    assert isinstance(desk.state, Waiting)


async def test_a_lost_radio_is_told_and_its_return_needs_no_hand(desk: Desk, room: Room) -> None:
    off = RadioUnavailable("off", reason=RadioReason.POWERED_OFF)
    await desk.choose(JANE)
    room.hears(state(LinkState.RECEIVING, "A"), RadioLost(error=off))
    room.hears(SessionFailed(error=ConnectionLost("gone"), address="A"))
    room.hears(state(LinkState.ENDED, "A"))
    room.hears(received(150, stored=True))
    shown = await waiting(desk, lambda state: state.stored_seen == 1)
    assert shown.link is LinkState.NO_RADIO
    assert shown.problem is off
    room.hears(state(LinkState.LISTENING))
    back = await waiting(desk, lambda state: state.link is LinkState.LISTENING)
    assert back.problem is None
    room.hears(received())
    await until(lambda: isinstance(desk.state, Reviewing))


async def test_the_next_patient_is_shown_while_devices_are_told_goodbye(
    desk: Desk, room: Room
) -> None:
    await desk.choose(JANE)
    await until(lambda: room.listening == 1)
    room.may_close.clear()
    leaving = asyncio.create_task(desk.leave_patient())
    await until(lambda: desk.state == FindPatient())
    choosing = asyncio.create_task(desk.choose(OMAR))
    await until(lambda: desk.state == Waiting(patient=OMAR))
    room.may_close.set()
    await asyncio.gather(leaving, choosing)
    await until(lambda: len(room.began) == 2)


async def test_who_leaves_before_the_listening_began_is_not_listened_to(
    desk: Desk, room: Room
) -> None:
    await desk.choose(JANE)
    await until(lambda: room.listening == 1)
    room.may_close.clear()
    leaving = asyncio.create_task(desk.leave_patient())
    await until(lambda: desk.state == FindPatient())
    choosing = asyncio.create_task(desk.choose(OMAR))
    await until(lambda: desk.state == Waiting(patient=OMAR))
    leaving_again = asyncio.create_task(desk.leave_patient())
    await until(lambda: desk.state == FindPatient())
    room.may_close.set()
    await asyncio.gather(leaving, choosing, leaving_again)
    assert len(room.began) == 1
    assert desk.state == FindPatient()


# ── who is chosen ────────────────────────────────────────────────────────────────────────────


async def test_nobody_is_chosen_by_a_name_alone_without_being_asked(desk: Desk, room: Room) -> None:
    await desk.find(PatientQuery(family="Smith", given="Jane"))
    assert isinstance(desk.state, FindPatient)
    await desk.choose(JANE)
    assert isinstance(desk.state, FindPatient)
    await desk.choose(JANE, sure=True)
    assert isinstance(desk.state, Waiting)


async def test_a_patient_who_died_is_never_chosen_silently(desk: Desk, room: Room) -> None:
    late = replace(JANE, deceased=True)
    await desk.choose(late)
    assert isinstance(desk.state, FindPatient)
    await desk.choose(late, sure=True)
    assert isinstance(desk.state, Waiting)


async def test_a_record_that_holds_a_name_only_is_never_chosen(desk: Desk, room: Room) -> None:
    await desk.choose(replace(JANE, birth_date=None), sure=True)
    assert isinstance(desk.state, FindPatient)


async def test_what_a_search_tells_beside_the_patients_is_shown(desk: Desk, room: Room) -> None:
    room.note = SearchNote.REPLACED
    await desk.find(PatientQuery(family="Smith", birth_date=BORN))
    assert desk.state == FindPatient(results=(JANE,), note=SearchNote.REPLACED)


# ── what the reading belongs to ──────────────────────────────────────────────────────────────


def care(desk: Desk) -> Care:
    assert isinstance(desk.state, Waiting | Reviewing)
    return desk.state.care


async def told(desk: Desk) -> None:
    await until(lambda: care(desk).offered is not None)


async def filed_context(desk: Desk, room: Room) -> CareContext:
    room.hears(received())
    await until(lambda: isinstance(desk.state, Reviewing))
    await desk.press_confirm()
    return room.contexts_filed[-1]


async def test_the_only_open_visit_is_taken(desk: Desk, room: Room) -> None:
    room.offered = OfferedContexts(visits=(VISIT,), orders=(ORDER,))
    await desk.choose(JANE)
    await told(desk)
    assert await filed_context(desk, room) == CareContext(encounter="Encounter/1")


@pytest.mark.parametrize(
    "offered",
    [
        OfferedContexts(visits=(VISIT, OTHER_VISIT), orders=(ORDER,)),
        OfferedContexts(visits=(VISIT,), complete=False),
        NOTHING_OFFERED,
    ],
)
async def test_between_several_visits_the_program_does_not_choose(
    desk: Desk, room: Room, offered: OfferedContexts
) -> None:
    room.offered = offered
    await desk.choose(JANE)
    await told(desk)
    assert await filed_context(desk, room) == NO_CONTEXT


async def test_a_chosen_visit_and_order_stay_for_the_next_reading(desk: Desk, room: Room) -> None:
    room.offered = OfferedContexts(visits=(VISIT, OTHER_VISIT), orders=(ORDER,))
    await desk.choose(JANE)
    await told(desk)
    chosen = CareContext(encounter="Encounter/2", based_on="ServiceRequest/1")
    desk.choose_context(chosen)
    assert care(desk).chosen == chosen
    assert await filed_context(desk, room) == chosen
    await desk.measure_again()
    assert care(desk).chosen == chosen


async def test_what_is_not_offered_cannot_be_chosen(desk: Desk, room: Room) -> None:
    room.offered = OfferedContexts(visits=(VISIT,))
    await desk.choose(JANE)
    await told(desk)
    desk.choose_context(CareContext(encounter="Encounter/9"))
    desk.choose_context(CareContext(based_on="ServiceRequest/9"))
    assert care(desk).chosen == CareContext(encounter="Encounter/1")
    desk.choose_context(NO_CONTEXT)
    assert care(desk).chosen == NO_CONTEXT


async def test_the_next_patient_meets_nothing_of_the_first_ones_visit(
    desk: Desk, room: Room
) -> None:
    room.offered = OfferedContexts(visits=(VISIT,))
    await desk.choose(JANE)
    await told(desk)
    await desk.leave_patient()
    room.telling.clear()
    await desk.choose(OMAR)
    assert care(desk) == Care()
    assert await filed_context(desk, room) == NO_CONTEXT


async def test_an_answer_about_a_patient_who_left_reaches_nobody(desk: Desk, room: Room) -> None:
    room.offered = OfferedContexts(visits=(VISIT,))
    room.telling.clear()
    await desk.choose(JANE)
    await desk.leave_patient()
    room.offered = NOTHING_OFFERED
    await desk.choose(OMAR)
    room.telling.set()
    await told(desk)
    assert care(desk) == Care(offered=NOTHING_OFFERED)


async def test_a_context_that_cannot_be_read_stops_no_reading(desk: Desk, room: Room) -> None:
    room.offered = Transient("the EHR is not reachable")
    await desk.choose(JANE)
    await told(desk)
    assert care(desk).offered == OfferedContexts(complete=False)
    assert await filed_context(desk, room) == NO_CONTEXT


async def test_an_ehr_that_never_tells_the_context_is_not_waited_for(
    desk: Desk, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(take_reading, "CONTEXT_DEADLINE_S", 0.01)
    room.telling.clear()
    await desk.choose(JANE)
    await told(desk)
    assert care(desk).offered == OfferedContexts(complete=False)


async def test_a_context_that_comes_while_saving_changes_nothing_on_the_screen(
    desk: Desk, room: Room
) -> None:
    room.offered = OfferedContexts(visits=(VISIT,))
    room.telling.clear()
    await reviewing(desk, room)
    room.gate.clear()
    saving = asyncio.create_task(desk.press_confirm())
    await until(lambda: isinstance(desk.state, Reviewing) and desk.state.saving)
    room.telling.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert care(desk) == Care()
    room.gate.set()
    await saving
    assert room.contexts_filed == [NO_CONTEXT]


async def test_the_kind_shown_is_that_of_the_device_that_answers(desk: Desk, room: Room) -> None:
    room.kinds = {None: DeviceKind.CUFF, "A": DeviceKind.SCALE}
    await desk.choose(JANE)
    assert (await waiting(desk, lambda _: True)).kind is DeviceKind.CUFF
    room.hears(state(LinkState.CONNECTING, "A"))
    assert (await waiting(desk, lambda state: state.device_name == "A")).kind is DeviceKind.SCALE
    room.hears(state(LinkState.CONNECTING, "B"), state(LinkState.ENDED, "A"))
    assert (await waiting(desk, lambda state: state.device_name == "B")).kind is None
