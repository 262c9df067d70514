"""The audit in the queue's file: never changed, one chain for all programs, free of health data."""

import errno
import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from outbox_fakes import KEY, FakeClock, reading_id
from sqlcipher3 import dbapi2

from ohx_desktop.audit.chain import Break, Broken, verify
from ohx_desktop.audit.events import Event, Outcome
from ohx_desktop.audit.line import links_in
from ohx_desktop.domain.errors import StoreEnvironment, UsageError
from ohx_desktop.outbox import audit_archive
from ohx_desktop.outbox.audit_archive import archive, require_whole, verify_file
from ohx_desktop.outbox.audit_log import AuditBroken, AuditLog, Place
from ohx_desktop.outbox.audit_pending import pending_file, put_off
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.storage.database import Connection, connect

HERE = Place(installation=uuid4(), station="Room 3")


@pytest.fixture
def audit(store: OutboxStore) -> AuditLog:
    return store.audit


def events(audit: AuditLog) -> list[str]:
    return [str(link.record.event) for link in audit.links()]


def note_some(audit: AuditLog, count: int) -> None:
    for n in range(count):
        audit.note(Event.SIGNED_IN, by=f"Practitioner/{n}")


# ── what is written ──────────────────────────────────────────────────────────────────────────


def test_a_note_tells_who_what_when_and_where(database: Path, clock: FakeClock) -> None:
    store = OutboxStore.open(database, KEY, now=clock.now, place=HERE)
    entry = uuid4()
    store.audit.note(
        Event.DISCARDED, by="Practitioner/12", entry=entry, reading=reading_id(1), detail="other"
    )
    (link,) = store.audit.links()
    record = link.record
    assert (record.event, record.who, record.detail) == ("discarded", "Practitioner/12", "other")
    assert (record.entry, record.reading) == (entry, reading_id(1))
    assert record.at == clock.now().timestamp() * 1000
    assert (record.installation, record.station) == (HERE.installation, "Room 3")
    store.close()


def test_a_patient_is_told_from_others_and_not_named(audit: AuditLog) -> None:
    for patient in ("Patient/4711", "Patient/4711", "Patient/4712"):
        audit.note(Event.PATIENT_IDENTIFIED, patient=patient)
    one, same, other = (link.record.patient for link in audit.links())
    assert one == same != other
    assert all(
        b"Patient" not in link.content and b"471" not in link.content for link in audit.links()
    )


def test_the_digest_of_a_patient_says_nothing_in_another_file(tmp_path: Path) -> None:
    stores = [OutboxStore.open(tmp_path / name, KEY) for name in ("a.db", "b.db")]
    digests = {store.audit.patient_digest("Patient/4711") for store in stores}
    origins = {store.audit.origin() for store in stores}
    assert len(digests) == len(origins) == len(stores)
    for store in stores:
        store.close()


def test_the_chain_goes_on_where_it_ended(opened: Callable[[], OutboxStore]) -> None:
    first = opened()
    note_some(first.audit, 2)
    second = opened()
    note_some(second.audit, 2)
    note_some(first.audit, 1)
    report = second.audit.verify()
    assert (report.checked, report.broken, report.head) == (5, None, first.audit.head())


def test_more_records_than_are_read_at_once_are_all_there(audit: AuditLog) -> None:
    with audit.changing():
        for _ in range(1201):
            audit.add(Event.SENT)
    assert [link.seq for link in audit.links()] == list(range(1, 1202))
    assert audit.verify().checked == 1201
    assert [link.seq for link in audit.links(after=1200)] == [1201]


def test_who_is_not_named_is_the_account_where_a_person_acts(
    database: Path, clock: FakeClock
) -> None:
    account = replace(HERE, account="local:desk")
    store = OutboxStore.open(database, KEY, now=clock.now, place=account)
    for event in (Event.RETRIED, Event.VERIFIED, Event.AUDIT_EXPORTED):
        store.audit.note(event)
    store.audit.note(Event.RETRIED, by="Practitioner/12")
    told = [link.record.who for link in store.audit.links()]
    assert told == ["local:desk", None, "local:desk", "Practitioner/12"]
    store.close()


# ── with the change, or not at all ───────────────────────────────────────────────────────────


def test_a_record_goes_with_the_change_that_is_rolled_back(audit: AuditLog) -> None:
    note_some(audit, 1)
    head = audit.head()
    with pytest.raises(RuntimeError), audit.changing():  # noqa: PT012 - what is inside fails
        audit.add(Event.SIGNED_OUT)
        raise RuntimeError
    assert audit.head() == head
    audit.note(Event.SIGNED_OUT)
    assert audit.verify().broken is None


def test_what_is_no_record_is_refused_and_nothing_is_written(audit: AuditLog) -> None:
    with pytest.raises(ValueError, match="code"):
        audit.note(Event.DISCARDED, detail="128/82 mmHg")
    assert events(audit) == []


# ── the engine's promise ─────────────────────────────────────────────────────────────────────

