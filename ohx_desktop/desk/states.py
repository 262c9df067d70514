"""The screens of taking a reading, as values. A shell draws exactly one of these.

    FindPatient ─► Waiting ─► Reviewing ─► Filed ─► FindPatient
         ▲            │  ▲        │
         └────────────┘  └────────┘ (measure again)

Every state but FindPatient carries the patient: there is no reading without one, and leaving the
patient leaves nothing behind.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ohx_desktop.ble.events import LinkState
from ohx_desktop.domain.care_context import NO_CONTEXT, CareContext, OfferedContexts
from ohx_desktop.domain.device import DeviceKind
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.patient import Patient, SearchNote
from ohx_desktop.domain.reading import Reading
from ohx_desktop.outbox.states import OutboxEntry


class Doubt(StrEnum):
    """What must be settled before a reading is taken of a patient that was found."""

    UNIDENTIFIED = "unidentified"
    """A name is all that the EHR has of them. This one no answer settles."""
    DECEASED = "deceased"
    """The EHR says that they have died."""
    NAME_ALONE = "name-alone"
    """Found by a name alone: a second thing must be asked of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindPatient:
    """Looking for the patient. `results` is None before the first search.

    `note` is what the search told beside them; `by_name_alone` how they were searched.
    """

    searching: bool = False
    results: tuple[Patient, ...] | None = None
    note: SearchNote | None = None
    by_name_alone: bool = False
    error: OhxError | None = None

    def doubts(self, patient: Patient) -> tuple[Doubt, ...]:
        """Return what must be settled before this patient is chosen, the gravest first."""
        if patient.birth_date is None and patient.identifier is None:
            return (Doubt.UNIDENTIFIED,)
        deceased = (Doubt.DECEASED,) if patient.deceased else ()
        return deceased + ((Doubt.NAME_ALONE,) if self.by_name_alone else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What the reading can belong to and what was chosen. `offered` is None while it is asked."""

    offered: OfferedContexts | None = None
    chosen: CareContext = NO_CONTEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The patient is known; the device is awaited or talking.

    `problem` is the last failure (of the device or of a refused record), shown until the next
    sign of life. `kind` is that of the device, None where it may be any. `stored_seen` counts
    records from the device's memory that were kept out.
    """

    patient: Patient
    care: Care = Care()
    link: LinkState = LinkState.LISTENING
    device_name: str | None = None
    kind: DeviceKind | None = None
    problem: OhxError | None = None
    stored_seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """Values wait for a person. Nothing is filed before `confirm`.

    While `saving`, the confirmation is being made durable. `error` is why saving failed; the
    reading is then still on the screen and nowhere else. A reading whose time nobody can vouch
    for, or whose device is not registered here, is confirmed only after the person compared it
    with the device's display. `more` counts further new readings that wait behind this one.
    `not_kept` is why the reading is on this screen only; None where it is in the tray meanwhile.
    """

    patient: Patient
    reading: Reading
    care: Care = Care()
    device_registered: bool = True
    display_checked: bool = False
    saving: bool = False
    error: OhxError | None = None
    not_kept: OhxError | None = None
    more: int = 0

    @property
    def needs_display_check(self) -> bool:
        """True when the person must compare the values with the device's display."""
        return self.reading.needs_display_check or not self.device_registered

    @property
    def can_confirm(self) -> bool:
        """True when the one likely action is allowed."""
        return not self.saving and (self.display_checked or not self.needs_display_check)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """Saved; now on its way. Times are aware and None until it happened.

    `more` counts further new readings of this patient that wait for review.
    """

    patient: Patient
    reading: Reading
    entry: OutboxEntry
    saved_at: datetime
    sent_at: datetime | None = None
    verified_at: datetime | None = None
    more: int = 0


DeskState = FindPatient | Waiting | Reviewing | Filed


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSummary:
    """The footer: how much waits for the EHR and how much for a person.

    `unassigned` counts readings in the tray, `overdue` what lies there for too long; `differing`
    what the EHR no longer holds as it was filed.
    """

    waiting: int = 0
    needs_attention: int = 0
    last_error: str | None = None
    unassigned: int = 0
    overdue: int = 0
    differing: int = 0


PASSKEY_DIGITS = 6


class TypedProblem(StrEnum):
    """Why what was typed is not taken."""

    EMPTY = "empty"
    NOT_SIX_DIGITS = "not-six-digits"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyQuestion:
    """A device waits for its number. `problem` tells what was wrong with the last answer."""

    address: str
    problem: TypedProblem | None = None
