"""Each step of a reading is in the audit, with it or not at all, and nothing of the reading."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from outbox_fakes import KEY, FakeClock, content, reading_id

from ohx_desktop.audit.record import AuditRecord
from ohx_desktop.domain.errors import StoreError, UsageError
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.outbox.tray_records import CapturedRecord
from ohx_desktop.storage.database import connect

NURSE, PHYSICIAN = "Practitioner/12", "Practitioner/13"
# What must never be in the audit: the reference, a name, what was measured, what the EHR said.
CANARIES = (b"Patient/canary", b"Lovelace", b"128.5", b"canary-frame", b"canary-words")


def records(store: OutboxStore) -> list[AuditRecord]:
    return [link.record for link in store.audit.links()]


def told(store: OutboxStore) -> list[tuple[str, str | None, str | None]]:
    return [(str(record.event), record.who, record.detail) for record in records(store)]


def test_the_way_of_a_reading_is_told_from_confirming_to_verifying(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1), by=NURSE)
    assert store.next_due(clock.now()) is not None
    store.acknowledge(entry.id, "Observation/7")
    store.verified(entry.id)
    assert told(store) == [
        ("confirmed", NURSE, None),
        ("sent", None, None),
        ("acknowledged", None, None),
        ("verified", None, None),
    ]
    assert {(record.entry, record.reading) for record in records(store)} == {
        (entry.id, reading_id(1))
    }


def test_a_reading_that_is_claimed_as_it_is_saved_is_told_as_any_other(
    store: OutboxStore,
) -> None:
    store.sender_waits = True
    store.enqueue(**content(1), by=NURSE)
    assert told(store)[0] == ("confirmed", NURSE, None)


def test_a_reading_confirmed_twice_is_told_once(store: OutboxStore) -> None:
    store.enqueue(**content(1), by=NURSE)
    store.enqueue(**content(1), by=PHYSICIAN)
    assert told(store) == [("confirmed", NURSE, None)]


def test_what_a_person_decides_is_told_with_their_reason(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1), by=NURSE)
    store.next_due(clock.now())
    store.needs_attention(entry.id, "the EHR said: Ada Lovelace is unknown")
    store.retry(entry.id, by=PHYSICIAN)
    store.discard(entry.id, "wrong-patient", by=PHYSICIAN)
    assert told(store)[2:] == [
        ("needs-attention", None, None),
        ("retried", PHYSICIAN, None),
        ("discarded", PHYSICIAN, "wrong-patient"),
    ]


def test_an_attempt_that_failed_is_no_event_of_its_own(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1), by=NURSE)
    store.next_due(clock.now())
    store.release(entry.id, "no answer", clock.now() + timedelta(seconds=1))
    assert [event for event, *_ in told(store)] == ["confirmed", "sent"]


def test_a_reading_taken_back_and_filed_for_another_is_told(
    store: OutboxStore, clock: FakeClock
) -> None:
    entry = store.enqueue(**content(1, "Patient/1"), by=NURSE)
    store.next_due(clock.now())
    store.acknowledge(entry.id, "Observation/7")
    store.correct(
        entry.id, patient="Patient/1", reason="wrong-patient", by=PHYSICIAN, order=b"order"
    )
    assert ("retraction-ordered", PHYSICIAN, "wrong-patient") in told(store)


def test_a_patient_who_confirms_is_not_named(store: OutboxStore) -> None:
    store.enqueue(**content(1), by="Patient/1")
    assert told(store) == [("confirmed", "patient", None)]


def _capture(store: OutboxStore, number: int, *, refusal: str | None = None) -> None:
    record = CapturedRecord(
        id=reading_id(number),
        device=b"{}",
        frames=(b"canary-frame",),
        reading=None if refusal else b'{"value": "128.5"}',
        refusal=refusal,
    )
    store.tray.keep([record], session=uuid4(), patient="Patient/canary")


def test_a_reading_given_up_from_the_tray_is_told(store: OutboxStore) -> None:
    _capture(store, 1)
    store.tray.discard(reading_id(1), reason="not-a-patient", by=NURSE)
    assert told(store) == [("tray-discarded", NURSE, "not-a-patient")]


def test_what_the_tray_drops_by_itself_is_nobodys_doing(store: OutboxStore) -> None:
    for number in range(102):
        _capture(store, number, refusal="truncated")
    assert set(told(store)) == {("erased", None, "too-many")}


# ── in the same transaction ──────────────────────────────────────────────────────────────────


def test_a_change_that_fails_leaves_no_record(store: OutboxStore) -> None:
    entry = store.enqueue(**content(1), by=NURSE)
    before = told(store)
    with pytest.raises(UsageError):
        store.retry(uuid4())
    with pytest.raises(UsageError):
        store.verified(entry.id)
    assert told(store) == before


def test_a_change_that_cannot_be_audited_is_not_made(store: OutboxStore, database: Path) -> None:
    """The engine refuses the record: then the reading is not saved, and the person is told so."""
    other = connect(database, KEY)
    other.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(Exception, match="no"):
        store.enqueue(**content(1), by=NURSE)
    assert store.entries() == []
    other.execute("DROP TRIGGER full")
    other.close()
    store.enqueue(**content(1), by=NURSE)
    assert told(store) == [("confirmed", NURSE, None)]


def test_a_full_disk_takes_neither_the_reading_nor_its_record(
    store: OutboxStore, database: Path
) -> None:
    store._connection.execute("PRAGMA max_page_count = 1")
    kept = 0
    with suppress(StoreError):
        for number in range(50):
            store.enqueue(**{**content(number), "bundle": bytes(20_000)}, by=NURSE)
            kept += 1
    assert kept < 50
    confirmed = {record.reading for record in records(store)}
    assert confirmed == {entry.reading_id for entry in store.entries()}
    assert store.audit.verify().broken is None


# ── nothing of the reading ───────────────────────────────────────────────────────────────────


def test_nothing_of_patient_or_reading_reaches_the_audit(
    database: Path, clock: FakeClock, opened: Callable[[], OutboxStore]
) -> None:
    store = opened()
    _capture(store, 1)
    filed = {
        "reading_id": reading_id(1),
        "patient": "Patient/canary",
        "submission": b'{"patient": "Patient/canary", "family": "Lovelace"}',
        "bundle": b'{"value": 128.5}',
        "frames": (b"canary-frame",),
    }
    entry = store.enqueue(**filed, by="Patient/canary")
    store.next_due(clock.now())
    store.needs_attention(entry.id, "canary-words about Lovelace with 128.5 of Patient/canary")
    store.retry(entry.id, by=NURSE)
    store.next_due(clock.now())
    store.release(entry.id, "canary-words", None)
    store.next_due(clock.now())
    store.acknowledge(entry.id, "Observation/canary-words")
    store.verified(entry.id)
    rows = connect(database, KEY).execute("SELECT content FROM audit").fetchall()
    assert len(rows) >= 7
    for (kept,) in rows:
        assert not [canary for canary in CANARIES if canary in kept]


def test_a_comparison_with_the_ehr_is_told_with_its_counts(store: OutboxStore) -> None:
    store.note_reconciled("differing-2-of-120")
    assert told(store) == [("reconciled", None, "differing-2-of-120")]