_TOUCH = [
    "UPDATE audit SET content = x'00' WHERE seq = 2",
    "UPDATE audit SET seq = 9 WHERE seq = 3",
    "UPDATE OR REPLACE audit SET seq = 2 WHERE seq = 3",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE seq = 1",
    "DELETE FROM audit WHERE seq = 3",
    "INSERT INTO audit SELECT 5, content, digest FROM audit WHERE seq = 3",
    "INSERT INTO audit SELECT 0, content, digest FROM audit WHERE seq = 3",
    "INSERT OR REPLACE INTO audit SELECT 2, content, digest FROM audit WHERE seq = 3",
    "REPLACE INTO audit SELECT 3, content, digest FROM audit WHERE seq = 1",
    "INSERT INTO audit SELECT 4, content, x'00' FROM audit WHERE seq = 3",
    "DELETE FROM audit_origin",
    "INSERT INTO audit_origin VALUES (2, 1, x'00')",
    "REPLACE INTO audit_origin VALUES (1, 1, x'00')",
    "UPDATE audit_origin SET seq = 2",
    "UPDATE audit_origin SET digest = x'00'",
    "UPDATE audit_origin SET seq = 3, digest = (SELECT digest FROM audit WHERE seq = 3)",
    "UPDATE audit_origin SET one = 2",
]


@pytest.mark.parametrize("statement", _TOUCH)
def test_the_engine_refuses_to_touch_what_was_written(
    audit: AuditLog, database: Path, statement: str
) -> None:
    note_some(audit, 3)
    before = audit.origin(), list(audit.links())
    other = connect(database, KEY)
    with pytest.raises(dbapi2.IntegrityError):
        other.execute(statement)
    other.close()
    assert (audit.origin(), list(audit.links())) == before


def _forged(database: Path, *statements: str) -> None:
    """Do what somebody does who has the key and knows how."""
    connection: Connection = connect(database, KEY)
    triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET content = x'00' WHERE seq = 2", Broken(Break.CHANGED, 2)),
        ("DELETE FROM audit WHERE seq = 2", Broken(Break.MISSING, 3)),
        ("DELETE FROM audit WHERE seq = 1", Broken(Break.MISSING, 2)),
        ("UPDATE audit_origin SET digest = randomblob(32)", Broken(Break.CHANGED, 1)),
    ],
)
def test_who_gets_past_the_engine_is_found_by_the_chain(
    audit: AuditLog, database: Path, statement: str, broken: Broken
) -> None:
    note_some(audit, 3)
    _forged(database, statement)
    report = audit.verify()
    assert report.broken == broken
    with pytest.raises(AuditBroken, match=f"record {broken.seq}"):
        require_whole(report)


def test_an_end_that_was_cut_off_is_told_by_a_head_noted_elsewhere(
    audit: AuditLog, database: Path
) -> None:
    note_some(audit, 3)
    noted = audit.head()
    _forged(database, "DELETE FROM audit WHERE seq = 3")
    assert audit.verify().broken is None
    report = audit.verify([noted.digest])
    assert report.broken == Broken(Break.HEAD_UNKNOWN, None)
    with pytest.raises(AuditBroken, match="head that was noted"):
        require_whole(report)


# ── many at once ─────────────────────────────────────────────────────────────────────────────

EACH = 60


def _append(path: str, who: int) -> None:
    store = OutboxStore.open(Path(path), KEY)
    note_some_as(store.audit, who)
    store.close()


def note_some_as(audit: AuditLog, who: int) -> None:
    for _ in range(EACH):
        audit.note(Event.SIGNED_IN, by=f"Practitioner/{who}")


def test_two_programs_that_write_at_once_continue_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    OutboxStore.open(path, KEY).close()
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(str(path), who)) for who in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    store = OutboxStore.open(path, KEY)
    report = store.audit.verify()
    assert (report.checked, report.broken) == (2 * EACH, None)
    store.close()


# ── archives ─────────────────────────────────────────────────────────────────────────────────


def _aged(audit: AuditLog, clock: FakeClock) -> None:
    note_some(audit, 3)
    clock.set_wall_clock(timedelta(days=400))
    note_some(audit, 2)


def test_old_records_move_to_a_file_and_both_parts_hold(
    audit: AuditLog, clock: FakeClock, tmp_path: Path
) -> None:
    _aged(audit, clock)
    kept, noted = list(audit.links()), audit.head()
    file = tmp_path / "old.ndjson"
    before = clock.now() - timedelta(days=30)
    assert archive(audit, file, before=before) == 3
    assert [link.seq for link in audit.links()] == [4, 5, 6]
    assert events(audit)[-1] == "audit-archived"
    report = audit.verify([noted.digest])
    assert (report.checked, report.broken) == (3, None)
    assert audit.origin() == kept[2].anchor
    with file.open(encoding="utf-8") as lines:
        origin, links = links_in(lines)
        moved = list(links)
    assert moved == kept[:3]
    # Put together again, it is the chain that it was.
    assert verify([*moved, *audit.links()], origin).broken is None
    assert verify_file(file, [moved[1].digest]).broken is None
    assert file.stat().st_mode & 0o077 == 0


