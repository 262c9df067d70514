"""Take one reading of one patient: find, wait, review, file.

A capture exists only between choosing a patient and leaving again. Whatever arrives earlier or
later, lay in the device's memory, or was filed before, is not offered. What was offered and not
confirmed waits in the tray: it was kept before it was shown.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

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
from ohx_desktop.desk.auditing import Note, note_nothing
from ohx_desktop.desk.states import (
    Care,
    DeskState,
    Doubt,
    Filed,
    FindPatient,
    Reviewing,
    Waiting,
)
from ohx_desktop.desk.talks import Talks
from ohx_desktop.domain.care_context import CareContext, OfferedContexts
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.device import DeviceIdentity, DeviceKind
from ohx_desktop.domain.errors import OhxError, RadioUnavailable
from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound
from ohx_desktop.ops.logging import log_problem
from ohx_desktop.outbox.states import EntryState, OutboxEntry

# A reading does not wait for its context; whoever waits for an EHR that is slow goes on without.
CONTEXT_DEADLINE_S = 20.0


class PatientFinder(Protocol):
    """Looks patients up in the EHR."""

    async def find_patients(self, query: PatientQuery) -> PatientsFound:
        """Return the patients that match; raises the RemoteError family."""
        ...

    async def contexts(self, patient: Patient) -> OfferedContexts:
        """Return the visits and orders of the patient that are open now."""
        ...


class Capture(Protocol):
    """Hears the devices that this workstation may use."""

    def events(self, *, session_began: datetime, patient: str) -> AsyncGenerator[CaptureEvent]:
        """Listen until closed; what comes is kept with the reference of the patient in view.

        A lost radio is told and waited for.
        """
        ...

    def is_registered(self, device: DeviceIdentity | None) -> bool:
        """Tell whether this very device is registered with the workstation."""
        ...

    def kind_of(self, address: str | None) -> DeviceKind | None:
        """Return the kind of a device, or of any that may answer; None where it is not known."""
        ...


class Filing(Protocol):
    """Makes a confirmed reading durable and sends it."""

    async def file(
        self, received: ReadingReceived, patient: Patient, context: CareContext
    ) -> OutboxEntry:
        """Return once the reading is durable. Raises StoreError."""
        ...

    async def is_known(self, reading_id: UUID) -> bool:
        """Tell whether this reading was filed before."""
        ...

    def progress(self, entry_id: UUID) -> AsyncGenerator[OutboxEntry]:
        """Yield the entry on each change until its way has ended."""
        ...


class TakeReading:
    """The desk's one conversation. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop. `on_failure` gets an exception
    that is a bug. `note` tells the audit whose session was opened. `close` must be awaited at the
    end.
    """

    def __init__(
        self,
        *,
        patients: PatientFinder,
        capture: Capture,
        filing: Filing,
        on_state: Callable[[DeskState], None],
        on_failure: Callable[[BaseException], None],
        now: Now = system_now,
        note: Note = note_nothing,
    ) -> None:
        self._patients = patients
        self._capture = capture
        self._filing = filing
        self._on_state = on_state
        self._on_failure = on_failure
        self._now = now
        self._note = note
        self._listening: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._care = Care()
        self._session: object | None = None
        self._arrived: list[ReadingReceived] = []
        self._talks = Talks()
        self._problem_of: str | None = None
        self._saving = asyncio.Lock()
        self._searches = 0
        self.state: DeskState = FindPatient()

    @property
    def in_hand(self) -> frozenset[UUID]:
        """The readings that wait for this patient's review: they are seen to already."""
        return frozenset(received.reading.id for received in self._arrived)

    @property
    def holds_only_copy(self) -> bool:
        """True while a reading is here and nowhere else: leaving would lose it."""
        return any(received.not_kept for received in self._arrived)

    # ── commands ─────────────────────────────────────────────────────────────────────────────

    async def find(self, query: PatientQuery) -> None:
        """Search the EHR; a later search overtakes an earlier one."""
        if not isinstance(self.state, FindPatient):
            return
        self._searches += 1
        search = self._searches
        self._show(FindPatient(searching=True))
        try:
            told = await self._patients.find_patients(query)
            found = FindPatient(
                results=told.patients, note=told.note, by_name_alone=query.is_name_alone
            )
        except OhxError as error:
            found = FindPatient(error=error)
        if search == self._searches and isinstance(self.state, FindPatient):
            self._show(found)

    async def choose(self, patient: Patient, sure: bool = False) -> None:
        """Open the session of this patient: from now on a new reading belongs to them.

        `sure` says that the person answered what the choice asks; without it, and for a patient
        who cannot be told from others, a choice in doubt is ignored.
        """
        if not isinstance(self.state, FindPatient):
            return
        doubts = self.state.doubts(patient)
        if Doubt.UNIDENTIFIED in doubts or (doubts and not sure):
            return
        self._note(Event.PATIENT_IDENTIFIED, patient=patient.reference)
        self._care = Care()
        # Before the first wait: whoever leaves meanwhile stops this, too.
        self._asking = self._start(self._ask_context(patient))
        await self._wait_for(patient)

    def choose_context(self, context: CareContext) -> None:
        """Have the reading belong to this visit and order; one that is not offered is ignored."""
        state, offered = self.state, self._care.offered
        if not isinstance(state, Waiting | Reviewing) or offered is None:
            return
        if offered.has(context) and not (isinstance(state, Reviewing) and state.saving):
            self._care = replace(self._care, chosen=context)
            self._show(state)

    async def measure_again(self) -> None:
        """Leave the reading to the tray and wait for another; one already here comes first.

        Whoever is in a session goes on: it may be bringing another device's reading.
        """
        if isinstance(self.state, Reviewing) and not self.state.saving:
            self._arrived.pop(0)
        elif not isinstance(self.state, Filed):
            return
        if self._arrived:
            self._review(self.state.patient)
        elif self._listening is None or self._listening.done():
            await self._wait_for(self.state.patient)
        else:
            self._wait_on(self.state.patient)

    async def listen_again(self) -> None:
        """Listen anew after Bluetooth failed; a session that listens is left alone."""
        if isinstance(self.state, Waiting) and self.state.link is LinkState.ENDED:
            await self._wait_for(self.state.patient)

    async def leave_patient(self) -> None:
        """Close the session and forget everything of this patient; readings stay in the tray."""
        if isinstance(self.state, Reviewing) and self.state.saving:
            return
        self._searches += 1
        self._arrived.clear()
        self._session = None
        self._care = Care()
        self._show(FindPatient())
        await self._cancel(self._asking)
        await self._stop()

    async def hand_over(self) -> None:
        """Leave the patient because somebody else will work here.

        What is being saved is saved first. A reading that is nowhere else stays, with its patient,
        for whoever comes.
        """
        async with self._saving:
            pass
        if not self.holds_only_copy:
            await self.leave_patient()

    def check_display(self, checked: bool) -> None:
        """Record that the person compared the values with the device's display."""
        if isinstance(self.state, Reviewing):
            self._show(replace(self.state, display_checked=checked))

    async def confirm(self, shown: UUID) -> None:
        """File the reading with this id, the one the person saw; any other press is ignored.

        The state is Filed only once the reading is durable.
        """
        reviewing = self.state
        if not (isinstance(reviewing, Reviewing) and reviewing.can_confirm):
            return
        if reviewing.reading.id != shown:
            return
        self._show(replace(reviewing, saving=True, error=None))
        try:
            async with self._saving:
                entry = await self._filing.file(
                    self._arrived[0], reviewing.patient, reviewing.care.chosen
                )
        except OhxError as error:
            self._show(replace(reviewing, saving=False, error=error, more=self._more))
            return
        self._arrived.pop(0)
        await self._cancel(self._following)
        self._show(
            Filed(
                patient=reviewing.patient,
                reading=reviewing.reading,
                entry=entry,
                saved_at=self._now(),
                more=len(self._arrived),
            )
        )
        self._following = self._start(self._follow(entry.id))

    async def close(self) -> None:
        """Stop listening, asking and following; the state stays as it is."""
        await self._cancel(self._asking)
        await self._stop()

    # ── what happens meanwhile ───────────────────────────────────────────────────────────────

    async def _wait_for(self, patient: Patient) -> None:
        began = self._now()
        self._arrived.clear()
        self._talks = Talks()
        session = self._session = object()
        self._show(Waiting(patient=patient, kind=self._capture.kind_of(None)))
        # Devices of an earlier session are told goodbye meanwhile; nobody need watch that.
        await self._stop()
        if self._session is session:
            self._listening = self._start(self._listen(patient, began))

    def _wait_on(self, patient: Patient) -> None:
        """Wait with the devices that are being listened to."""
        self._problem_of = None
        talks = self._talks
        self._show(
            Waiting(
                patient=patient,
                link=talks.link,
                device_name=talks.name,
                kind=self._capture.kind_of(talks.address),
            )
        )

    async def _listen(self, patient: Patient, began: datetime) -> None:
        try:
            events = self._capture.events(session_began=began, patient=patient.reference)
            async with aclosing(events):
                async for event in events:
                    await self._heard(event, patient)
        except OhxError as error:
            if isinstance(self.state, Waiting):
                self._show(replace(self.state, link=LinkState.ENDED, problem=error))

    async def _ask_context(self, patient: Patient) -> None:
        try:
            async with asyncio.timeout(CONTEXT_DEADLINE_S):
                offered = await self._patients.contexts(patient)
        except (OhxError, TimeoutError):
            offered = OfferedContexts(complete=False)
        state = self.state
        if isinstance(state, FindPatient) or state.patient != patient:
            return
        self._care = Care(offered=offered, chosen=offered.usual)
        # While a reading is saved, the screen stays as it was confirmed.
        if isinstance(state, Waiting) or (isinstance(state, Reviewing) and not state.saving):
            self._show(state)

    async def _heard(self, event: CaptureEvent, patient: Patient) -> None:
        if getattr(self.state, "patient", None) != patient:
            return  # whoever is left, their devices are of no concern any more
        match event:
            case ReadingReceived(reading=reading):
                if reading.stored or await self._filing.is_known(reading.id):
                    self._update_waiting(stored=1)
                else:
                    self._arrived.append(event)
                    self._offer(patient)
            case StateChanged():
                self._talks.note(event)
                self._show_talks(alive=_sign_of_life(event, self._problem_of))
            case RadioLost(error=error):
                log_problem(error)
                self._talks.note(event)
                self._show_talks(alive=False)
                self._update_waiting(problem=error)
            case RecordRefused(stored=True):
                self._update_waiting(stored=1)
            case (
                RecordRefused(error=error, address=address)
                | SessionFailed(error=error, address=address)
            ):
                log_problem(error)
                if self._talks.link is not LinkState.NO_RADIO:  # which is why it failed
                    self._problem_of = address
                    self._update_waiting(problem=error)
            case KeepingFailed(error=error):
                log_problem(error)
                self._update_waiting(problem=error)

    def _show_talks(self, *, alive: bool) -> None:
        """Show who talks; a problem stays readable until its device shows a sign of life."""
        state, talks = self.state, self._talks
        if not isinstance(state, Waiting):
            return
        is_mended = isinstance(state.problem, RadioUnavailable) and talks.link is not (
            LinkState.NO_RADIO
        )
        self._show(
            replace(
                state,
                link=talks.link,
                device_name=talks.name or state.device_name,
                kind=self._capture.kind_of(talks.address),
                problem=None if alive or is_mended else state.problem,
            )
        )

    def _update_waiting(self, *, problem: OhxError | None = None, stored: int = 0) -> None:
        state = self.state
        if isinstance(state, Waiting):
            self._show(
                replace(
                    state,
                    problem=problem or state.problem,
                    stored_seen=state.stored_seen + stored,
                )
            )

    def _offer(self, patient: Patient) -> None:
        if isinstance(self.state, Waiting):
            self._review(patient)
        elif isinstance(self.state, Reviewing):
            self._show(replace(self.state, more=self._more))
        elif isinstance(self.state, Filed):
            self._show(replace(self.state, more=len(self._arrived)))

    def _review(self, patient: Patient) -> None:
        received = self._arrived[0]
        reading = received.reading
        self._show(
            Reviewing(
                patient=patient,
                reading=reading,
                not_kept=received.not_kept,
                device_registered=self._capture.is_registered(reading.device),
                more=self._more,
            )
        )

    async def _follow(self, entry_id: UUID) -> None:
        async with aclosing(self._filing.progress(entry_id)) as entries:
            async for entry in entries:
                state = self.state
                if not (isinstance(state, Filed) and state.entry.id == entry_id):
                    return
                sent = entry.state in {EntryState.ACKNOWLEDGED, EntryState.VERIFIED}
                verified = entry.state is EntryState.VERIFIED
                self._show(
                    replace(
                        state,
                        entry=entry,
                        sent_at=state.sent_at or (self._now() if sent else None),
                        verified_at=state.verified_at or (self._now() if verified else None),
                    )
                )

    # ── house-keeping ────────────────────────────────────────────────────────────────────────

    @property
    def _more(self) -> int:
        return max(len(self._arrived) - 1, 0)

    def _show(self, state: DeskState) -> None:
        if isinstance(state, Waiting) or (isinstance(state, Reviewing) and not state.saving):
            state = replace(state, care=self._care)
        self.state = state
        self._on_state(state)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._report)
        return task

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._on_failure(error)

    async def _stop(self) -> None:
        await self._cancel(self._listening)
        await self._cancel(self._following)
        self._listening = self._following = None

    @staticmethod
    async def _cancel(task: asyncio.Task[None] | None) -> None:
        """Cancel a task once, whoever asks, and wait until it has cleaned up."""
        if task is None or task.done():
            return
        if not task.cancelling():
            task.cancel()
        await asyncio.wait({task})


def _sign_of_life(event: StateChanged, problem_of: str | None) -> bool:
    """Tell whether a device that had a problem, or one nobody named, is heard of again."""
    if event.state in {LinkState.LISTENING, LinkState.ENDED}:
        return False
    return problem_of is None or event.address == problem_of
