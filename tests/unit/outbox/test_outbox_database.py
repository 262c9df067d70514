"""The file of the queue: private, durable, and honest about whose fault a failure is."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from outbox_fakes import KEY, content

from ohx_desktop.domain.errors import StoreDamaged, StoreEnvironment, StoreTooNew
from ohx_desktop.outbox.schema import MIGRATIONS, migrate
from ohx_desktop.outbox.store import OutboxStore
from ohx_desktop.storage import database as storage_database
from ohx_desktop.storage.database import connect, opening_lock, pragma
from ohx_desktop.storage.migrating import Version

HERE = Path(__file__).parent
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and limits")


def in_child(script: str, *arguments: object, **options: object) -> str:
    """Run a script in a process of its own and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run(  # type: ignore[call-overload] # the options are those of one test
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_commits_are_durable_and_erasures_real(store: OutboxStore) -> None:
    found = {
        name: pragma(store._connection, name)
        for name in ("journal_mode", "synchronous", "fullfsync", "secure_delete", "temp_store")
    }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "secure_delete": 1,
        "temp_store": 2,
    }
    assert pragma(store._connection, "checkpoint_fullfsync") == 1


@posix
def test_every_file_is_private_whatever_the_umask(database: Path) -> None:
    old = os.umask(0)
    try:
        store = OutboxStore.open(database, KEY)
        store.enqueue(**content(1))
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in database.parent.iterdir()}
        folder = stat.S_IMODE(database.parent.stat().st_mode)
        store.close()
    finally:
        os.umask(old)
    assert modes == {
        "outbox.db": 0o600,
        "outbox.db-wal": 0o600,
        "outbox.db-shm": 0o600,
        "outbox.db.lock": 0o600,
        "outbox.db.salt": 0o600,
    }
    assert folder == 0o700


@posix
def test_a_file_that_others_can_read_is_made_private(database: Path, store: OutboxStore) -> None:
    database.chmod(0o644)
    OutboxStore.open(database, KEY).close()
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def test_another_key_opens_nothing(
    store: OutboxStore, database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    entry = store.enqueue(**content(1))
    wrong = bytes(32)
    with pytest.raises(StoreDamaged) as caught:
        OutboxStore.open(database, wrong)
    texts = f"{caught.value} {caught.value.__cause__!r} {capfd.readouterr()}"
    assert wrong.hex() not in texts
    assert KEY.hex() not in texts
    assert "hmac" not in texts
    assert store.entries() == [entry]


@pytest.mark.parametrize("garbage", [b"SQLite format 3\0" + bytes(8176), os.urandom(8192)])
def test_a_foreign_file_is_not_touched(database: Path, garbage: bytes) -> None:
    database.parent.mkdir()
    database.write_bytes(garbage)
    with pytest.raises(StoreDamaged):
        OutboxStore.open(database, KEY)
    assert database.read_bytes() == garbage


def test_a_file_of_another_program_is_refused(database: Path) -> None:
    connection = connect(database, KEY)
    connection.execute("PRAGMA application_id = 1")
    connection.close()
    with pytest.raises(StoreDamaged, match="not a queue of this program"):
        OutboxStore.open(database, KEY)


def test_a_broken_page_never_becomes_a_wrong_reading(
    store: OutboxStore, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_database, "LOOK_AGAIN_S", 0.0)
    for number in range(6):
        store.enqueue(**{**content(number), "bundle": b"7" * 9000})
    store.close()
    whole = database.read_bytes()
    outcomes = set()
    for page in range(len(whole) // 4096):
        broken = bytearray(whole)
        broken[page * 4096 + 100] ^= 1
        database.write_bytes(broken)
        outcomes.add(read_all(database))
    assert outcomes == {"damaged"}


def read_all(database: Path) -> str:
    try:
        store = OutboxStore.open(database, KEY)
    except StoreDamaged:
        return "damaged"
    try:
        held = [store.held(entry.id) for entry in store.entries()]
        return "right" if all(h and h.bundle == b"7" * 9000 for h in held) else "wrong"
    except StoreDamaged:
        return "damaged"
    finally:
        store._connection.close()


def test_a_newer_file_is_left_untouched(store: OutboxStore, database: Path) -> None:
    newer = max(MIGRATIONS).major + 1
    store._connection.execute(f"PRAGMA user_version = {Version(newer, 3).packed}")
    store.close()
    before = database.read_bytes()
    with pytest.raises(StoreTooNew, match=rf"version {newer}\.3"):
        OutboxStore.open(database, KEY)
    assert database.read_bytes() == before


def test_a_newer_minor_version_can_be_used(store: OutboxStore, database: Path) -> None:
    newest = max(MIGRATIONS)
    later = Version(newest.major, newest.minor + 1)
    store._connection.execute(f"PRAGMA user_version = {later.packed}")
    again = OutboxStore.open(database, KEY)
    again.enqueue(**content(1))
    assert Version.of(again._connection) == later
    again.close()


def test_a_migration_happens_whole_or_not_at_all(store: OutboxStore) -> None:
    connection = store._connection
    before = Version.of(connection)
    broken = {
        **MIGRATIONS,
        Version(9, 0): ("CREATE TABLE added (a INTEGER) STRICT",),
        Version(9, 1): ("CREATE TABLE half (a INTEGER) STRICT", "CREATE NONSENSE"),
    }
    with pytest.raises(Exception, match="syntax error"):
        migrate(connection, broken)
    assert before < Version.of(connection) == Version(9, 0)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "added" in tables
    assert "half" not in tables


def test_two_programs_may_create_the_queue_at_once(database: Path) -> None:
    script = """
import sys
from pathlib import Path
from outbox_fakes import KEY, content
from ohx_desktop.outbox.store import OutboxStore
store = OutboxStore.open(Path(sys.argv[1]), KEY)
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 20):
    store.enqueue(**content(number))
store.close()
"""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(database), str(start)], env=environment)
        for start in (0, 100, 200)
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    store = OutboxStore.open(database, KEY)
    assert len(store.entries()) == 60
    store.close()


