"""Every state of the queue's pages with invented entries: for the gallery and the tests."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from uuid import UUID

from ohx_desktop.desk.queue_states import (
    Act,
    AskingWhy,
    CompareRun,
    Comparing,
    FindingRight,
    Mended,
    OneEntry,
    QueueList,
    QueueState,
    Reason,
    Seen,
)
from ohx_desktop.desk.states import FindPatient
from ohx_desktop.domain.errors import Refused, StoreEnvironment, Transient
from ohx_desktop.domain.look_up import Found
from ohx_desktop.domain.patient import Patient
from ohx_desktop.domain.reading import Reading
from ohx_desktop.outbox.records import Listed
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry

_NOW = datetime(2026, 11, 23, 10, 15, 48, tzinfo=timezone(timedelta(hours=1)))
_WHO = "Practitioner/12"
_REFUSED = (
    "the EHR refused the reading: a rule of the EHR forbids it; it stays safe on this computer and "
    "is not sent again by itself; let the administrator of the EHR look at the rule, then send it "
    "again"
)
_UNTOUCHED = "nothing was changed in the queue"
_DOWN = "the EHR is not reachable; it is sent again by itself; nothing has to be done"


def _entry(number: int, state: EntryState, minutes: float, **more: object) -> OutboxEntry:
    entry = OutboxEntry(
        id=UUID(int=number),
        reading_id=UUID(int=1000 + number),
        state=state,
        attempts=1,
        created_at=_NOW - timedelta(minutes=minutes),
    )
    return replace(entry, **more)  # type: ignore[arg-type]  # each field is checked by its scene


REFUSED = Listed(entry=_entry(1, EntryState.NEEDS_ATTENTION, 32, last_error=_REFUSED), is_held=True)
ORDER_REFUSED = Listed(
    entry=_entry(
        2,
        EntryState.NEEDS_ATTENTION,
        1500,
        kind=EntryKind.RETRACTION,
        corrects=UUID(int=9),
        reason="wrong-patient",
        decided_by=_WHO,
        last_error="the EHR holds something else than was confirmed here; nothing was changed; "
        "correct the reading in the EHR itself",
    ),
    is_held=True,
)
WAITING = Listed(
    entry=_entry(
        3,
        EntryState.QUEUED,
        5,
        attempts=4,
        last_error=_DOWN,
        next_attempt=_NOW + timedelta(seconds=40),
        is_doubtful=True,
    ),
    is_held=True,
)
NEXT = Listed(entry=_entry(4, EntryState.QUEUED, 0.2, attempts=0), is_held=True)
CHECKED = Listed(
    entry=_entry(
        5,
        EntryState.ACKNOWLEDGED,
        0.5,
        ehr_reference="Observation/4712",
        arrived_at=_NOW - timedelta(seconds=29),
    ),
    is_held=True,
)
IN_CHART = Listed(
    entry=_entry(
        6,
        EntryState.VERIFIED,
        12,
        ehr_reference="Observation/4711",
        arrived_at=_NOW - timedelta(minutes=12),
    ),
    is_held=False,
)
_ORDER = _entry(
    7,
    EntryState.ACKNOWLEDGED,
    20,
    kind=EntryKind.RETRACTION,
    corrects=UUID(int=8),
    reason="wrong-patient",
    decided_by=_WHO,
    arrived_at=_NOW - timedelta(minutes=20),
)
TAKEN_BACK = Listed(
    entry=_entry(
        8,
        EntryState.VERIFIED,
        22,
        ehr_reference="Observation/4703",
        arrived_at=_NOW - timedelta(minutes=22),
    ),
    is_held=False,
    order=_ORDER,
    is_refiled=True,
)
GIVEN_UP = Listed(
    entry=_entry(
        10,
        EntryState.DISCARDED,
        3000,
        reason="measured-again",
        decided_by=_WHO,
        ended_at=_NOW - timedelta(minutes=2990),
    ),
    is_held=False,
)
_ALL = (REFUSED, ORDER_REFUSED, NEXT, WAITING, CHECKED, IN_CHART, TAKEN_BACK, GIVEN_UP)
_LIST = QueueList(entries=_ALL, waiting=2, needs_attention=2)


def queue_scenes(
    jane: Patient, right: Patient, long: Patient, reading: Reading
) -> dict[str, QueueState]:
    """Return the scenes, with the invented people of the other scenes."""
    seen = Seen(reading=reading, patient=jane)
    asked = AskingWhy(listed=IN_CHART, act=Act.CORRECT, seen=seen)
    finding = FindingRight(listed=IN_CHART, seen=seen)
    found = replace(finding, find=FindPatient(results=(right, jane)))
    order = replace(_ORDER, id=UUID(int=21), state=EntryState.QUEUED, created_at=_NOW)
    anew = _entry(22, EntryState.QUEUED, 0, corrects=IN_CHART.entry.id, attempts=0)
    mended = Mended(act=Act.CORRECT, listed=IN_CHART, taken_back=order, refiled=anew, patient=right)
    differing = (
        (IN_CHART.entry, Found.DIFFERENT),
        (TAKEN_BACK.entry, Found.ABSENT),
        (CHECKED.entry, Found.RETRACTED),
    )
    refused = Refused(
        "the EHR holds something else than was confirmed here; somebody has changed it",
        meaning="nothing was changed, here or in the EHR",
        hint="correct the reading in the EHR itself",
    )
    return {
        "130-queue": _LIST,
        "132-queue-empty": QueueList(entries=()),
        "133-queue-reading": QueueList(),
        "135-queue-unreadable": QueueList(
            error=StoreEnvironment("the disk is full", meaning=_UNTOUCHED)
        ),
        "140-entry-refused": OneEntry(listed=REFUSED),
        "141-entry-shown": OneEntry(listed=REFUSED, seen=seen),
        "142-entry-waiting": OneEntry(listed=WAITING),
        "144-entry-in-chart": OneEntry(listed=IN_CHART),
        "145-entry-taken-back": OneEntry(listed=TAKEN_BACK),
        "146-order-refused": OneEntry(listed=ORDER_REFUSED),
        "150-what-is-wrong": asked,
        "151-take-back": replace(asked, reason=Reason.MEASURED_WRONGLY),
        "152-taking-back": replace(asked, reason=Reason.MEASURED_WRONGLY, busy=True),
        "153-not-taken-back": replace(asked, error=refused),
        "154-give-up": AskingWhy(listed=REFUSED, act=Act.DISCARD),
        "155-give-up-sure": AskingWhy(
            listed=REFUSED, act=Act.DISCARD, reason=Reason.ENTERED_BY_HAND
        ),
        "160-who-is-it": finding,
        "161-who-found": found,
        "162-is-it-theirs": replace(found, chosen=right),
        "163-filing-anew": replace(found, chosen=right, busy=True),
        "170-going": mended,
        "171-gone": replace(
            mended,
            patient=long,
            taken_back=replace(order, state=EntryState.ACKNOWLEDGED),
            refiled=replace(anew, state=EntryState.VERIFIED),
        ),
        "172-going-needs-you": replace(
            mended,
            taken_back=replace(
                order, state=EntryState.NEEDS_ATTENTION, last_error=ORDER_REFUSED.entry.last_error
            ),
        ),
        "174-given-up": Mended(act=Act.DISCARD, listed=GIVEN_UP),
        "180-compare": Comparing(days=31),
        "181-comparing": Comparing(days=31, run=CompareRun.RUNNING, compared=200),
        "182-compared": Comparing(
            days=31,
            run=CompareRun.DONE,
            compared=431,
            not_comparable=2,
            in_correction=1,
            differing=differing,
        ),
        "184-not-compared": Comparing(
            days=31, run=CompareRun.DONE, error=Transient("the EHR is not reachable")
        ),
    }
