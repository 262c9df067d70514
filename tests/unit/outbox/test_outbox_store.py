"""The store: every state and every refusal."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from outbox_fakes import KEY, FakeClock, content, reading_id

from ohx_desktop.domain.errors import UsageError
from ohx_desktop.outbox.records import Claimed, FiledForAnother, OutboxSummary
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore

Open = Callable[[], OutboxStore]


def claim(store: OutboxStore, clock: FakeClock, *excluded: str) -> Claimed:
    claimed = store.next_due(clock.now(), excluded)
    assert claimed is not None
    return claimed


def test_a_confirmed_reading_is_there_after_a_restart(
    store: OutboxStore, opened: Open, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1))
    again = opened()
    assert again.entries() == [entry]
    held = again.held(entry.id)
    assert held is not None
    assert (held.patient, held.submission, held.bundle) == (
        "Patient/1",
        b"submission 1",
        b"bundle 1",
    )
    assert held.frames == (b"frame a", b"frame b")
    assert entry.created_at == clock.now()


def test_what_a_waiting_sender_never_took_is_queued_again(
    store: OutboxStore, opened: Open, clock: FakeClock
) -> None:
    store.sender_waits = True
    entry = store.enqueue(**content(1))
    assert (entry.state, entry.attempts) == (EntryState.SENDING, 1)
    # One of the same patient waits its turn, and another program takes neither.
    assert store.enqueue(**content(2)).state is EntryState.QUEUED
    assert opened().next_due(clock.now()) is None
    assert store.recover() == 1
    assert not store.handed
    assert claim(store, clock).entry.id == entry.id


def test_what_was_handed_over_is_sent_first(store: OutboxStore, clock: FakeClock) -> None:
    older = store.enqueue(**content(1))
    store.sender_waits = True
    handed = store.enqueue(**content(2, "Patient/2"))
    claimed = claim(store, clock)
    assert (claimed.entry, claimed.patient, claimed.bundle) == (handed, "Patient/2", b"bundle 2")
    assert claim(store, clock).entry.id == older.id


def test_a_reading_filed_already_is_not_handed_over_again(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1))
    store.sender_waits = True
    assert store.enqueue(**content(1)) == entry
    assert not store.handed


@pytest.mark.parametrize("end", ["queued", "sending", "acknowledged", "verified", "discarded"])
def test_a_reading_confirmed_twice_is_one_entry(
    store: OutboxStore, clock: FakeClock, end: str
) -> None:
    entry = store.enqueue(**content(1))
    bring_to(store, clock, entry, end)
    again = store.enqueue(**{**content(1), "bundle": b"made a second later"})
    assert again == store.entry(entry.id)
    assert again.state == end
    assert len(store.entries()) == 1


@pytest.mark.parametrize("end", ["queued", "sending", "acknowledged", "verified"])
def test_a_reading_is_never_filed_for_two_patients(
    store: OutboxStore, clock: FakeClock, end: str
) -> None:
    entry = store.enqueue(**content(1))
    bring_to(store, clock, entry, end)
    with pytest.raises(FiledForAnother):
        store.enqueue(**content(1, "Patient/2"))
    assert [e.id for e in store.entries()] == [entry.id]


def bring_to(store: OutboxStore, clock: FakeClock, entry: OutboxEntry, end: str) -> None:
    if end == "discarded":
        store.discard(entry.id, "wrong-patient")
        return
    if end != "queued":
        claim(store, clock)
    if end in {"acknowledged", "verified"}:
        store.acknowledge(entry.id, "Observation/1")
    if end == "verified":
        store.verified(entry.id)
    if end == "needs-attention":
        store.needs_attention(entry.id, "refused")


@pytest.mark.parametrize("end", ["verified", "discarded"])
def test_only_the_receipt_stays(store: OutboxStore, clock: FakeClock, end: str) -> None:
    entry = store.enqueue(**content(1))
    bring_to(store, clock, entry, end)
    assert store.held(entry.id) is None
    left = store._connection.execute("SELECT patient, content, last_error FROM entry").fetchall()
    assert left == [(None, None, None)]
    assert store.known(entry.reading_id)


def test_a_refused_reading_is_kept_for_a_person(store: OutboxStore, clock: FakeClock) -> None:
    entry = store.enqueue(**content(1))
    bring_to(store, clock, entry, "needs-attention")
    assert store.held(entry.id) is not None
    assert store.summary() == OutboxSummary(waiting=0, needs_attention=1, last_error="refused")
    retried = store.retry(entry.id)
    assert (retried.state, retried.attempts) == (EntryState.QUEUED, 0)
    assert claim(store, clock).entry.id == entry.id


def test_a_reading_that_is_in_the_ehr_is_not_sent_again(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1))
    bring_to(store, clock, entry, "acknowledged")
    store.give_up_verifying(entry.id)
    store.needs_attention(entry.id, "other values")
    with pytest.raises(UsageError, match="no longer on this computer"):
        store.retry(entry.id)
    assert store.discard(entry.id, "checked").state is EntryState.DISCARDED


@pytest.mark.parametrize("end", ["sending", "acknowledged", "verified", "discarded"])
def test_what_is_on_its_way_or_done_cannot_be_discarded(
    store: OutboxStore, clock: FakeClock, end: str
) -> None:
    entry = store.enqueue(**content(1))
    bring_to(store, clock, entry, end)
    before = store.entries()
    with pytest.raises(UsageError):
        store.discard(entry.id, "other")
    assert store.entries() == before


def test_a_reason_is_a_code_and_no_free_text(store: OutboxStore) -> None:
    entry = store.enqueue(**content(1))
    with pytest.raises(UsageError) as caught:
        store.discard(entry.id, "Mrs Canary was 128/82")
    assert "Canary" not in str(caught.value)
    assert store.entry(entry.id).state is EntryState.QUEUED


def test_an_unknown_id_is_refused(store: OutboxStore) -> None:
    for act in (store.entry, store.retry, store.verified):
        with pytest.raises(UsageError, match="no entry with this id"):
            act(uuid4())
    assert store.held(uuid4()) is None
    assert not store.known(reading_id(1))


def test_readings_of_a_patient_keep_their_order(store: OutboxStore, clock: FakeClock) -> None:
    first = store.enqueue(**content(1))
    store.enqueue(**content(2))
    other = store.enqueue(**content(3, "Patient/2"))
    assert claim(store, clock).entry.id == first.id
    # The second one of the first patient waits; the other patient does not.
    assert claim(store, clock).entry.id == other.id
    assert store.next_due(clock.now()) is None
    store.release(first.id, "unreachable", clock.now() + timedelta(seconds=60))
    assert store.next_due(clock.now()) is None
    assert store.next_due_at() == clock.now() + timedelta(seconds=60)
    clock.set_wall_clock(timedelta(seconds=60))
    assert claim(store, clock).bundle == b"bundle 1"


def test_a_reading_that_needs_attention_blocks_nobody(store: OutboxStore, clock: FakeClock) -> None:
    entry = store.enqueue(**content(1))
    later = store.enqueue(**content(2))
    other = store.enqueue(**content(3, "Patient/2"))
    bring_to(store, clock, entry, "needs-attention")
    assert claim(store, clock).entry.id == later.id
    assert claim(store, clock).entry.id == other.id


def test_a_patient_may_be_left_out(store: OutboxStore, clock: FakeClock) -> None:
    store.enqueue(**content(1))
    other = store.enqueue(**content(2, "Patient/2"))
    claimed = claim(store, clock, "Patient/1")
    assert (claimed.entry.id, claimed.patient) == (other.id, "Patient/2")
    assert store.next_due(clock.now(), {"Patient/1"}) is None


def test_a_clock_set_back_does_not_hold_readings_for_ever(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1))
    claim(store, clock)
    store.release(entry.id, "unreachable", clock.now() + timedelta(seconds=200))
    assert store.next_due(clock.now()) is None
    clock.set_wall_clock(-timedelta(days=30))
    assert claim(store, clock).entry.id == entry.id


def test_what_a_dead_sender_left_is_queued_again(
    store: OutboxStore, opened: Open, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1))
    claim(store, clock)
    after = opened()
    assert after.next_due(clock.now()) is None
    assert after.recover() == 1
    claimed = claim(after, clock)
    assert (claimed.entry.id, claimed.entry.attempts) == (entry.id, 2)


def test_waiting_readings_can_be_made_due(store: OutboxStore, clock: FakeClock) -> None:
    entry = store.enqueue(**content(1))
    claim(store, clock)
    store.release(entry.id, "unreachable", clock.now() + timedelta(seconds=60))
    assert not store.has_work(clock.now())
    assert store.make_due() == 1
    assert store.has_work(clock.now())


def test_a_person_may_send_a_waiting_reading_at_once(store: OutboxStore, clock: FakeClock) -> None:
    entry = store.enqueue(**content(1))
    claim(store, clock)
    store.release(entry.id, "unreachable", clock.now() + timedelta(seconds=60))
    store.retry(entry.id)
    assert claim(store, clock).entry.id == entry.id


def test_changes_of_another_process_are_noticed(store: OutboxStore, opened: Open) -> None:
    other = opened()
    before = store.data_version()
    store.enqueue(**content(1))
    assert store.data_version() == before
    other.enqueue(**content(2))
    assert store.data_version() != before


def test_the_number_of_receipts_is_bounded(database: Path, clock: FakeClock) -> None:
    store = OutboxStore.open(database, KEY, now=clock.now, receipts_kept=3)
    entries = [store.enqueue(**content(n, f"Patient/{n}")) for n in range(6)]
    for _ in entries[:5]:
        claimed = claim(store, clock).entry.id
        store.acknowledge(claimed, None)
        store.verified(claimed)
    store.recover()
    assert [e.id for e in store.entries()] == [e.id for e in entries[2:]]
    store.close()


def test_a_long_run_prunes_receipts_without_a_restart(
    database: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ohx_desktop.outbox.store._PRUNE_EVERY", 16)
    store = OutboxStore.open(database, KEY, now=clock.now, receipts_kept=5)
    for number in range(34):
        store.enqueue(**content(number))
        claimed = claim(store, clock).entry.id
        store.acknowledge(claimed, None)
        store.verified(claimed)
    assert len(store.entries()) < 10
    store.close()


def test_entries_can_be_asked_for_by_state(store: OutboxStore, clock: FakeClock) -> None:
    first = store.enqueue(**content(1))
    second = store.enqueue(**content(2, "Patient/2"))
    bring_to(store, clock, first, "verified")
    assert [e.id for e in store.entries({EntryState.VERIFIED})] == [first.id]
    assert [e.id for e in store.entries({EntryState.QUEUED})] == [second.id]