def test_a_queue_that_stays_locked_is_told(
    store: OutboxStore, opened: object, database: Path
) -> None:
    other = connect(database, KEY)
    other.execute("PRAGMA busy_timeout = 1")
    store._connection.execute("PRAGMA busy_timeout = 1")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreEnvironment, match="locked by another program") as caught:
        store.enqueue(**content(1))
    assert caught.value.meaning == "the reading was NOT saved"
    other.close()
    store.enqueue(**content(1))


def test_a_full_database_takes_nothing_and_keeps_what_it_has(store: OutboxStore) -> None:
    kept = store.enqueue(**content(1))
    pages = pragma(store._connection, "page_count")
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    big = {**content(2), "bundle": bytes(100_000)}
    with pytest.raises(StoreEnvironment, match="disk is full") as caught:
        store.enqueue(**big)
    assert caught.value.meaning == "the reading was NOT saved"
    assert store.entries() == [kept]
    store._connection.execute("PRAGMA max_page_count = 100000")
    store.enqueue(**big)


@posix
def test_a_disk_that_fills_up_in_the_middle_of_a_write_loses_nothing(database: Path) -> None:
    script = """
import sys
from pathlib import Path
import resource, signal
from outbox_fakes import KEY, content
from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.outbox.store import OutboxStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = OutboxStore.open(Path(sys.argv[1]), KEY)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
saved = 0
try:
    while saved < 1000:
        store.enqueue(**{**content(saved), "bundle": bytes(3000)})
        saved += 1
except StoreEnvironment as error:
    print(saved, len(store.entries()), error.meaning, sep="|")
"""
    saved, listed, meaning = in_child(script, database).strip().split("|")
    assert 0 < int(saved) < 1000
    assert saved == listed
    assert meaning == "the reading was NOT saved"
    store = OutboxStore.open(database, KEY)
    assert len(store.entries()) == int(saved)
    store.enqueue(**content(5000))
    store.close()


def test_a_queue_that_becomes_read_only_is_told(store: OutboxStore) -> None:
    kept = store.enqueue(**content(1))
    store._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreEnvironment, match="read-only") as caught:
        store.enqueue(**content(2))
    assert caught.value.meaning == "the reading was NOT saved"
    store._connection.execute("PRAGMA query_only = OFF")
    assert store.entries() == [kept]


@posix
@pytest.mark.parametrize(("folder", "file"), [(0o500, 0o400), (0o700, 0o400)])
def test_a_file_that_may_not_be_written_is_told(database: Path, folder: int, file: int) -> None:
    script = """
import os, sys
from pathlib import Path
from outbox_fakes import KEY, content
from ohx_desktop.domain.errors import StoreEnvironment
from ohx_desktop.outbox.store import OutboxStore
path = Path(sys.argv[1])
OutboxStore.open(path, KEY).close()
path.chmod(int(sys.argv[3]))
path.parent.chmod(int(sys.argv[2]))
if os.getuid() == 0:  # whom permissions do not stop
    for one in (path.parent, *path.parent.iterdir()):
        os.chown(one, 65534, 65534)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    OutboxStore.open(path, KEY).enqueue(**content(1))
except StoreEnvironment as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        said = in_child(script, Path(public) / "profile" / "outbox.db", folder, file)
    assert said.startswith("the queue's file")
    assert "read-only" in said or "Permission denied" in said


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreEnvironment, match="cannot be used"):
        OutboxStore.open(tmp_path / "file" / "outbox.db", KEY)


def test_a_key_of_another_length_is_a_bug(database: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        connect(database, b"short")


def test_the_opening_lock_is_given_back(database: Path) -> None:
    with pytest.raises(RuntimeError, match="inside"), opening_lock(database):
        raise RuntimeError("inside")
    with opening_lock(database):
        pass