def test_archives_follow_one_another(audit: AuditLog, clock: FakeClock, tmp_path: Path) -> None:
    _aged(audit, clock)
    archive(audit, tmp_path / "1", before=clock.now() - timedelta(days=1))
    clock.set_wall_clock(timedelta(days=400))
    assert archive(audit, tmp_path / "2", before=clock.now()) == 3
    assert events(audit) == ["audit-archived"]
    with (tmp_path / "2").open(encoding="utf-8") as lines:
        assert links_in(lines)[0] == verify_file(tmp_path / "1").head
    assert verify_file(tmp_path / "2").head == audit.origin()
    assert audit.verify().broken is None


def test_where_nothing_is_old_nothing_is_archived(
    audit: AuditLog, clock: FakeClock, tmp_path: Path
) -> None:
    note_some(audit, 2)
    assert archive(audit, tmp_path / "x", before=clock.now()) == 0
    assert not (tmp_path / "x").exists()
    assert len(events(audit)) == 2


def test_a_broken_chain_is_not_archived(
    audit: AuditLog, database: Path, clock: FakeClock, tmp_path: Path
) -> None:
    _aged(audit, clock)
    _forged(database, "UPDATE audit SET content = x'00' WHERE seq = 2")
    with pytest.raises(AuditBroken):
        archive(audit, tmp_path / "x", before=clock.now())
    assert not (tmp_path / "x").exists()


def test_an_archive_replaces_no_file(audit: AuditLog, clock: FakeClock, tmp_path: Path) -> None:
    _aged(audit, clock)
    (tmp_path / "x").write_text("mine")
    with pytest.raises(UsageError):
        archive(audit, tmp_path / "x", before=clock.now())
    assert (tmp_path / "x").read_text() == "mine"
    assert audit.verify().checked == 5


def test_a_full_disk_leaves_the_audit_whole_and_no_half_archive(
    audit: AuditLog, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _aged(audit, clock)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(StoreEnvironment, match="No space left"):
            archive(audit, tmp_path / "x", before=clock.now())
    assert not (tmp_path / "x").exists()
    with pytest.raises(StoreEnvironment, match="cannot be written"):
        archive(audit, tmp_path / "no" / "folder", before=clock.now())
    assert audit.verify().checked == 5


def test_an_archive_that_was_not_written_as_it_is_here_takes_nothing_out(
    audit: AuditLog, clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _aged(audit, clock)
    # The disk's doing: a line is on it otherwise than it was written.
    written = audit_archive.lines_of

    def bent(*told: Any) -> list[str]:
        return [line.replace("signed-in", "signed-out") for line in written(*told)]

    monkeypatch.setattr(audit_archive, "lines_of", bent)
    with pytest.raises(StoreEnvironment, match="read back"):
        archive(audit, tmp_path / "x", before=clock.now())
    assert audit.verify().checked == 5


# ── notes that were put off ──────────────────────────────────────────────────────────────────


NO_RECORD = {"at": 0, "event": "signed-in", "by": "Ada Lovelace", "subject": None}


def put_one_off(database: Path, clock: FakeClock, subject: str = "ehr.token") -> None:
    put_off(database, Event.SECRET_SET, at=clock.now(), by="local:admin", subject=subject)


def test_a_note_that_was_put_off_is_taken_in_with_its_time(
    database: Path, clock: FakeClock, opened: Callable[[], OutboxStore]
) -> None:
    at = clock.now().timestamp() * 1000
    put_one_off(database, clock)
    put_one_off(database, clock, "ehr.password")
    clock.set_wall_clock(timedelta(days=2))
    audit = opened().audit
    records = [link.record for link in audit.links()]
    assert [record.subject for record in records] == ["ehr.token", "ehr.password"]
    assert {(record.at, record.who, record.detail) for record in records} == {
        (at, "local:admin", "noted-later")
    }
    assert not pending_file(database).exists()
    assert len(events(opened().audit)) == 2


def test_a_note_that_was_cut_off_takes_no_other_along_and_is_told(
    database: Path, clock: FakeClock, opened: Callable[[], OutboxStore]
) -> None:
    put_one_off(database, clock)
    with pending_file(database).open("ab") as file:
        file.write(b'{"at": 17')
    put_one_off(database, clock)
    with pending_file(database).open("ab") as file:
        file.write(json.dumps(NO_RECORD).encode())
    audit = opened().audit
    assert events(audit) == ["secret-set", "note-lost", "secret-set", "note-lost"]
    assert [link.record.outcome for link in audit.links()][1] is Outcome.FAILURE


def test_a_note_put_off_is_private(database: Path, clock: FakeClock) -> None:
    put_one_off(database, clock)
    assert pending_file(database).stat().st_mode & 0o077 == 0
