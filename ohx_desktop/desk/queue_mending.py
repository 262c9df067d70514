"""Putting a filed reading right: why, for whom, and how far it is.

Two decisions are asked for, never one press: a reason or another patient, and a yes to what comes
of it. What was decided is one durable step; the sender carries it out.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol
from uuid import UUID

from ohx_desktop.audit.events import Event
from ohx_desktop.desk.auditing import Note, note_nothing
from ohx_desktop.desk.filing import SignedIn
from ohx_desktop.desk.queue_desk import Listing, Queue
from ohx_desktop.desk.queue_states import (
    Act,
    AskingWhy,
    FindingRight,
    Mended,
    Reason,
    Seen,
    acts_of,
    is_taken_back,
)
from ohx_desktop.desk.states import Doubt, FindPatient
from ohx_desktop.domain.errors import OhxError, UsageError
from ohx_desktop.domain.patient import Patient, PatientQuery, PatientsFound
from ohx_desktop.outbox.records import Corrected, Listed
from ohx_desktop.outbox.states import EntryState, OutboxEntry

# A reading that is on its way at this moment is waited for: its fate decides what is needed.
ON_ITS_WAY_S = 60.0
_NOT_SENDING = frozenset(EntryState) - {EntryState.SENDING}


class Corrector(Protocol):
    """Takes filed readings back and files them anew. Methods raise the OhxError family."""

    async def retract(self, entry_id: UUID, reason: str, by: str | None = None) -> Corrected:
        """Have a filed reading marked as entered in error."""
        ...

    async def refile(
        self, entry_id: UUID, patient: str, reason: str, by: str | None = None
    ) -> Corrected:
        """Take a filed reading back and file the same one for another patient."""
        ...


class PatientFinder(Protocol):
    """Looks patients up in the EHR."""

    async def find_patients(self, query: PatientQuery) -> PatientsFound:
        """Return the patients that match; raises the RemoteError family."""
        ...


MendingState = AskingWhy | FindingRight | Mended


class MendingDesk:
    """The conversation of putting one entry right. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop; `on_failure` gets an exception that
    is a bug. `state` is None while nothing is being put right. `close` must be awaited at the end.
    """

    def __init__(
        self,
        *,
        listing: Listing,
        queue: Queue,
        corrector: Corrector,
        patients: PatientFinder,
        signed_in: SignedIn,
        on_state: Callable[[MendingState], None],
        on_failure: Callable[[BaseException], None],
        note: Note = note_nothing,
    ) -> None:
        self._listing = listing
        self._queue = queue
        self._corrector = corrector
        self._patients = patients
        self._signed_in = signed_in
        self._on_state = on_state
        self._on_failure = on_failure
        self._note = note
        self._working: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._searches = 0
        self.state: MendingState | None = None

    # ── commands ─────────────────────────────────────────────────────────────────────────────

    async def begin(self, entry_id: UUID, act: Act, seen: Seen | None = None) -> None:
        """Ask why this entry shall be corrected or given up. Raises OhxError where it cannot be.

        `seen` is the reading where the person has it before them.
        """
        listed = await self._listing.listed(entry_id)
        is_on_its_way = listed.entry.state is EntryState.SENDING
        if act in acts_of(listed) or (act is Act.CORRECT and is_on_its_way):
            self._show(AskingWhy(listed=listed, act=act, seen=seen))

    def give_reason(self, reason: Reason) -> None:
        """Say why: ask whether it really shall, or for the right patient first."""
        state = self.state
        if not isinstance(state, AskingWhy) or state.busy or reason not in state.reasons:
            return
        if state.act is Act.CORRECT and reason is Reason.WRONG_PATIENT:
            self._show(FindingRight(listed=state.listed, seen=state.seen))
        else:
            self._show(replace(state, reason=reason, error=None))

    async def find(self, query: PatientQuery) -> None:
        """Search for whose reading it really is; a later search overtakes an earlier one."""
        state = self.state
        if not isinstance(state, FindingRight) or state.is_asking:
            return
        self._searches += 1
        search = self._searches
        self._show(replace(state, find=FindPatient(searching=True), error=None))
        try:
            told = await self._patients.find_patients(query)
            found = FindPatient(
                results=told.patients, note=told.note, by_name_alone=query.is_name_alone
            )
        except OhxError as error:
            found = FindPatient(error=error)
        state = self.state
        if search == self._searches and isinstance(state, FindingRight) and not state.is_asking:
            self._show(replace(state, find=found))

    def choose(self, patient: Patient, sure: bool = False) -> None:
        """Ask whether it is this patient's; `sure` as in `TakeReading.choose`."""
        state = self.state
        if not isinstance(state, FindingRight) or state.is_asking:
            return
        doubts = state.find.doubts(patient)
        if Doubt.UNIDENTIFIED in doubts or (doubts and not sure):
            return
        self._note(Event.PATIENT_IDENTIFIED, patient=patient.reference)
        self._show(replace(state, chosen=patient, error=None))

    def take_back_only(self) -> None:
        """Ask whether it shall be taken back without a right patient."""
        state = self.state
        if isinstance(state, FindingRight) and not state.is_asking:
            self._show(replace(state, only_back=True, error=None))

    async def accept(self) -> None:
        """Carry out what was asked; returns once it is durable, or was not done."""
        state = self.state
        match state:
            case AskingWhy(reason=Reason(), busy=False) | FindingRight(is_asking=True, busy=False):
                self._show(replace(state, busy=True, error=None))
            case _:
                return
        self._working = self._start(self._carry_out(state))
        await asyncio.wait({self._working})

    async def cancel(self) -> None:
        """Break off what is being done; where it was decided by then, that is shown."""
        asked, working = self.state, self._working
        if working is None or not isinstance(asked, AskingWhy | FindingRight) or not asked.busy:
            return
        working.cancel()
        await asyncio.wait({working})
        listed = await self._listing.listed(asked.listed.entry.id)
        if isinstance(self.state, AskingWhy | FindingRight) and _is_over(listed):
            self._show(Mended(act=Act.CORRECT, listed=listed, taken_back=listed.order))

    def step_back(self) -> bool:
        """Take the last answer back; tell whether there was one. While busy nothing is."""
        state = self.state
        match state:
            case AskingWhy(busy=True) | FindingRight(busy=True):
                return True
            case AskingWhy(reason=Reason()):
                self._show(replace(state, reason=None, error=None))
            case FindingRight(is_asking=True):
                self._show(replace(state, chosen=None, only_back=False, error=None))
            case FindingRight():
                self._searches += 1
                self._show(AskingWhy(listed=state.listed, act=Act.CORRECT, seen=state.seen))
            case _:
                return False
        return True

    def leave(self) -> None:
        """Show and keep nothing more; what is being done goes on to its end."""
        self._searches += 1
        self.state = None

    async def close(self) -> None:
        """End whatever runs."""
        self.leave()
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # ── private ──────────────────────────────────────────────────────────────────────────────

    async def _carry_out(self, asked: AskingWhy | FindingRight) -> None:
        entry_id = asked.listed.entry.id
        try:
            by = self._signed_in()
            await self._until_not_sending(entry_id)
            mended = await self._decided(asked, by)
        except OhxError as error:
            self._take_back_question(entry_id, error)
        except asyncio.CancelledError:
            self._take_back_question(entry_id, None)
            raise
        else:
            if self._is_awaited(entry_id):
                self._show(mended)
                for entry in (mended.taken_back, mended.refiled):
                    if entry is not None:
                        self._start(self._follow(entry))

    async def _until_not_sending(self, entry_id: UUID) -> None:
        entry = await self._queue.wait_for(entry_id, _NOT_SENDING, ON_ITS_WAY_S)
        if entry.state is EntryState.SENDING:
            raise UsageError(
                "this reading is still on its way to the EHR",
                meaning="nothing was changed",
                hint="try again in a minute",
            )

    async def _decided(self, asked: AskingWhy | FindingRight, by: str | None) -> Mended:
        entry_id = asked.listed.entry.id
        patient: Patient | None = None
        if isinstance(asked, AskingWhy) and asked.act is Act.DISCARD:
            await self._queue.discard(entry_id, asked.reason or Reason.OTHER, by=by)
            return Mended(act=Act.DISCARD, listed=await self._listing.listed(entry_id))
        if isinstance(asked, AskingWhy):
            corrected = await self._corrector.retract(entry_id, asked.reason or Reason.OTHER, by)
        elif asked.chosen is None:
            corrected = await self._corrector.retract(entry_id, Reason.WRONG_PATIENT, by)
        else:
            patient = asked.chosen
            corrected = await self._corrector.refile(
                entry_id, patient.reference, Reason.WRONG_PATIENT, by
            )
        return Mended(
            act=Act.CORRECT,
            listed=await self._listing.listed(entry_id),
            taken_back=corrected.retraction,
            refiled=corrected.refiled,
            patient=patient,
        )

    def _is_awaited(self, entry_id: UUID) -> bool:
        """Tell whether the person still waits for this: another entry is none of its concern."""
        state = self.state
        return (
            isinstance(state, AskingWhy | FindingRight)
            and state.busy
            and state.listed.entry.id == entry_id
        )

    def _take_back_question(self, entry_id: UUID, error: OhxError | None) -> None:
        """Ask no longer; say why it was not done, where there is a reason to tell."""
        state = self.state
        if not self._is_awaited(entry_id):
            return
        if isinstance(state, AskingWhy):
            self._show(replace(state, busy=False, reason=None, error=error))
        elif isinstance(state, FindingRight):
            self._show(replace(state, busy=False, chosen=None, only_back=False, error=error))

    async def _follow(self, entry: OutboxEntry) -> None:
        async with aclosing(self._queue.progress(entry.id)) as news:
            async for now in news:
                state = self.state
                if not isinstance(state, Mended):
                    return
                if state.taken_back is not None and state.taken_back.id == now.id:
                    self._show(replace(state, taken_back=now))
                elif state.refiled is not None and state.refiled.id == now.id:
                    self._show(replace(state, refiled=now))
                else:
                    return

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._on_failure(error)

    def _show(self, state: MendingState) -> None:
        self.state = state
        self._on_state(state)


def _is_over(listed: Listed) -> bool:
    return is_taken_back(listed) or listed.entry.state is EntryState.DISCARDED
