"""Who works at the station, as values. A shell draws exactly one of these.

    ChoosingPerson ─► AskingPin ─► SignedIn        by PIN
         AskingEhr ──────────────► SignedIn        by the EHR's own sign-in
          NotAsked                                 the station's own practitioner, if any

A locked station asks again, and remembers in `locked` whose work lies hidden behind it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

from ohx_desktop.domain.errors import OhxError
from ohx_desktop.staff.people import StaffMember
from ohx_desktop.staff.pin_answer import PinProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAsked:
    """Nobody signs in here. `person` is who the settings name, or None."""

    person: StaffMember | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosingPerson:
    """The people of this workstation; None before they are known."""

    people: tuple[StaffMember, ...] | None = None
    locked: StaffMember | None = None
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingPin:
    """A person types their PIN. `problem` tells what was wrong with the last one.

    `wait_s` is how long no other one is tried, from when the state was made.
    """

    person: StaffMember
    checking: bool = False
    problem: PinProblem | None = None
    wait_s: float = 0.0
    locked: StaffMember | None = None
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingEhr:
    """The EHR signs people in; while `opened`, its page is in the browser."""

    opened: bool = False
    locked: StaffMember | None = None
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person works here, since an aware time."""

    person: StaffMember
    since: datetime


Asking = ChoosingPerson | AskingPin | AskingEhr
StaffState = NotAsked | Asking | SignedIn


def is_asking(state: StaffState) -> TypeGuard[Asking]:
    """Tell whether somebody must sign in before anything else is shown."""
    return isinstance(state, Asking)


def present(state: StaffState) -> StaffMember | None:
    """Return who works here now."""
    return None if is_asking(state) else getattr(state, "person", None)
