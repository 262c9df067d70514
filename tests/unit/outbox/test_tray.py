"""The tray: at every moment a record is in one place, and what was seen to is really gone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from outbox_fakes import KEY, FakeClock, content, reading_id
from test_outbox_forgetting import CANARIES, found

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, UsageError
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.outbox.tray import REFUSED_KEPT
from ohx_desktop.outbox.tray_records import CapturedRecord, CaptureState
from ohx_desktop.storage.database import pragma

FIRST, SECOND = UUID(int=1), UUID(int=2)
DEVICE = b'{"model":"HEM-7155T"}'


def record(number: int, reading: bytes | None = None, **more: object) -> CapturedRecord:
    return CapturedRecord(
        **{
            "id": reading_id(number),
            "device": DEVICE,
            "frames": (b"frame a", b"frame b"),
            "reading": reading or b"reading %d" % number,
            **more,
        }  # type: ignore[arg-type] # each test gives what the record has
    )


def refused(number: int) -> CapturedRecord:
    return CapturedRecord(
        id=reading_id(number), device=DEVICE, frames=(b"odd",), reading=None, refusal="truncated"
    )


def keep(store: OutboxStore, *records: CapturedRecord, session: UUID = FIRST) -> frozenset[UUID]:
    return store.tray.keep(records, session=session, patient="Patient/1")


def ids(store: OutboxStore) -> list[UUID]:
    return [entry.id for entry in store.tray.entries()]


def test_what_was_kept_is_there_after_a_restart(
    opened: Callable[[], OutboxStore], clock: FakeClock
) -> None:
    assert keep(opened(), record(1), record(2, is_stored=True)) == frozenset()
    again = opened()
    new, stored = again.tray.entries()
    assert (new.id, new.is_stored, new.patient) == (reading_id(1), False, "Patient/1")
    assert (stored.id, stored.is_stored, stored.captured_at) == (reading_id(2), True, clock.now())
    held = again.tray.held(reading_id(1))
    assert (held.reading, held.frames) == (b"reading 1", (b"frame a", b"frame b"))
    assert held == again.tray.all_held()[0]


def test_the_burst_judges_anew_what_was_kept_at_once(store: OutboxStore) -> None:
    keep(store, record(1, is_stored=True))
    assert keep(store, record(1, b"judged", is_stored=False)) == frozenset()
    (held,) = store.tray.all_held()
    assert (held.reading, held.entry.is_stored) == (b"judged", False)


def test_a_record_met_in_an_earlier_session_is_told_and_left_as_it_was(store: OutboxStore) -> None:
    keep(store, record(1))
    assert keep(store, record(1, b"other"), record(2), session=SECOND) == {reading_id(1)}
    assert store.tray.held(reading_id(1)).reading == b"reading 1"
    assert ids(store) == [reading_id(1), reading_id(2)]


def test_a_confirmed_reading_leaves_the_tray_and_never_returns(store: OutboxStore) -> None:
    keep(store, record(1), record(2))
    store.enqueue(**content(1))
    assert ids(store) == [reading_id(2)]
    assert keep(store, record(1)) == {reading_id(1)}
    assert keep(store, record(1), session=SECOND) == {reading_id(1)}
    assert ids(store) == [reading_id(2)]
    with pytest.raises(UsageError, match="queued and no longer in the tray"):
        store.tray.held(reading_id(1))


def test_a_confirmation_that_fails_leaves_the_reading_in_the_tray(store: OutboxStore) -> None:
    keep(store, record(1))
    pages = pragma(store._connection, "page_count")
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreEnvironment, match="disk is full"):
        store.enqueue(**{**content(1), "bundle": bytes(100_000)})
    assert ids(store) == [reading_id(1)]
    assert store.entries() == []


def test_a_discarded_reading_never_returns(store: OutboxStore) -> None:
    keep(store, record(1))
    entry = store.tray.discard(reading_id(1), reason="not-a-patient", by="Practitioner/1")
    assert (entry.state, entry.reason) == (CaptureState.DISCARDED, "not-a-patient")
    assert store.known(reading_id(1))
    assert keep(store, record(1), session=SECOND) == {reading_id(1)}
    assert ids(store) == []
    with pytest.raises(UsageError, match="discarded and no longer"):
        store.tray.discard(reading_id(1), reason="other", by=None)


def test_the_receipt_tells_who_gave_a_reading_up_and_nothing_of_it(store: OutboxStore) -> None:
    keep(store, record(1))
    store.tray.discard(reading_id(1), reason="other", by="Practitioner/1")
    (row,) = store._connection.execute(
        "SELECT reason, ended_by, patient, device, reading, frames FROM captured"
    )
    assert row == ("other", "Practitioner/1", None, None, None, None)


def test_a_reason_is_a_code_and_no_sentence(store: OutboxStore) -> None:
    keep(store, record(1))
    with pytest.raises(UsageError, match="code in lower case"):
        store.tray.discard(reading_id(1), reason="Mrs Smith said so", by=None)
    assert ids(store) == [reading_id(1)]


def test_nothing_is_left_of_a_reading_that_was_seen_to(
    store: OutboxStore, database: Path, clock: FakeClock
) -> None:
    reading, frame, patient = CANARIES[0] * 10, CANARIES[2] * 300, CANARIES[3].decode()
    for number in (1, 2):
        canary = record(number, reading, frames=(frame,))
        store.tray.keep([canary], session=FIRST, patient=patient)
    assert found(database.parent) == {CANARIES[0], CANARIES[2], CANARIES[3]}
    assert not any(c in p.read_bytes() for p in database.parent.iterdir() for c in CANARIES)
    store.tray.discard(reading_id(1), reason="other", by=None)
    store.enqueue(**content(2))
    claimed = store.next_due(clock.now())
    assert claimed is not None
    store.acknowledge(claimed.entry.id, "Observation/1", verified=True)
    assert found(database.parent) == set()


def test_a_full_disk_keeps_nothing_by_halves_and_says_so(store: OutboxStore) -> None:
    keep(store, record(1))
    pages = pragma(store._connection, "page_count")
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreEnvironment, match="disk is full"):
        keep(store, record(2), record(3, bytes(100_000)))
    assert ids(store) == [reading_id(1)]


def test_undecodable_records_are_bounded_and_readings_are_not(store: OutboxStore) -> None:
    keep(store, record(0))
    for number in range(1, REFUSED_KEPT + 11):
        keep(store, refused(number))
    left = store.tray.entries()
    assert left[0].id == reading_id(0)
    assert len(left) == REFUSED_KEPT + 1
    assert left[-1].id == reading_id(REFUSED_KEPT + 10)
    assert store.tray.held(left[-1].id).frames == (b"odd",)


def test_receipts_are_pruned_and_records_that_wait_are_not(
    database: Path, clock: FakeClock
) -> None:
    store = OutboxStore.open(database, KEY, now=clock.now, receipts_kept=1)
    keep(store, *map(record, range(4)))
    for number in range(3):
        store.tray.discard(reading_id(number), reason="other", by=None)
    store.recover()
    rows = store._connection.execute("SELECT count(*) FROM captured").fetchone()
    assert rows == (2,)
    assert ids(store) == [reading_id(3)]
    store.close()


def test_a_damaged_record_never_leaves_the_tray(store: OutboxStore) -> None:
    keep(store, record(1))
    store._connection.execute("UPDATE captured SET reading = zeroblob(length(reading))")
    with pytest.raises(StoreDamaged):
        store.tray.held(reading_id(1))


def test_a_record_is_overdue_only_after_its_time(store: OutboxStore, clock: FakeClock) -> None:
    keep(store, record(1))
    (entry,) = store.tray.entries()
    week = timedelta(days=7)
    assert not entry.is_overdue(clock.now() + week, week)
    assert entry.is_overdue(clock.now() + week + timedelta(seconds=1), week)
