"""A correction is ordered whole or not at all, and no reading is ever filed for two patients."""

from uuid import UUID

import pytest
from outbox_fakes import FakeClock, content, reading_id

from ohx_desktop.domain.errors import StoreEnvironment, UsageError
from ohx_desktop.outbox.records import Corrected, FiledForAnother, Filing, TakenBack
from ohx_desktop.outbox.states import EntryKind, EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.storage.database import pragma

S = EntryState
MINE, OTHER = "Patient/1", "Patient/2"
ORDER = b"take it back"


def correct(
    store: OutboxStore,
    entry: OutboxEntry,
    *,
    patient: str = MINE,
    order: bytes | None = ORDER,
    refile: Filing | None = None,
) -> Corrected:
    return store.correct(
        entry.id,
        patient=patient,
        reason="wrong-patient",
        by="Practitioner/1",
        order=order,
        refile=refile,
    )


def refiled(number: int = 1, patient: str = OTHER) -> Filing:
    return Filing(**content(number, patient))


def filed(store: OutboxStore, clock: FakeClock) -> OutboxEntry:
    """Return a reading that the EHR has."""
    entry = store.enqueue(**content(1, MINE))
    claim(store, clock, entry.id)
    return store.acknowledge(entry.id, "Observation/1")


def claim(store: OutboxStore, clock: FakeClock, expected: UUID) -> None:
    claimed = store.next_due(clock.now())
    assert claimed is not None
    assert claimed.entry.id == expected


@pytest.mark.parametrize("is_verified", [True, False])
def test_what_arrived_is_taken_back_and_filed_anew_in_one_step(
    store: OutboxStore, clock: FakeClock, *, is_verified: bool
) -> None:
    entry = filed(store, clock)
    if is_verified:
        store.verified(entry.id)
    done = correct(store, entry, refile=refiled())
    assert done.retraction is not None
    assert done.refiled is not None
    assert (done.retraction.kind, done.refiled.kind) == (EntryKind.RETRACTION, EntryKind.FILING)
    assert done.retraction.corrects == done.refiled.corrects == entry.id
    assert (done.retraction.reason, done.retraction.decided_by) == (
        "wrong-patient",
        "Practitioner/1",
    )
    # What was filed is neither read back nor held any more.
    assert store.unverified(10) == []
    assert store.held(entry.id) is None
    # Neither waits for the other: they are two patients'.
    claimed = [store.next_due(clock.now()), store.next_due(clock.now())]
    told = [(each.patient, each.bundle) for each in claimed if each]
    assert told == [(MINE, ORDER), (OTHER, b"bundle 1")]


def test_a_correction_asked_twice_is_ordered_once(store: OutboxStore, clock: FakeClock) -> None:
    entry = filed(store, clock)
    first = correct(store, entry, refile=refiled())
    assert correct(store, entry, refile=refiled()) == first
    assert len(store.entries()) == 3


def test_a_full_disk_orders_nothing_by_halves(store: OutboxStore, clock: FakeClock) -> None:
    entry = filed(store, clock)
    before = store.entries()
    store._connection.execute(f"PRAGMA max_page_count = {pragma(store._connection, 'page_count')}")
    big = Filing(**{**content(1, OTHER), "bundle": bytes(100_000)})
    with pytest.raises(StoreEnvironment, match="disk is full"):
        correct(store, entry, refile=big)
    assert store.entries() == before
    assert store.held(entry.id) is not None


@pytest.mark.parametrize("is_refused", [True, False])
def test_what_never_left_needs_no_order(
    store: OutboxStore, clock: FakeClock, *, is_refused: bool
) -> None:
    entry = store.enqueue(**content(1, MINE))
    if is_refused:
        claim(store, clock, entry.id)
        store.needs_attention(entry.id, "refused", doubtful=False)
    done = correct(store, entry, order=None, refile=refiled())
    assert done.retraction is None
    assert done.refiled is not None
    assert store.entry(entry.id).state is S.DISCARDED
    claim(store, clock, done.refiled.id)


def test_a_doubtful_reading_is_taken_back_and_not_sent_again(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1, MINE))
    claim(store, clock, entry.id)
    store.release(entry.id, "timeout", None, doubtful=True)
    with pytest.raises(UsageError, match="taken back there"):
        correct(store, entry, order=None)
    done = correct(store, entry)
    assert done.retraction is not None
    left = store.entry(entry.id)
    assert (left.state, left.is_doubtful) == (S.DISCARDED, True)
    claim(store, clock, done.retraction.id)


def test_what_cannot_be_corrected_is_left_as_it_is(store: OutboxStore, clock: FakeClock) -> None:
    entry = store.enqueue(**content(1, MINE))
    claim(store, clock, entry.id)
    with pytest.raises(UsageError, match="being sent"):
        correct(store, entry)
    store.acknowledge(entry.id, None)
    with pytest.raises(UsageError, match="not filed for the patient named"):
        correct(store, entry, patient=OTHER)
    with pytest.raises(UsageError, match="another reading"):
        correct(store, entry, refile=refiled(2))
    with pytest.raises(UsageError, match="for this patient already"):
        correct(store, entry, refile=refiled(1, MINE))
    assert [each.id for each in store.entries()] == [entry.id]
    retraction = correct(store, entry).retraction
    assert retraction is not None
    with pytest.raises(UsageError, match="cannot be corrected itself"):
        correct(store, retraction)


def test_a_reading_that_was_taken_back_is_not_confirmed_again(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = filed(store, clock)
    retraction = correct(store, entry).retraction
    assert retraction is not None
    with pytest.raises(TakenBack):
        store.enqueue(**content(1, MINE))
    # For another patient only once the EHR has taken it back.
    with pytest.raises(FiledForAnother):
        store.enqueue(**content(1, OTHER))
    claim(store, clock, retraction.id)
    store.acknowledge(retraction.id, None)
    assert store.enqueue(**content(1, OTHER)).state is S.QUEUED
    assert store.known(reading_id(1))


def test_an_order_that_was_given_up_can_be_given_anew(store: OutboxStore, clock: FakeClock) -> None:
    entry = filed(store, clock)
    retraction = correct(store, entry).retraction
    assert retraction is not None
    store.discard(retraction.id, "other", by="Practitioner/2")
    again = correct(store, entry).retraction
    assert again is not None
    assert again.state is S.QUEUED
    claim(store, clock, again.id)


def test_a_reading_given_up_before_it_was_sent_may_be_another_patients(
    store: OutboxStore,
) -> None:
    entry = store.enqueue(**content(1, MINE))
    store.discard(entry.id, "wrong-patient")
    assert store.enqueue(**content(1, OTHER)).state is S.QUEUED
    # Not back, though: that one is queued now.
    assert store.enqueue(**content(1, MINE)).state is S.DISCARDED


def test_a_reading_given_up_in_doubt_is_never_filed_for_another(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1, MINE))
    claim(store, clock, entry.id)
    store.release(entry.id, "timeout", None, doubtful=True)
    store.discard(entry.id, "wrong-patient")
    with pytest.raises(FiledForAnother):
        store.enqueue(**content(1, OTHER))
