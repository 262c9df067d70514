"""A file of any earlier version becomes one of today, with every reading in its place."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from outbox_fakes import KEY, FakeClock, content, reading_id
from test_outbox_forgetting import CANARIES, found

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment
from ohx_desktop.outbox.packing import pack
from ohx_desktop.outbox.records import FiledForAnother
from ohx_desktop.outbox.schema import MIGRATIONS, migrate
from ohx_desktop.outbox.states import EntryState, OutboxEntry
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.outbox.tray_records import CapturedRecord
from ohx_desktop.storage.database import Connection, connect, pragma, translated
from ohx_desktop.storage.migrating import Version
from ohx_desktop.storage.sealing import Seal

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CREATED_MS = int(CREATED.timestamp() * 1000)
OLD_ENTRY = """
    INSERT INTO entry (id, reading_id, patient_digest, created_at, state, attempts, next_attempt,
                       last_error, ehr_reference, discard_reason, patient, submission, bundle)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
OLD_CAPTURE = """
    INSERT INTO captured (id, session, state, captured_at, is_stored, patient, device, reading,
                          frames)
    VALUES (?, 'session', 'captured', ?, 0, 'Patient/1', ?, ?, ?)
"""
# state, attempts, last error, reference, reason, whether the reading is still there
OLD_ROWS = (
    ("queued", 0, None, None, None, True),
    ("queued", 2, "unreachable", None, None, True),
    ("sending", 1, None, None, None, True),
    ("acknowledged", 1, None, "Observation/1", None, False),
    ("verified", 1, None, "Observation/2", None, False),
    ("needs-attention", 1, "refused", None, None, True),
    ("needs-attention", 1, "other values", "Observation/3", None, False),
    ("discarded", 0, None, None, "wrong-patient", False),
    ("discarded", 3, None, None, "other", False),
)


def old_file(database: Path, newest: Version) -> Seal:
    """Write a file as the program of that version did, with a reading in every state."""
    database.parent.mkdir()
    connection = connect(database, KEY)
    migrate(
        connection, {version: MIGRATIONS[version] for version in MIGRATIONS if version <= newest}
    )
    assert Version.of(connection) == newest
    ((salt,),) = connection.execute("SELECT value FROM salt").fetchall()
    seal = Seal(salt)
    for number, row in enumerate(OLD_ROWS):
        fill_old(connection, seal, number, row)
    if newest >= Version(1, 1):
        for number in (0, 100):
            sealed = (
                seal.sealed(b"device"),
                seal.sealed(b"reading"),
                seal.sealed(pack([b"frame"])),
            )
            connection.execute(OLD_CAPTURE, (str(reading_id(number)), CREATED_MS, *sealed))
    connection.close()
    return seal


def fill_old(
    connection: Connection,
    seal: Seal,
    number: int,
    row: tuple[str, int, str | None, str | None, str | None, bool],
) -> None:
    state, attempts, error, reference, reason, holds = row
    patient = f"Patient/{number}"
    content = (patient, seal.sealed(b"submission %d" % number), seal.sealed(b"bundle %d" % number))
    due = CREATED_MS + 60_000 if error == "unreachable" else None
    added = connection.execute(
        OLD_ENTRY,
        (
            str(UUID(int=number + 1)),
            str(reading_id(number)),
            seal.checksum(f"{reading_id(number)}|{patient}".encode()),
            CREATED_MS,
            state,
            attempts,
            due,
            error,
            reference,
            reason,
            *(content if holds else (None, None, None)),
        ),
    )
    if holds:
        for position, frame in enumerate((b"frame a", b"frame b")):
            values = (added.lastrowid, position, seal.sealed(frame))
            connection.execute("INSERT INTO frame VALUES (?, ?, ?)", values)


