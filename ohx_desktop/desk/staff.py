"""Who works at the station: sign in, sign out, lock, change over. A service without a window.

Whoever is signed in when a reading is confirmed is its verifier; while nobody is, nothing can be
confirmed. A lock hides the work and keeps it; whose it is, stays known until somebody signs in.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ohx_desktop.audit.events import Event, Outcome
from ohx_desktop.desk.auditing import Note, note_nothing
from ohx_desktop.desk.staff_states import (
    AskingEhr,
    AskingPin,
    ChoosingPerson,
    NotAsked,
    SignedIn,
    StaffState,
    is_asking,
    present,
)
from ohx_desktop.domain.clock import Now, system_now
from ohx_desktop.domain.errors import NobodySignedIn, OhxError
from ohx_desktop.ops.logging import log_event
from ohx_desktop.staff.people import StaffMember
from ohx_desktop.staff.pin_answer import PinAnswer, PinProblem

# A computer that slept is locked at most this long after it wakes.
LOOK_S = 5.0


class EhrSignIn(Protocol):
    """The EHR's own sign-in. Methods raise the RemoteError family."""

    async def sign_in(self) -> StaffMember:
        """Have a person sign in, in place of an earlier one. May be cancelled."""
        ...

    async def sign_out(self) -> None:
        """Forget the sign-in at once, then take it back at the EHR."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPin:
    """Local accounts. Both calls block; they raise StoreError, KeystoreError."""

    people: Callable[[], tuple[StaffMember, ...]]
    check: Callable[[str, str], PinAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByEhr:
    """Accounts of the EHR."""

    sign_in: EhrSignIn


@dataclass(frozen=True, slots=True, kw_only=True)
class ByNobody:
    """Nobody signs in; `person` works here, where the settings name one."""

    person: StaffMember | None = None


Way = ByPin | ByEhr | ByNobody


class StaffDesk:
    """One station's staff. Commands that do not fit the state are ignored.

    `on_state` is called with each new state, on the event loop. After `idle_s` without
    `note_activity` the station is locked; None is never. `watch` does it while it runs. `note`
    tells the audit who came and went, and who was refused.
    """

    def __init__(
        self,
        way: Way,
        *,
        idle_s: float | None = None,
        now: Now = system_now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        note: Note = note_nothing,
    ) -> None:
        self.on_state: Callable[[StaffState], None] = lambda _: None
        self._way = way
        self._idle_s = idle_s
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._note = note
        self._active_at = (clock(), now())
        self._locked: SignedIn | None = None
        self._signing: asyncio.Task[StaffMember] | None = None
        self.state: StaffState = self._first()

    @property
    def needs_watching(self) -> bool:
        """True where people sign in and an idle station is locked."""
        return self._idle_s is not None and not isinstance(self._way, ByNobody)

    def who(self) -> str | None:
        """Return the reference of who works here now. Raises NobodySignedIn."""
        if is_asking(self.state):
            raise NobodySignedIn("nobody is signed in")
        person = present(self.state)
        return None if person is None else person.reference

    # ── commands ─────────────────────────────────────────────────────────────────────────────

    async def show_people(self) -> None:
        """Offer the people who may sign in by PIN, as they are now."""
        if not isinstance(self._way, ByPin) or not is_asking(self.state):
            return
        asking = ChoosingPerson(locked=self._locked_person)
        self._show(asking)
        try:
            shown = replace(asking, people=await asyncio.to_thread(self._way.people))
        except OhxError as error:
            shown = replace(asking, people=(), error=error)
        if self.state is asking:
            self._show(shown)

    def choose(self, person: StaffMember) -> None:
        """Ask this person for their PIN."""
        if isinstance(self.state, ChoosingPerson) and person in (self.state.people or ()):
            self._show(AskingPin(person=person, locked=self._locked_person))

    async def enter_pin(self, pin: str) -> None:
        """Sign the person in who was chosen, by their PIN."""
        asking = self.state
        if not isinstance(asking, AskingPin) or not isinstance(self._way, ByPin):
            return
        if asking.checking:
            return
        asked = AskingPin(person=asking.person, locked=asking.locked)
        if not pin:
            self._show(replace(asked, problem=PinProblem.EMPTY))
            return
        checking = replace(asked, checking=True)
        self._show(checking)
        try:
            answer = await asyncio.to_thread(self._way.check, asked.person.reference, pin)
        except OhxError as error:
            if self.state is checking:
                self._show(replace(asked, error=error))
            return
        if self.state is not checking:
            return  # the person went back meanwhile
        if answer.problem is None:
            self._enter(asked.person)
        else:
            self._note_refused(asked.person.reference, answer.problem.value)
            self._show(replace(asked, problem=answer.problem, wait_s=answer.wait_s))

    async def sign_in_at_ehr(self) -> None:
        """Have a person sign in with the EHR's own page, until they do, give up, or `cancel`."""
        if not isinstance(self.state, AskingEhr) or not isinstance(self._way, ByEhr):
            return
        if self._signing is not None:
            return
        self._show(AskingEhr(opened=True, locked=self._locked_person))
        self._signing = signing = asyncio.create_task(self._way.sign_in.sign_in())
        try:
            await asyncio.wait({signing})
        finally:
            signing.cancel()
            await asyncio.wait({signing})
            self._signing = None
        if signing.cancelled():
            self._show(AskingEhr(locked=self._locked_person))
        elif error := signing.exception():
            self._note_refused(None, error.code if isinstance(error, OhxError) else "bug")
            told = error if isinstance(error, OhxError) else None
            self._show(AskingEhr(locked=self._locked_person, error=told))
            if told is None:
                raise error
        else:
            self._enter(signing.result())

    def cancel(self) -> None:
        """Give up the sign-in that is under way at the EHR."""
        if self._signing is not None:
            self._signing.cancel()

    def lock(self) -> None:
        """Hide the work until somebody signs in."""
        state = self.state
        if not isinstance(state, SignedIn):
            return
        self._locked = state
        log_event("staff.locked")
        if isinstance(self._way, ByPin):
            self._show(AskingPin(person=state.person, locked=state.person))
        else:
            self._show(AskingEhr(locked=state.person))

    async def sign_out(self) -> None:
        """End the work of who is signed in or has locked the station."""
        if self._locked is None and not isinstance(self.state, SignedIn):
            return
        self.cancel()
        leaving = self._locked_person or present(self.state)
        self._locked = None
        self._show(self._first())
        log_event("staff.signed_out")
        self._note(Event.SIGNED_OUT, by=None if leaving is None else leaving.reference)
        if isinstance(self._way, ByEhr):
            await self._way.sign_in.sign_out()
        await self.show_people()

    # ── the idle lock ────────────────────────────────────────────────────────────────────────

    def note_activity(self) -> None:
        """Note that a person did something; whoever comes too late finds the station locked."""
        if self._idle_left_s() <= 0:
            self.lock()
        self._be_active()

    async def watch(self) -> None:
        """Lock the station when nobody did anything for a while; runs until cancelled."""
        while self.needs_watching:
            left = self._idle_left_s()
            if left <= 0:
                self.lock()
                self._be_active()
            await self._sleep(min(left, LOOK_S) if left > 0 else LOOK_S)

    def _be_active(self) -> None:
        self._active_at = (self._clock(), self._now())

    def _idle_left_s(self) -> float:
        """Return how long until the lock, by whichever clock says less: one stops in sleep."""
        if self._idle_s is None:
            return float("inf")
        then, at = self._active_at
        passed = max(self._clock() - then, (self._now() - at).total_seconds())
        return self._idle_s - passed

    # ── private ──────────────────────────────────────────────────────────────────────────────

    @property
    def _locked_person(self) -> StaffMember | None:
        return None if self._locked is None else self._locked.person

    def _first(self) -> StaffState:
        match self._way:
            case ByPin():
                return ChoosingPerson()
            case ByEhr():
                return AskingEhr()
            case ByNobody(person=person):
                return NotAsked(person=person)

    def _enter(self, person: StaffMember) -> None:
        locked, self._locked = self._locked, None
        self._be_active()
        is_back = locked is not None and locked.person.reference == person.reference
        since = locked.since if locked is not None and is_back else self._now()
        log_event("staff.unlocked" if is_back else "staff.signed_in")
        self._note(Event.SIGNED_IN, by=person.reference, detail="unlocked" if is_back else None)
        self._show(SignedIn(person=person, since=since))

    def _note_refused(self, claimed: str | None, why: str) -> None:
        self._note(Event.SIGN_IN_FAILED, outcome=Outcome.FAILURE, by=claimed, detail=why)

    def _show(self, state: StaffState) -> None:
        self.state = state
        self.on_state(state)
