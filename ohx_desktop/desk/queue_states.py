"""The queue's page, as values. A shell draws exactly one of these.

    QueueList ─► OneEntry ─► AskingWhy ───────────────► Mended
        │                        │  └─► FindingRight ──►
        └─► Comparing            └ also straight from a reading that was just filed

No list holds values or names: other people look at the screen. Both are in `seen`, which is there
only where a person asked for it or had the reading before them a moment ago.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ohx_desktop.desk.states import FindPatient
from ohx_desktop.domain.errors import OhxError
from ohx_desktop.domain.look_up import Found
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.reading import Reading
from ohx_desktop.outbox.records import Listed
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry


class Group(StrEnum):
    """What an entry asks of a person, the most urgent first."""

    NEEDS_YOU = "needs-you"
    WAITING = "waiting"
    ARRIVED = "arrived"
    GIVEN_UP = "given-up"


STATES: dict[Group, frozenset[EntryState]] = {
    Group.NEEDS_YOU: frozenset({EntryState.NEEDS_ATTENTION}),
    Group.WAITING: frozenset({EntryState.QUEUED, EntryState.SENDING}),
    Group.ARRIVED: frozenset({EntryState.ACKNOWLEDGED, EntryState.VERIFIED}),
    Group.GIVEN_UP: frozenset({EntryState.DISCARDED}),
}


class Act(StrEnum):
    """What a person can do with an entry."""

    RETRY = "retry"
    CORRECT = "correct"
    DISCARD = "discard"
    LOOK = "look"


class Reason(StrEnum):
    """Why a reading is taken back or given up; the codes stay in the audit."""

    WRONG_PATIENT = "wrong-patient"
    MEASURED_WRONGLY = "measured-wrongly"
    MEASURED_AGAIN = "measured-again"
    ENTERED_BY_HAND = "entered-by-hand"
    NOT_A_PATIENT = "not-a-patient"
    NOT_WRONG = "not-wrong"
    OTHER = "other"


REASONS: dict[Act, tuple[Reason, ...]] = {
    Act.CORRECT: (
        Reason.WRONG_PATIENT,
        Reason.MEASURED_WRONGLY,
        Reason.NOT_A_PATIENT,
        Reason.OTHER,
    ),
    Act.DISCARD: (
        Reason.MEASURED_AGAIN,
        Reason.ENTERED_BY_HAND,
        Reason.NOT_A_PATIENT,
        Reason.OTHER,
    ),
}
# An order to take a reading back is given up because the reading may stay, or is put right there.
ORDER_REASONS = (Reason.NOT_WRONG, Reason.ENTERED_BY_HAND, Reason.OTHER)


def acts_of(listed: Listed) -> frozenset[Act]:
    """Return what can be done with an entry as it is."""
    entry, acts = listed.entry, set()
    is_open = entry.state in {EntryState.QUEUED, EntryState.NEEDS_ATTENTION}
    if is_open and listed.is_held:
        acts.add(Act.RETRY)
    if is_open:
        acts.add(Act.DISCARD)
    if entry.kind is EntryKind.FILING:
        is_gone = entry.state is EntryState.DISCARDED and not entry.may_be_in_ehr
        if not (is_gone or is_taken_back(listed)):
            acts.add(Act.CORRECT)
        if listed.is_held:
            acts.add(Act.LOOK)
    return frozenset(acts)


def is_taken_back(listed: Listed) -> bool:
    """Tell whether an order to take the reading back stands or was carried out."""
    return listed.order is not None and listed.order.state is not EntryState.DISCARDED


def reasons_of(listed: Listed, act: Act) -> tuple[Reason, ...]:
    """Return the reasons a person chooses from."""
    return ORDER_REASONS if listed.entry.kind is EntryKind.RETRACTION else REASONS[act]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The reading itself, and whose it was filed as where that could be told: health data."""

    reading: Reading = field(repr=False)
    patient: Patient | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueList:
    """The entries of one group, or of all with what needs a person first; each newest first.

    `entries` is None before they are known. `waiting` and `needs_attention` count all.
    """

    group: Group | None = None
    entries: tuple[Listed, ...] | None = None
    has_more: bool = False
    waiting: int = 0
    needs_attention: int = 0
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneEntry:
    """One entry and what can be done with it.

    `busy` while it is being sent anew, `retried` once it is.
    """

    listed: Listed
    seen: Seen | None = None
    busy: bool = False
    retried: bool = False
    error: OhxError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingWhy:
    """Why it shall be done; once there is a `reason`, whether it really shall."""

    listed: Listed
    act: Act
    seen: Seen | None = None
    reason: Reason | None = None
    busy: bool = False
    error: OhxError | None = None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What a person chooses from."""
        return reasons_of(self.listed, self.act)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRight:
    """Looking for the patient whose reading it really is; once `chosen`, whether it is theirs.

    `only_back` asks instead whether it shall be taken back alone, as nobody knows whose it is.
    """

    listed: Listed
    find: FindPatient = field(default_factory=FindPatient)
    seen: Seen | None = None
    chosen: Patient | None = None
    only_back: bool = False
    busy: bool = False
    error: OhxError | None = None

    @property
    def is_asking(self) -> bool:
        """True while a yes would carry it out."""
        return self.chosen is not None or self.only_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What was decided is durable, and goes on by itself.

    `taken_back` is the order, None where the reading never left this computer or only an order was
    given up; `refiled` is the same reading on its way to `patient`, None where it goes to nobody.
    """

    act: Act
    listed: Listed
    taken_back: OutboxEntry | None = None
    refiled: OutboxEntry | None = None
    patient: Patient | None = None


class CompareRun(StrEnum):
    """Where a comparison with the EHR is."""

    NEVER = "never"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """Receipts of the last `days` compared with the EHR; the counts grow while it runs.

    `differing` is what the EHR does not hold as it was filed, with what it has instead.
    """

    days: int
    run: CompareRun = CompareRun.NEVER
    compared: int = 0
    not_comparable: int = 0
    in_correction: int = 0
    differing: tuple[tuple[OutboxEntry, Found], ...] = ()
    error: OhxError | None = None


QueueState = QueueList | OneEntry | AskingWhy | FindingRight | Mended | Comparing