@pytest.fixture(params=[Version(1, 0), Version(1, 1)], ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


@pytest.fixture
def migrated(database: Path, clock: FakeClock, version: Version) -> OutboxStore:
    old_file(database, version)
    return OutboxStore.open(database, KEY, now=clock.now)


def of(store: OutboxStore, number: int) -> OutboxEntry:
    (entry,) = (each for each in store.entries() if each.reading_id == reading_id(number))
    return entry


def test_every_reading_is_in_its_place(migrated: OutboxStore) -> None:
    assert Version.of(migrated._connection) == max(MIGRATIONS)
    entries = migrated.entries()
    assert [each.reading_id for each in entries] == [reading_id(n) for n in range(len(OLD_ROWS))]
    for number, (entry, row) in enumerate(zip(entries, OLD_ROWS, strict=True)):
        told = (entry.state, entry.attempts, entry.last_error, entry.ehr_reference, entry.reason)
        assert told == row[:5]
        assert entry.created_at == CREATED
        held = migrated.held(entry.id)
        assert (held is not None) == row[5]
        if held is not None:
            assert held.patient == f"Patient/{number}"
            assert held.submission == b"submission %d" % number
            assert held.bundle == b"bundle %d" % number
            assert held.frames == (b"frame a", b"frame b")
    migrated.close()


def test_whatever_was_tried_may_have_arrived(migrated: OutboxStore) -> None:
    doubtful = {number for number in range(len(OLD_ROWS)) if of(migrated, number).is_doubtful}
    assert doubtful == {1, 2, 5, 6, 8}
    in_ehr = {number for number in range(len(OLD_ROWS)) if of(migrated, number).may_be_in_ehr}
    assert in_ehr == doubtful | {3, 4}
    migrated.close()


def test_what_waited_is_sent_and_what_was_filed_is_known(
    migrated: OutboxStore, clock: FakeClock
) -> None:
    assert migrated.recover() == 1
    sent = []
    while claimed := migrated.next_due(clock.now()):
        sent.append(claimed.bundle)
        migrated.acknowledge(claimed.entry.id, "Observation/9", verified=True)
    assert sent == [b"bundle 0", b"bundle 1", b"bundle 2"]
    assert migrated.enqueue(**content(4, "Patient/4")) == of(migrated, 4)
    with pytest.raises(FiledForAnother):
        migrated.enqueue(**content(4, "Patient/5"))
    migrated.close()


def test_a_reading_that_is_queued_already_leaves_the_tray(database: Path, clock: FakeClock) -> None:
    # The first program with a tray may have shared its file with one that knew none.
    old_file(database, Version(1, 1))
    store = OutboxStore.open(database, KEY, now=clock.now)
    (left,) = store.tray.entries()
    assert left.id == reading_id(100)
    assert store.tray.held(left.id).frames == (b"frame",)
    assert store.known(reading_id(0))
    store.close()


def test_a_file_from_before_the_tray_gets_one(database: Path, clock: FakeClock) -> None:
    old_file(database, Version(1, 0))
    store = OutboxStore.open(database, KEY, now=clock.now)
    record = CapturedRecord(id=reading_id(50), device=b"", frames=(b"frame",), reading=b"reading")
    assert not store.tray.keep([record], session=UUID(int=1), patient=None)
    assert [entry.id for entry in store.tray.entries()] == [reading_id(50)]
    store.close()


def test_a_damaged_reading_stops_no_migration_and_never_becomes_whole(
    database: Path, clock: FakeClock
) -> None:
    old_file(database, Version(1, 1))
    connection = connect(database, KEY)
    connection.execute("UPDATE entry SET submission = zeroblob(40) WHERE seq = 1")
    connection.execute("UPDATE frame SET bytes = zeroblob(40) WHERE seq = 2")
    connection.close()
    store = OutboxStore.open(database, KEY, now=clock.now)
    for number in (0, 1):
        with pytest.raises(StoreDamaged):
            store.held(of(store, number).id)
    assert store.held(of(store, 2).id) is not None
    store.close()


def test_a_full_disk_leaves_the_old_file_as_it_was(database: Path, clock: FakeClock) -> None:
    old_file(database, Version(1, 1))
    connection = connect(database, KEY)
    before = connection.execute("SELECT * FROM entry").fetchall()
    connection.execute(f"PRAGMA max_page_count = {pragma(connection, 'page_count')}")
    with pytest.raises(StoreEnvironment, match="disk is full"), translated():
        migrate(connection)
    assert Version.of(connection) == Version(1, 1)
    assert connection.execute("SELECT * FROM entry").fetchall() == before
    connection.close()
    store = OutboxStore.open(database, KEY, now=clock.now)
    assert of(store, 0).state is EntryState.QUEUED
    store.close()


def test_nothing_of_the_old_tables_is_left(database: Path, clock: FakeClock) -> None:
    database.parent.mkdir()
    connection = connect(database, KEY)
    migrate(connection, {v: MIGRATIONS[v] for v in MIGRATIONS if v <= Version(1, 1)})
    ((salt,),) = connection.execute("SELECT value FROM salt").fetchall()
    seal = Seal(salt)
    ids = (str(UUID(int=1)), str(reading_id(1)), seal.checksum(b"1"))
    held = ("Patient/CANARY", seal.sealed(CANARIES[0]), seal.sealed(CANARIES[1] * 700))
    connection.execute(OLD_ENTRY, (*ids, 0, "queued", 0, None, None, None, None, *held))
    connection.close()
    store = OutboxStore.open(database, KEY, now=clock.now)
    store.discard(store.entries()[0].id, "other")
    assert found(database.parent) == set()
    store.close()
